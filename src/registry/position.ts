import type { RawRow } from "./raw-rows.ts";
import type { FlawKind } from "./split-row.ts";

const LF = 0x0a;

/** 1-based; columns count characters (code points), a byte order mark excluded. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where a byte of a row stands in the file: a quoted cell may have moved it to a later line than the row's. */
export function positionOf(row: RawRow, offset: number): Position {
  let line = row.line;
  let line_start = row.start;
  for (
    let at = row.bytes.indexOf(LF, row.start);
    at >= 0 && at < offset;
    at = row.bytes.indexOf(LF, at + 1)
  ) {
    line++;
    line_start = at + 1;
  }
  let column = 1;
  for (let at = line_start; at < offset; at++) {
    // Every byte of UTF-8 starts a character, except those of the form 10xxxxxx.
    if (((row.bytes[at] ?? 0) & 0xc0) !== 0x80) column++;
  }
  return { line, column };
}

/** Start of cell `index`, or the end of a row that has fewer cells. */
export function cellPosition(row: RawRow, index: number): Position {
  return positionOf(row, index < row.cell_count ? row.cellStart(index) : row.content_end);
}

export const FLAW_TEXT: Record<FlawKind, string> = {
  stray_quote: "a quote inside a cell that does not start with one, or text after a closing quote",
  open_quote: "a quote that is never closed",
  bare_carriage_return: "a carriage return without a line feed",
  nul: "a NUL byte",
  encoding: "bytes that are not UTF-8",
  too_long: "a row longer than 1 MiB",
  too_many_cells: "more cells than the header has columns",
};
