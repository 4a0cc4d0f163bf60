/** Lines of a stream from first to last, in constant memory. Readers take no lock: a line counts from its newline. */
import type { FileSystem } from "../effects/index.ts";
import { STORED_LINE_BYTES_MAX } from "./line-form.ts";

const CHUNK_BYTES = 1 << 18;
const NEWLINE = 0x0a;

export interface StoredBytes {
  /** From 1. */
  readonly line: number;
  /** Without the newline; valid until the next one is asked for. Empty when `too_long`. */
  readonly bytes: Buffer;
  /** Byte position after the newline. */
  readonly end: number;
  /** False for bytes after the last newline: a writer died, or is writing. */
  readonly complete: boolean;
  readonly too_long: boolean;
}

/** @param from the byte at which the first line begins. @throws Node's own error when the file cannot be opened or read. */
export function* storedLines(
  fs: Pick<FileSystem, "openRead">,
  path: string,
  from = 0,
): Generator<StoredBytes> {
  const handle = fs.openRead(path);
  try {
    let buffer: Buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let filled = 0;
    let start = 0;
    let base = from;
    let line = 0;
    let dropped = 0;
    for (;;) {
      const count = handle.read(buffer.subarray(filled), base + filled);
      if (count === 0) break;
      let searched = filled;
      filled += count;
      for (;;) {
        const newline = buffer.subarray(0, filled).indexOf(NEWLINE, searched);
        if (newline < 0) break;
        line++;
        const too_long = dropped + newline - start > STORED_LINE_BYTES_MAX;
        const bytes = buffer.subarray(too_long ? newline : start, newline);
        yield { line, bytes, end: base + newline + 1, complete: true, too_long };
        dropped = 0;
        start = newline + 1;
        searched = start;
      }
      if (filled - start > STORED_LINE_BYTES_MAX) {
        dropped += filled - start;
        start = filled;
      }
      buffer.copyWithin(0, start, filled);
      base += start;
      filled -= start;
      start = 0;
      if (filled > buffer.length / 2) buffer = Buffer.concat([buffer], buffer.length * 2);
    }
    if (filled > 0 || dropped > 0) {
      const too_long = dropped + filled > STORED_LINE_BYTES_MAX;
      const bytes = buffer.subarray(0, too_long ? 0 : filled);
      yield { line: line + 1, bytes, end: base + filled, complete: false, too_long };
    }
  } finally {
    handle.close();
  }
}
