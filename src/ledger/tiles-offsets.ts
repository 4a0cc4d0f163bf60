/**
 * Where every 256th line of a stream begins: 8 bytes each, big-endian. With it an entry is found by its number without
 * reading the lines before. A cache: what is found is held against its tile before it is used.
 */
import type { FileSystem } from "../effects/index.ts";
import { TILE_WIDTH } from "../tlog/index.ts";

const OFFSET_BYTES = 8;

/** How many offsets a tree of this size has. */
export const offsetsCount = (size: number): number => Math.ceil(size / TILE_WIDTH);

/** True when the file has exactly the offsets of a tree of this size. */
export const hasOffsets = (fs: FileSystem, path: string, size: number): boolean =>
  (fs.stat(path)?.size_bytes ?? 0) >= offsetsCount(size) * OFFSET_BYTES;

/** Keeps the first `kept` offsets and adds others. */
export function addOffsets(fs: FileSystem, path: string, kept: number, added: readonly number[]): void {
  const handle = fs.openWrite(path, { mode: 0o644, how: "append" });
  try {
    handle.truncate(kept * OFFSET_BYTES);
    if (added.length > 0) handle.write(bytesOf(added));
  } finally {
    handle.close();
  }
}

function bytesOf(offsets: readonly number[]): Buffer {
  const bytes = Buffer.alloc(offsets.length * OFFSET_BYTES);
  for (const [i, offset] of offsets.entries()) bytes.writeBigUInt64BE(BigInt(offset), i * OFFSET_BYTES);
  return bytes;
}

/** The offset of the line with number `tile * 256`; undefined when it is not known. */
export function readOffset(fs: FileSystem, path: string, tile: number): number | undefined {
  if (fs.stat(path)?.kind !== "file") return undefined;
  const handle = fs.openRead(path);
  try {
    const bytes = Buffer.alloc(OFFSET_BYTES);
    if (handle.read(bytes, tile * OFFSET_BYTES) !== OFFSET_BYTES) return undefined;
    const offset = Number(bytes.readBigUInt64BE());
    return Number.isSafeInteger(offset) ? offset : undefined;
  } finally {
    handle.close();
  }
}
