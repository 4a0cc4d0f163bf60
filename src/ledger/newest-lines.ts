/** Reading a stream from its end, a chunk at a time, so that the newest entries cost the same in any ledger. */
import type { ReadHandle } from "../effects/index.ts";

const CHUNK_BYTES = 1 << 16;
const NEWLINE = 0x0a;

export interface LineSpan {
  readonly bytes: Buffer;
  /** Byte position of its first byte. */
  readonly start: number;
}

/** Byte position after the last newline before `end`; 0 when there is none. */
export function lastNewlineEnd(handle: ReadHandle, end: number): number {
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(end, 1)));
  let upper = end;
  while (upper > 0) {
    const lower = Math.max(0, upper - chunk.length);
    const piece = readExactly(handle, chunk.subarray(0, upper - lower), lower);
    const found = piece.lastIndexOf(NEWLINE);
    if (found >= 0) return lower + found + 1;
    upper = lower;
  }
  return 0;
}

/** Complete lines before `end`, newest first. `end` must stand just after a newline. Each file byte is read once. */
export function* linesBackwards(handle: ReadHandle, end: number): Generator<LineSpan> {
  // `window` holds the bytes from `base` up to and including the newline of the line to yield next.
  let base = end;
  let window: Buffer = Buffer.alloc(0);
  while (base > 0 || window.length > 0) {
    const newline = window.length < 2 ? -1 : window.lastIndexOf(NEWLINE, window.length - 2);
    if (newline < 0 && base > 0) {
      const lower = Math.max(0, base - Math.max(CHUNK_BYTES, window.length));
      const chunk = readExactly(handle, Buffer.allocUnsafe(base - lower), lower);
      window = window.length === 0 ? chunk : Buffer.concat([chunk, window]);
      base = lower;
      continue;
    }
    yield { bytes: window.subarray(newline + 1, window.length - 1), start: base + newline + 1 };
    window = window.subarray(0, newline + 1);
  }
}

/** Newlines in the bytes from `start` to `end`. */
export function countNewlines(handle: ReadHandle, start: number, end: number): number {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let count = 0;
  for (let at = start; at < end; at += chunk.length) {
    const piece = readExactly(handle, chunk.subarray(0, Math.min(chunk.length, end - at)), at);
    for (let found = piece.indexOf(NEWLINE); found >= 0; found = piece.indexOf(NEWLINE, found + 1)) count++;
  }
  return count;
}

/** Fills the buffer. The caller stays below the file's size, so a short read means the file shrank meanwhile. */
function readExactly<B extends Uint8Array>(handle: ReadHandle, buffer: B, position: number): B {
  let filled = 0;
  while (filled < buffer.length) {
    const count = handle.read(buffer.subarray(filled), position + filled);
    if (count === 0) throw Object.assign(new Error("the file shrank while it was read"), { code: "EIO" });
    filled += count;
  }
  return buffer;
}
