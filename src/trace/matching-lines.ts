/** Lines of a ledger stream that hold a text, found by bytes: lines without it are never turned into text or parsed. */
import type { FileSystem } from "../effects/index.ts";

const CHUNK_BYTES = 1 << 20;
/** A line beyond this is damage that `pkg ledger verify` reports; what follows it is not searched. */
const LINE_BYTES_MAX = 64 << 20;
const NEWLINE = 0x0a;

export interface MatchingLine {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** Complete lines from first to last; bytes after the last newline are unacknowledged and not looked at. */
export function* matchingLines(
  fs: FileSystem,
  path: string,
  text: string,
): Generator<MatchingLine, void, void> {
  const needle = Buffer.from(text);
  for (const { bytes, first_line } of wholeLines(fs, path)) yield* within(bytes, first_line, needle);
}

/** Pieces of the file that end with a newline; each is valid until the next one is asked for. */
export function* wholeLines(
  fs: FileSystem,
  path: string,
): Generator<{ bytes: Buffer; first_line: number }, void, void> {
  const handle = fs.openRead(path);
  try {
    let buffer: Buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let filled = 0;
    let first_line = 1;
    for (;;) {
      const count = handle.read(buffer.subarray(filled));
      if (count === 0) return;
      filled += count;
      const end = buffer.subarray(0, filled).lastIndexOf(NEWLINE) + 1;
      if (end > 0) {
        const bytes = buffer.subarray(0, end);
        yield { bytes, first_line };
        first_line += countNewlines(bytes, 0, end);
        buffer.copyWithin(0, end, filled);
        filled -= end;
      }
      if (filled > LINE_BYTES_MAX) return;
      if (filled > buffer.length / 2) buffer = Buffer.concat([buffer], buffer.length * 2);
    }
  } finally {
    handle.close();
  }
}

function* within(bytes: Buffer, first_line: number, needle: Buffer): Generator<MatchingLine, void, void> {
  let line = first_line;
  let counted = 0;
  let found = bytes.indexOf(needle);
  while (found >= 0) {
    const start = bytes.lastIndexOf(NEWLINE, found) + 1;
    const end = bytes.indexOf(NEWLINE, found);
    line += countNewlines(bytes, counted, start);
    yield { line, text: bytes.toString("utf8", start, end) };
    counted = start;
    found = bytes.indexOf(needle, end);
  }
}

function countNewlines(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE, start); at >= 0 && at < end; at = bytes.indexOf(NEWLINE, at + 1))
    count++;
  return count;
}
