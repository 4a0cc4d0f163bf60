/** The entries of the log: the bytes of complete lines, without their newline, from any line's start. */
import type { FileSystem } from "../effects/index.ts";
import { STORED_LINE_BYTES_MAX } from "./line-form.ts";

const CHUNK_BYTES = 1 << 18;
const NEWLINE = 0x0a;

export interface LeafLine {
  /** Valid until the next one is asked for. */
  readonly bytes: Buffer;
  /** Byte position after the newline. */
  readonly end: number;
}

/** A line no writer of ours makes: the tree ends before it. */
export class LineTooLong extends Error {}

/** @throws Node's own error when the file cannot be read; LineTooLong */
export function* leafLines(
  fs: Pick<FileSystem, "openRead">,
  path: string,
  start: number,
): Generator<LeafLine> {
  const handle = fs.openRead(path);
  try {
    let buffer: Buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let filled = 0;
    // File position of the buffer's first byte.
    let base = start;
    for (;;) {
      const count = handle.read(buffer.subarray(filled), base + filled);
      if (count === 0) return;
      let searched = filled;
      let first = 0;
      filled += count;
      for (;;) {
        const newline = buffer.subarray(0, filled).indexOf(NEWLINE, searched);
        if (newline < 0) break;
        yield { bytes: buffer.subarray(first, newline), end: base + newline + 1 };
        first = newline + 1;
        searched = first;
      }
      buffer.copyWithin(0, first, filled);
      base += first;
      filled -= first;
      if (filled > STORED_LINE_BYTES_MAX) throw new LineTooLong();
      if (filled > buffer.length / 2) buffer = Buffer.concat([buffer], buffer.length * 2);
    }
  } finally {
    handle.close();
  }
}
