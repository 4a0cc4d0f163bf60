/** Rows of one registry by key, decoded only when they are looked at: most questions are about one row of thousands. */
import type { Row } from "../contracts/index.ts";
import type { RowsByBytes, ScannedRow } from "../registry/index.ts";

/** Every row with its key, or rows that an index lets find by their bytes. */
export class RowTable implements Iterable<[string, Row]> {
  readonly #scanned = new Map<string, ScannedRow | undefined>();
  readonly #rows = new Map<string, Row>();
  readonly #by_bytes: RowsByBytes | undefined;

  constructor(by_bytes?: RowsByBytes) {
    this.#by_bytes = by_bytes;
  }

  /** The first row with a key counts. */
  add(row: ScannedRow): void {
    if (this.#scanned.get(row.key) === undefined) this.#scanned.set(row.key, row);
  }

  #find(key: string): ScannedRow | undefined {
    if (this.#by_bytes !== undefined && !this.#scanned.has(key))
      this.#scanned.set(key, this.#by_bytes.find(key));
    return this.#scanned.get(key);
  }

  has(key: string): boolean {
    return this.#find(key) !== undefined;
  }

  get(key: string): Row | undefined {
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const row = this.#find(key)?.cells();
    if (row !== undefined) this.#rows.set(key, row);
    return row;
  }

  /** Line on which the row starts; null where there is none. */
  lineOf(key: string): number | null {
    return this.#find(key)?.line ?? null;
  }

  /** In file order. */
  keys(): Iterable<string> {
    return this.#by_bytes === undefined ? this.#scanned.keys() : new Set(this.#by_bytes.keys());
  }

  *values(): Generator<Row, void, void> {
    for (const [, row] of this) yield row;
  }

  /** Rows with a text anywhere in their bytes, in file order; no other is decoded. */
  *holding(text: string): Generator<[string, Row], void, void> {
    if (this.#by_bytes === undefined) {
      for (const [key, scanned] of this.#scanned)
        if (scanned?.bytes.includes(text)) yield [key, this.get(key) ?? {}];
      return;
    }
    for (const row of this.#by_bytes.holding(text)) yield [row.key, this.#keep(row)];
  }

  /** At least the rows with a cell that ends with one of these texts, slashes behind it aside; in file order. */
  *ending(texts: readonly string[]): Generator<[string, Row], void, void> {
    const by_bytes = this.#by_bytes;
    if (by_bytes === undefined || texts.some((text) => text.includes('"'))) {
      yield* this;
      return;
    }
    const found = new Map(texts.flatMap((text) => [...by_bytes.ending(text)]).map((row) => [row.key, row]));
    for (const row of [...found.values()].sort((a, b) => a.line - b.line)) yield [row.key, this.#keep(row)];
  }

  #keep(row: ScannedRow): Row {
    this.#scanned.set(row.key, row);
    return this.get(row.key) ?? {};
  }

  *[Symbol.iterator](): Generator<[string, Row], void, void> {
    // Rows that were asked for one by one stand first in what was scanned; the file's order counts.
    const in_file = new Set<string>();
    for (const row of this.#by_bytes?.rows() ?? []) {
      this.add(row);
      in_file.add(row.key);
    }
    for (const key of this.#by_bytes === undefined ? this.#scanned.keys() : in_file)
      if (this.has(key)) yield [key, this.get(key) ?? {}];
  }
}
