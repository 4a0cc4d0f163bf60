/**
 * Rows of a registry that was read whole before and found sound, with one row on each line: they are found by searching
 * bytes, and none but those asked for is split or decoded.
 */
import type { RegistryName } from "../contracts/index.ts";
import { type Header, requireHeader } from "./header.ts";
import { RawRow } from "./raw-rows.ts";
import { type ReadFs, ScannedRow, scanRows } from "./scan.ts";
import { splitRow } from "./split-row.ts";

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const QUOTE = 0x22;
const COMMA = 0x2c;
const SLASH = 0x2f;
/** What may follow a cell. */
const ENDS: ReadonlySet<number | undefined> = new Set([COMMA, NEWLINE, RETURN, QUOTE, undefined]);
const BOM = [0xef, 0xbb, 0xbf];

/** True when `RowsByBytes` may read it: a row on each line, and no key twice. @throws as scanRows */
export function isReadByBytes(fs: ReadFs, path: string, name: RegistryName): boolean {
  let is_plain = true;
  let is_first = true;
  const keys = new Set<string>();
  for (const row of scanRows(fs, path, name)) {
    const { bytes, key } = row;
    const end = bytes.indexOf(NEWLINE);
    // A header of several lines or a key behind other columns: both rare, and read the long way.
    if (is_first && (row.line !== 2 || !bytes.subarray(0, Buffer.byteLength(key)).equals(Buffer.from(key))))
      is_plain = false;
    is_first = false;
    if ((end >= 0 && end !== bytes.length - 1) || bytes[0] === QUOTE || key.includes("\0")) is_plain = false;
    if (keys.size === keys.add(key).size) is_plain = false;
  }
  return is_plain && !is_first;
}

export class RowsByBytes {
  readonly #bytes: Buffer;
  readonly #header: Header;
  readonly #first: number;

  /** @param bytes of a file for which `isReadByBytes` held */
  constructor(name: RegistryName, bytes: Buffer) {
    const row = new RawRow();
    const start = BOM.every((byte, at) => bytes[at] === byte) ? BOM.length : 0;
    splitRow(bytes, { start, limit: bytes.length, is_last: true }, row);
    row.bytes = bytes;
    this.#bytes = bytes;
    this.#header = requireHeader(name, row);
    this.#first = row.end;
  }

  /** The row with this key. */
  find(key: string): ScannedRow | undefined {
    if (key === "") return undefined;
    const needle = Buffer.from(`\n${key}`);
    let at = this.#bytes.indexOf(needle, this.#first - 1);
    for (; at >= 0; at = this.#bytes.indexOf(needle, at + 1)) {
      const after = this.#bytes[at + needle.length];
      if (after === undefined || after === COMMA || after === NEWLINE || after === RETURN)
        return this.#rowAt(at + 1);
    }
    return undefined;
  }

  /** Rows with a text anywhere in their bytes, in file order. */
  *holding(text: string): Generator<ScannedRow, void, void> {
    const needle = Buffer.from(text);
    let at = this.#bytes.indexOf(needle, this.#first);
    let known = { start: 0, line: 1 };
    while (at >= 0) {
      const start = this.#bytes.lastIndexOf(NEWLINE, at) + 1;
      known = { start, line: this.#lineOf(start, known) };
      const row = this.#split(start);
      row.line = known.line;
      yield new ScannedRow(this.#header, row);
      const end = this.#bytes.indexOf(NEWLINE, at);
      if (end < 0) return;
      at = this.#bytes.indexOf(needle, end + 1);
    }
  }

  /**
   * At least the rows with a cell that ends with a text, slashes behind it aside; in file order. The text has no quote, which
   * stands twice in the bytes of a cell.
   */
  *ending(text: string): Generator<ScannedRow, void, void> {
    const needle = Buffer.from(text);
    let known = { start: 0, line: 1 };
    let at = this.#bytes.indexOf(needle, this.#first);
    while (at >= 0) {
      let after = at + needle.length;
      while (this.#bytes[after] === SLASH) after++;
      if (ENDS.has(this.#bytes[after])) {
        const start = this.#bytes.lastIndexOf(NEWLINE, at) + 1;
        known = { start, line: this.#lineOf(start, known) };
        const row = this.#split(start);
        row.line = known.line;
        yield new ScannedRow(this.#header, row);
        after = row.end;
      }
      at = this.#bytes.indexOf(needle, after);
    }
  }

  /** In file order; blank lines have none. */
  *keys(): Generator<string, void, void> {
    for (let start = this.#first; start < this.#bytes.length; ) {
      const end = this.#bytes.indexOf(NEWLINE, start);
      const limit = end < 0 ? this.#bytes.length : end;
      const comma = this.#bytes.indexOf(COMMA, start);
      const last = comma < 0 || comma > limit ? limit : comma;
      const key = this.#bytes.toString("utf8", start, last).replace(/\r$/, "");
      if (key !== "") yield key;
      start = limit + 1;
    }
  }

  /** All of them, in file order. */
  *rows(): Generator<ScannedRow, void, void> {
    let line = 2;
    for (let start = this.#first; start < this.#bytes.length; line++) {
      const row = this.#split(start);
      start = row.end;
      row.line = line;
      if (!row.blank) yield new ScannedRow(this.#header, row);
    }
  }

  #split(start: number): RawRow {
    const row = new RawRow();
    splitRow(this.#bytes, { start, limit: this.#bytes.length, is_last: true }, row);
    row.bytes = this.#bytes;
    return row;
  }

  #rowAt(start: number): ScannedRow {
    const row = this.#split(start);
    row.line = this.#lineOf(start, { start: 0, line: 1 });
    return new ScannedRow(this.#header, row);
  }

  /** Counted from a line before it. */
  #lineOf(start: number, before: { readonly start: number; readonly line: number }): number {
    let { line } = before;
    let at = this.#bytes.indexOf(NEWLINE, before.start);
    for (; at >= 0 && at < start; at = this.#bytes.indexOf(NEWLINE, at + 1)) line++;
    return line;
  }
}
