/** Rows of one registry by key, decoded only when they are looked at: most questions are about one row of thousands. */
import type { Row } from "../contracts/index.ts";
import type { ScannedRow } from "../registry/index.ts";

export class RowTable implements Iterable<[string, Row]> {
  readonly #scanned = new Map<string, ScannedRow>();
  readonly #rows = new Map<string, Row>();

  /** The first row with a key counts. */
  add(row: ScannedRow): void {
    if (!this.#scanned.has(row.key)) this.#scanned.set(row.key, row);
  }

  has(key: string): boolean {
    return this.#scanned.has(key);
  }

  get(key: string): Row | undefined {
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const row = this.#scanned.get(key)?.cells();
    if (row !== undefined) this.#rows.set(key, row);
    return row;
  }

  /** Line on which the row starts; null where there is none. */
  lineOf(key: string): number | null {
    return this.#scanned.get(key)?.line ?? null;
  }

  /** In file order. */
  keys(): IterableIterator<string> {
    return this.#scanned.keys();
  }

  *values(): Generator<Row, void, void> {
    for (const [, row] of this) yield row;
  }

  /** Rows with a text anywhere in their bytes, in file order; no other is decoded. */
  *holding(text: string): Generator<[string, Row], void, void> {
    for (const [key, scanned] of this.#scanned)
      if (scanned.bytes.includes(text)) yield [key, this.get(key) ?? {}];
  }

  *[Symbol.iterator](): Generator<[string, Row], void, void> {
    for (const key of this.#scanned.keys()) yield [key, this.get(key) ?? {}];
  }
}
