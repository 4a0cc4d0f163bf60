/** Cell text to bytes and back. Writing quotes only where the dialect needs it, as Python's csv module does. */
import type { RowSpans } from "./split-row.ts";

const QUOTE = 0x22;

/** Text of cell `index`; a row that ends early has empty cells there. */
export function decodeCell(bytes: Buffer, row: RowSpans, index: number): string {
  if (index >= row.cell_count) return "";
  const start = row.cellStart(index);
  const end = row.cellEnd(index);
  if (start === end) return "";
  const raw = bytes.toString("utf8", start, end);
  return bytes[start] === QUOTE ? unquote(raw) : raw;
}

/** All cells of a row, from one decoding: a call a cell would cost more than the text. */
export function decodeCells(bytes: Buffer, row: RowSpans): string[] {
  const text = bytes.toString("utf8", row.start, row.content_end);
  const is_ascii = text.length === row.content_end - row.start;
  const cells: string[] = [];
  let at = 0;
  for (let index = 0; index < row.cell_count; index++) {
    const start = row.cellStart(index);
    const end = row.cellEnd(index);
    const length = is_ascii ? end - start : textLength(bytes, start, end);
    const raw = text.slice(at, at + length);
    cells.push(bytes[start] === QUOTE && length > 0 ? unquote(raw) : raw);
    // The comma after the cell.
    at += length + 1;
  }
  return cells;
}

function unquote(raw: string): string {
  const inner = raw.slice(1, -1);
  return inner.includes('"') ? inner.replaceAll('""', '"') : inner;
}

/** Length as a JavaScript string of valid UTF-8: one unit for each first byte, two for a four-byte sequence. */
function textLength(bytes: Buffer, start: number, end: number): number {
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if ((byte & 0xc0) !== 0x80) length += byte >= 0xf0 ? 2 : 1;
  }
  return length;
}

export function encodeCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const FORMULA = /^[=+\-@]/;

/** Why a cell must not be written, or undefined. The same rule as the manifest's CellText, without its length. */
export function unsafeReason(text: string): string | undefined {
  if (CONTROL.test(text)) return "contains a control character";
  if (FORMULA.test(text)) return `starts with ${text.charAt(0)}, which a spreadsheet would execute`;
  if (!text.isWellFormed()) return "contains half of a surrogate pair";
  return undefined;
}
