/** Lines of a ledger file with the bytes they lie at. */
import type { FileSystem, ReadHandle } from "../effects/index.ts";

const WINDOW_BYTES = 4 << 20;
/** Far above what the format allows; what follows a longer line is left to `pkg ledger verify`. */
const LINE_BYTES_MAX = 64 << 20;
const NEWLINE = 0x0a;

/** Complete lines from `offset` on, oldest first; bytes after the last newline are unacknowledged and not looked at. */
export function* linesFrom(
  fs: Pick<FileSystem, "openRead">,
  path: string,
  offset: number,
): Generator<{ readonly offset: number; readonly bytes: Buffer }, void, void> {
  const handle = fs.openRead(path);
  try {
    let buffer = Buffer.allocUnsafe(WINDOW_BYTES);
    let filled = 0;
    for (let base = offset; ; ) {
      const count = handle.read(buffer.subarray(filled), base + filled);
      if (count === 0) return;
      filled += count;
      let start = 0;
      for (
        let end = buffer.indexOf(NEWLINE, start);
        end >= 0 && end < filled;
        end = buffer.indexOf(NEWLINE, start)
      ) {
        yield { offset: base + start, bytes: buffer.subarray(start, end) };
        start = end + 1;
      }
      base += start;
      buffer.copyWithin(0, start, filled);
      filled -= start;
      if (filled > LINE_BYTES_MAX) return;
      if (filled > buffer.length / 2) buffer = Buffer.concat([buffer], buffer.length * 2);
    }
  } finally {
    handle.close();
  }
}

/** Whether a line begins at this byte and holds a text, or any where none is given. */
export function isLineAt(handle: ReadHandle, offset: number, text: string | undefined): boolean {
  const before = Buffer.allocUnsafe(1);
  if (offset > 0 && (handle.read(before, offset - 1) === 0 || before[0] !== NEWLINE)) return false;
  return text === undefined || lineAt(handle, offset)?.includes(text) === true;
}

/** The lines that start at these bytes, one for each; undefined where no complete line does. */
export function linesAt(
  fs: Pick<FileSystem, "openRead">,
  path: string,
  offsets: readonly number[],
): (string | undefined)[] {
  if (offsets.length === 0) return [];
  const handle = fs.openRead(path);
  try {
    return offsets.map((offset) => lineAt(handle, offset));
  } finally {
    handle.close();
  }
}

function lineAt(handle: ReadHandle, offset: number): string | undefined {
  let buffer = Buffer.allocUnsafe(1 << 12);
  for (let filled = 0; ; ) {
    const count = handle.read(buffer.subarray(filled), offset + filled);
    filled += count;
    const end = buffer.subarray(0, filled).indexOf(NEWLINE);
    if (end >= 0) return buffer.toString("utf8", 0, end);
    if (count === 0 || filled > LINE_BYTES_MAX) return undefined;
    if (filled === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 4);
  }
}
