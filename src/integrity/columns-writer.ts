/** Writes the rows of the stat cache one after another, or many at once from an earlier one. */
import { STAMP_WIDTH, type Stamp } from "../effects/index.ts";
import { bufferOf } from "./last-check.ts";
import type { CacheColumns } from "./stat-cache-form.ts";

type RowColumns = Pick<CacheColumns, "stamps" | "digests" | "ends" | "paths">;

/** What many paths take at least. */
const PATH_BYTES = 96;

export class ColumnsWriter {
  count = 0;
  /** Something changed as late as the check began. */
  is_racy = false;
  readonly #began_ns: bigint;
  readonly #ends: Uint32Array;
  readonly #stamps: BigUint64Array;
  readonly #digests: Uint8Array;
  readonly #paths: GrowingBytes;

  constructor(count_max: number, began_ns: bigint) {
    this.#began_ns = began_ns;
    this.#ends = new Uint32Array(count_max);
    this.#stamps = new BigUint64Array(count_max * STAMP_WIDTH);
    this.#digests = new Uint8Array(count_max * 32);
    this.#paths = new GrowingBytes(count_max * PATH_BYTES);
  }

  /** False, and nothing added, for what changed as late as the check began: it may change again within the same tick of the clock. */
  add(path: string, stamps: Stamp | BigUint64Array, at: number, digest?: Uint8Array): boolean {
    if ((stamps[at * STAMP_WIDTH + 3] ?? 0n) >= this.#began_ns) {
      this.is_racy = true;
      return false;
    }
    this.#paths.addText(path);
    this.#ends[this.count] = this.#paths.length;
    const start = this.count * STAMP_WIDTH;
    for (let field = 0; field < STAMP_WIDTH; field++)
      this.#stamps[start + field] = stamps[at * STAMP_WIDTH + field] ?? 0n;
    if (digest !== undefined) this.#digests.set(digest, this.count * 32);
    this.count += 1;
    return true;
  }

  /** Rows from `start` up to `end`. */
  copy({ stamps, digests, ends, paths }: RowColumns, start: number, end: number): void {
    if (start >= end) return;
    const first = start === 0 ? 0 : (ends[start - 1] ?? 0);
    const moved = this.#paths.length - first;
    this.#paths.add(paths.subarray(first, ends[end - 1]));
    for (let row = start; row < end; row++) this.#ends[this.count + row - start] = (ends[row] ?? 0) + moved;
    this.#stamps.set(stamps.subarray(start * STAMP_WIDTH, end * STAMP_WIDTH), this.count * STAMP_WIDTH);
    this.#digests.set(digests.subarray(start * 32, end * 32), this.count * 32);
    this.count += end - start;
  }

  cut(): RowColumns {
    return {
      paths: this.#paths.cut(),
      ends: this.#ends.subarray(0, this.count),
      stamps: this.#stamps.subarray(0, this.count * STAMP_WIDTH),
      digests: this.#digests.subarray(0, this.count * 32),
    };
  }
}

export class GrowingBytes {
  length = 0;
  #bytes: Buffer;

  constructor(size_bytes: number) {
    this.#bytes = Buffer.allocUnsafe(Math.max(1024, size_bytes));
  }

  #need(space: number): void {
    if (this.length + space > this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes], this.#bytes.length * 2 + space);
  }

  addText(text: string): void {
    this.#need(text.length * 3);
    this.length += this.#bytes.write(text, this.length);
  }

  add(bytes: Uint8Array): void {
    this.#need(bytes.length);
    bufferOf(bytes).copy(this.#bytes, this.length);
    this.length += bytes.length;
  }

  cut(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }
}
