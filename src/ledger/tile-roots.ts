/** Roots of full tiles, their nodes hashed four at a time. */
import { TEXTS_AT, TextMemory } from "../kernel/index.ts";
import { HASH_BYTES, TILE_WIDTH } from "../tlog/index.ts";

/** SHA-256(0x01 || left || right), RFC 6962 section 2.1. */
const NODE = 0x01;
const NODE_BYTES = 1 + 2 * HASH_BYTES;
const PAIRS_MAX = TILE_WIDTH / 2;

/** Made once, as its memory is. */
let shared: TileRoots | undefined;

/** @param leaves `TILE_WIDTH` leaf hashes. Valid until the next call. */
export function tileRoot(leaves: Uint8Array): Uint8Array {
  shared ??= new TileRoots();
  return shared.rootOf(leaves);
}

class TileRoots {
  readonly #texts = new TextMemory(PAIRS_MAX * NODE_BYTES);
  readonly #row = Buffer.alloc(TILE_WIDTH * HASH_BYTES);
  readonly #starts = Int32Array.from({ length: PAIRS_MAX }, (_, pair) => TEXTS_AT + pair * NODE_BYTES);
  readonly #ends = this.#starts.map((start) => start + NODE_BYTES);

  rootOf(leaves: Uint8Array): Uint8Array {
    const row = this.#row;
    const { memory } = this.#texts;
    row.set(leaves);
    for (let pairs = PAIRS_MAX; pairs >= 1; pairs /= 2) {
      for (let pair = 0; pair < pairs; pair++) {
        const at = TEXTS_AT + pair * NODE_BYTES;
        memory[at] = NODE;
        row.copy(memory, at + 1, pair * 2 * HASH_BYTES, (pair + 1) * 2 * HASH_BYTES);
      }
      this.#texts.digest(this.#starts, this.#ends, pairs, row);
    }
    return row.subarray(0, HASH_BYTES);
  }
}
