/** The gzip member (RFC 1952) around the deflate stream. */

/** Deflate, no flags, no time, no extra flags, operating system "unknown". */
export const CANONICAL_GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
export const GZIP_TRAILER_BYTES = 8;

/** CRC-32 of the content and its length modulo 2^32, both little-endian. */
export function gzipTrailer(crc: number, content_bytes: number): Buffer {
  const trailer = Buffer.alloc(GZIP_TRAILER_BYTES);
  trailer.writeUInt32LE(crc >>> 0, 0);
  trailer.writeUInt32LE(content_bytes % 2 ** 32, 4);
  return trailer;
}

/**
 * Length of a gzip header that starts `bytes`, or why there is none. Optional fields (name, comment, extra, header
 * checksum) are stepped over; reserved flags are refused (RFC 1952, 2.3.1.2).
 */
export function gzipHeaderLength(bytes: Uint8Array): number | "not_gzip" | "bad_header" {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return "not_gzip";
  const flags = bytes[3] ?? 0xff;
  if (bytes.length < 10 || bytes[2] !== 8 || (flags & 0xe0) !== 0) return "bad_header";
  let at = 10;
  if (flags & 4) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0);
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return "bad_header";
    at = end + 1;
  }
  if (flags & 2) at += 2;
  return at <= bytes.length ? at : "bad_header";
}
