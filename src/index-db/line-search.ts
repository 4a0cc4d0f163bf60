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

const textOf = (bytes: Buffer, start: number, end: number): string =>
  bytes.toString("utf8", start, end).replace(/\r$/, "");

function countNewlines(bytes: Buffer, limit: number): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0 && at < limit; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}
