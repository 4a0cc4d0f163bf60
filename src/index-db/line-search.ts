/** One line of a large text found by its bytes, without reading the others as text. */
import type { FileSystem } from "../effects/index.ts";

const WINDOW_BYTES = 4 << 20;
const NEWLINE = 0x0a;
const QUOTE = 0x22;

/** The first line with this beginning; undefined when there is none, or a quote stands before it that may hide line ends. */
export function lineStartingWith(
  fs: Pick<FileSystem, "openRead">,
  path: string,
  beginning: string,
): { readonly line: number; readonly header: string; readonly text: string } | undefined {
  const needle = Buffer.from(`\n${beginning}`);
  const handle = fs.openRead(path);
  try {
    const buffer = Buffer.allocUnsafe(WINDOW_BYTES);
    let header: string | undefined;
    for (let at = 0, line = 1; ; ) {
      const filled = handle.read(buffer, at);
      const bytes = buffer.subarray(0, filled);
      const last = bytes.lastIndexOf(NEWLINE);
      if (last <= 0 || bytes.includes(QUOTE)) return undefined;
      header ??= textOf(bytes, 0, bytes.indexOf(NEWLINE));
      const found = bytes.indexOf(needle);
      const end = found < 0 ? -1 : bytes.indexOf(NEWLINE, found + 1);
      if (end > 0)
        return { line: line + countNewlines(bytes, found + 1), header, text: textOf(bytes, found + 1, end) };
      line += countNewlines(bytes, last);
      // The last newline is read again: it may begin what is looked for.
      at += last;
    }
  } finally {
    handle.close();
  }
}

export interface FoundLine {
  readonly header: string;
  readonly text: string;
}

/** Every line that holds the text, in order; undefined where a quote may hide line ends. */
export function linesWith(
  fs: Pick<FileSystem, "openRead">,
  path: string,
  text: string,
): FoundLine[] | undefined {
  const needle = Buffer.from(text);
  const found: FoundLine[] = [];
  const handle = fs.openRead(path);
  try {
    const buffer = Buffer.allocUnsafe(WINDOW_BYTES);
    let header: string | undefined;
    for (let at = 0; ; ) {
      const filled = handle.read(buffer, at);
      if (filled === 0) return found;
      const last = buffer.subarray(0, filled).lastIndexOf(NEWLINE);
      // The last line may have no end.
      const bytes = buffer.subarray(0, last >= 0 ? last + 1 : filled);
      if (bytes.includes(QUOTE)) return undefined;
      const first = header === undefined ? bytes.indexOf(NEWLINE) + 1 : 0;
      header ??= textOf(bytes, 0, Math.max(0, first - 1));
      for (let hit = bytes.indexOf(needle, first); hit >= 0; ) {
        const end = bytes.indexOf(NEWLINE, hit);
        const limit = end < 0 ? bytes.length : end;
        found.push({ header, text: textOf(bytes, bytes.lastIndexOf(NEWLINE, hit) + 1, limit) });
        hit = bytes.indexOf(needle, limit);
      }
      at += bytes.length;
    }
  } finally {
    handle.close();
  }
}

const textOf = (bytes: Buffer, start: number, end: number): string =>
  bytes.toString("utf8", start, end).replace(/\r$/, "");

function countNewlines(bytes: Buffer, limit: number): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0 && at < limit; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}
