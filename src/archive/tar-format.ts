/**
 * The ustar header (POSIX.1-1988, pax(1)): 512 bytes of fixed fields, then the content padded to 512.
 * Offsets and lengths in bytes.
 */
export const RECORD_BYTES = 512;

export interface Field {
  readonly name: string;
  readonly at: number;
  readonly length: number;
}
const field = (name: string, at: number, length: number): Field => ({ name, at, length });

export const FIELDS = {
  name: field("name", 0, 100),
  mode: field("mode", 100, 8),
  uid: field("uid", 108, 8),
  gid: field("gid", 116, 8),
  size: field("size", 124, 12),
  mtime: field("mtime", 136, 12),
  checksum: field("checksum", 148, 8),
  linkname: field("linkname", 157, 100),
  uname: field("uname", 265, 32),
  gname: field("gname", 297, 32),
  devmajor: field("devmajor", 329, 8),
  devminor: field("devminor", 337, 8),
  prefix: field("prefix", 345, 155),
} as const;
export const TYPE_AT = 156;
export const MAGIC_AT = 257;
/** Magic and version of ustar and pax archives. */
export const USTAR_MAGIC = "ustar\u000000";
/** Magic and version of GNU tar's own format; its prefix area holds other things. */
export const GNU_MAGIC = "ustar  \0";

export const paddedBytes = (size_bytes: number): number =>
  Math.ceil(size_bytes / RECORD_BYTES) * RECORD_BYTES;

/** Sum of all header bytes, the checksum field itself counted as spaces. */
export function headerSum(header: Uint8Array): number {
  let sum = 8 * 32;
  for (let i = 0; i < 148; i++) sum += header[i] ?? 0;
  for (let i = 156; i < RECORD_BYTES; i++) sum += header[i] ?? 0;
  return sum;
}

export function isZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}
