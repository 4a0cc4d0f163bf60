/**
 * Small files are read one after another into one memory and digested there four at a time: a call for each of them would cost
 * more than its bytes do.
 */
import { readSync } from "node:fs";
import { DIGEST_BYTES, TEXTS_AT, TextMemory } from "../../kernel/index.ts";

/** Longer ones are as fast by themselves, and faster where the processor has instructions for it. */
const SMALL_BYTES_MAX = 1 << 13;
const COUNT_MAX = 64;

export class SmallFiles {
  readonly #texts = new TextMemory(COUNT_MAX * SMALL_BYTES_MAX + 1);
  readonly #starts = new Int32Array(COUNT_MAX);
  readonly #ends = new Int32Array(COUNT_MAX);
  readonly #indexes = new Int32Array(COUNT_MAX);
  readonly #digests = new Uint8Array(COUNT_MAX * DIGEST_BYTES);
  #count = 0;

  /** What was taken for somebody who failed is nobody else's. */
  forget(): void {
    this.#count = 0;
  }

  /** `index`: where its digest belongs. False, and nothing taken, for a file that is large or changes meanwhile, and where there is no room. */
  take(fd: number, size_bytes: number, index: number): boolean {
    if (size_bytes > SMALL_BYTES_MAX || this.#count === COUNT_MAX) return false;
    const start = this.#count === 0 ? TEXTS_AT : (this.#ends[this.#count - 1] ?? 0);
    // One byte more than there should be: as many bytes as there should be are then all there are.
    if (readSync(fd, this.#texts.memory, start, size_bytes + 1, 0) !== size_bytes) return false;
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = start + size_bytes;
    this.#indexes[this.#count] = index;
    this.#count += 1;
    return true;
  }

  /** Of all that were taken, each to its place; then there is room again. */
  digest(into: Uint8Array): void {
    this.#texts.digest(this.#starts, this.#ends, this.#count, this.#digests);
    for (let at = 0; at < this.#count; at++) {
      const to = (this.#indexes[at] ?? 0) * DIGEST_BYTES;
      for (let byte = 0; byte < DIGEST_BYTES; byte++)
        into[to + byte] = this.#digests[at * DIGEST_BYTES + byte] ?? 0;
    }
    this.#count = 0;
  }
}
