/**
 * The bytes of the stat cache: magic, HMAC over all that follows, counts, then columns. A key that lies outside the plane makes
 * the HMAC, so that whoever can write the plane still cannot make the check believe anything.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { STAMP_WIDTH } from "../effects/index.ts";

const MAGIC = Buffer.from("holdfast stat 1\n");
const HEADER_BYTES = 64;
const STAMP_BYTES = STAMP_WIDTH * 8;

export interface CacheColumns {
  /** Absolute paths in UTF-8, one after another, and where each ends. */
  readonly paths: Uint8Array;
  readonly ends: Uint32Array;
  readonly stamps: BigUint64Array;
  /** 32 bytes each; zeros where the path is no file that was read. */
  readonly digests: Uint8Array;
  /** JSON: the report of that check and what it depended on besides files. */
  readonly note: Uint8Array;
}

export function encodeCache({ paths, ends, stamps, digests, note }: CacheColumns, key: string): Buffer[] {
  const counts = Buffer.alloc(HEADER_BYTES - 48);
  counts.writeUInt32LE(ends.length, 0);
  counts.writeUInt32LE(paths.length, 4);
  counts.writeUInt32LE(note.length, 8);
  const body = [counts, bytesOf(stamps), digests, bytesOf(ends), paths, note].map((part) => bytesOf(part));
  return [MAGIC, seal(body, key), ...body];
}

/** Undefined for whatever was not written by `encodeCache` with this key, to the last byte. */
export function decodeCache(bytes: Buffer, key: string): CacheColumns | undefined {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, 16).equals(MAGIC)) return undefined;
  if (!timingSafeEqual(bytes.subarray(16, 48), seal([bytes.subarray(48)], key))) return undefined;
  const [count, paths_bytes, note_bytes] = [48, 52, 56].map((at) => bytes.readUInt32LE(at)) as [
    number,
    number,
    number,
  ];
  const sizes = [count * STAMP_BYTES, count * 32, count * 4, paths_bytes, note_bytes];
  if (bytes.length !== HEADER_BYTES + sizes.reduce((sum, size) => sum + size, 0)) return undefined;
  let at = HEADER_BYTES;
  // Copied, since a column must begin where its numbers can be read.
  const [stamps, digests, ends, paths, note] = sizes.map((size) =>
    bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + (at += size)),
  );
  return {
    stamps: new BigUint64Array(stamps as ArrayBuffer),
    digests: new Uint8Array(digests as ArrayBuffer),
    ends: new Uint32Array(ends as ArrayBuffer),
    paths: new Uint8Array(paths as ArrayBuffer),
    note: new Uint8Array(note as ArrayBuffer),
  };
}

const bytesOf = (part: Uint8Array | Uint32Array | BigUint64Array): Buffer =>
  Buffer.from(part.buffer, part.byteOffset, part.byteLength);

function seal(parts: readonly Uint8Array[], key: string): Buffer {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}
