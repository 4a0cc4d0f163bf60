/**
 * Finds the cells and the end of one CSV row in bytes, without copying or decoding.
 *
 * Dialect (RFC 4180, Python's "excel"): comma; a cell is quoted when its first byte is `"`, inside it `""` is one quote;
 * a row ends with CRLF or LF outside quotes. Splitting never fails: what the dialect forbids becomes a flaw and
 * counts as text, so a check can report everything and a strict reader can stop at the first.
 */

const COMMA = 0x2c;
const QUOTE = 0x22;
const LF = 0x0a;
const CR = 0x0d;
const NUL = 0x00;

/** 1 for the bytes that mean something outside quotes. One table load a byte keeps the loop near memory speed. */
const SPECIAL = new Uint8Array(256);
for (const byte of [COMMA, QUOTE, LF, CR, NUL]) SPECIAL[byte] = 1;
/** 1 for the bytes that mean something inside quotes. */
const QUOTED_SPECIAL = new Uint8Array(256);
for (const byte of [QUOTE, LF, NUL]) QUOTED_SPECIAL[byte] = 1;

/** A row of nothing but stray quotes must not cost an object a byte. */
const FLAWS_PER_ROW_MAX = 100;

export type FlawKind =
  | "stray_quote"
  | "open_quote"
  | "bare_carriage_return"
  | "nul"
  | "encoding"
  | "too_long"
  | "too_many_cells";

/** Something the dialect forbids, at a byte offset of the buffer the row lies in. */
export interface Flaw {
  readonly kind: FlawKind;
  readonly offset: number;
}

/** Where one row lies in a buffer. One object is reused for many rows; it is valid until the next split. */
export class RowSpans {
  start = 0;
  /** After the last cell, before the line ending. */
  content_end = 0;
  /** After the line ending. */
  end = 0;
  cell_count = 0;
  /** Line feeds in the row, those inside quotes and its own ending included. */
  line_feeds = 0;
  flaws: Flaw[] = [];
  /** Start and end of cell i at 2i and 2i+1, quotes included. */
  bounds = new Int32Array(128);

  cellStart(index: number): number {
    return this.bounds[index * 2] ?? 0;
  }
  cellEnd(index: number): number {
    return this.bounds[index * 2 + 1] ?? 0;
  }
  /** True for a line without any byte of its own; such lines are kept but are not rows. */
  get blank(): boolean {
    return this.content_end === this.start;
  }

  reset(start: number): void {
    this.start = start;
    this.cell_count = 0;
    this.line_feeds = 0;
    if (this.flaws.length > 0) this.flaws = [];
  }
  addFlaw(kind: FlawKind, offset: number): void {
    if (this.flaws.length < FLAWS_PER_ROW_MAX) this.flaws.push({ kind, offset });
  }
  addCell(start: number, end: number): void {
    if (this.cell_count * 2 === this.bounds.length) {
      const grown = new Int32Array(this.bounds.length * 2);
      grown.set(this.bounds);
      this.bounds = grown;
    }
    this.bounds[this.cell_count * 2] = start;
    this.bounds[this.cell_count * 2 + 1] = end;
    this.cell_count++;
  }
}

/**
 * Splits the row that starts at `start`. `limit` is the end of the bytes at hand; `is_last` says that the file ends there.
 * Returns false, leaving `row` undefined, when more bytes are needed to know where the row ends.
 */
export function splitRow(
  bytes: Uint8Array,
  { start, limit, is_last }: { start: number; limit: number; is_last: boolean },
  row: RowSpans,
): boolean {
  row.reset(start);
  let at = start;
  let cell_start = start;
  for (;;) {
    if (at < limit && bytes[at] === QUOTE) {
      const closed_at = skipQuoted(bytes, at, limit, is_last, row);
      if (closed_at < 0) return false;
      const flaw_count = row.flaws.length;
      at = skipPlain(bytes, closed_at, limit, row);
      if (at > closed_at) {
        // Text after the closing quote is one flaw, whatever it holds.
        row.flaws.length = flaw_count;
        row.addFlaw("stray_quote", closed_at - 1);
      }
    } else {
      // The common cell, without a call: this loop decides what a pass over a registry costs.
      while (at < limit && SPECIAL[bytes[at] as number] === 0) at++;
      const met = bytes[at];
      if (at < limit && met !== COMMA && met !== LF) at = skipPlain(bytes, at, limit, row);
    }
    row.addCell(cell_start, at);
    if (at < limit && bytes[at] === COMMA) {
      cell_start = ++at;
      continue;
    }
    return endRow(bytes, at, limit, is_last, row);
  }
}

/** Ends the row at a line feed, a carriage return or the limit; false when more bytes are needed. */
function endRow(bytes: Uint8Array, at: number, limit: number, is_last: boolean, row: RowSpans): boolean {
  const byte = at < limit ? bytes[at] : -1;
  const ending_bytes = byte === LF ? 1 : byte === CR ? 2 : 0;
  if (!is_last && (ending_bytes === 0 || at + ending_bytes > limit)) return false;
  if (at + ending_bytes > limit) {
    row.addFlaw("bare_carriage_return", at);
    row.content_end = limit;
    row.end = limit;
    return true;
  }
  row.content_end = at;
  row.end = at + ending_bytes;
  if (ending_bytes > 0) row.line_feeds++;
  return true;
}

/** From an opening quote to the byte after the closing one; -1 when more bytes are needed. */
function skipQuoted(bytes: Uint8Array, open: number, limit: number, is_last: boolean, row: RowSpans): number {
  let at = open + 1;
  for (;;) {
    while (at < limit && QUOTED_SPECIAL[bytes[at] as number] === 0) at++;
    if (at === limit) {
      if (!is_last) return -1;
      row.addFlaw("open_quote", open);
      return limit;
    }
    const byte = bytes[at];
    if (byte === QUOTE) {
      // In the last place it may be half of an escaped one; `endRow` then asks for more bytes.
      if (at + 1 === limit || bytes[at + 1] !== QUOTE) return at + 1;
      at += 2;
      continue;
    }
    if (byte === LF) row.line_feeds++;
    else row.addFlaw("nul", at);
    at++;
  }
}

/** To the next comma, line ending or limit; anything else special on the way is a flaw. */
function skipPlain(bytes: Uint8Array, from: number, limit: number, row: RowSpans): number {
  let at = from;
  for (;;) {
    while (at < limit && SPECIAL[bytes[at] as number] === 0) at++;
    if (at === limit) return at;
    const byte = bytes[at];
    if (byte === COMMA || byte === LF) return at;
    // A carriage return in the last place may be half of a line ending; `endRow` knows whether more follows.
    if (byte === CR && (at + 1 === limit || bytes[at + 1] === LF)) return at;
    row.addFlaw(byte === QUOTE ? "stray_quote" : byte === CR ? "bare_carriage_return" : "nul", at);
    at++;
  }
}
