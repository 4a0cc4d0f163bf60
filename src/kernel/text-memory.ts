/** Many short texts in one memory, where they are searched, compared, copied and digested without a call of Node for each. */
import { hash } from "node:crypto";
import { DIGEST_BYTES, LANES_BYTES, Sha256Lanes } from "./sha256-lanes.ts";
import { copyBody, findPairBody, plainEndBody, sameBody } from "./text-code.ts";
import { compileModule, instantiate, newMemory } from "./wasm-module.ts";

/** From here on the memory is the caller's. */
export const TEXTS_AT = LANES_BYTES;
/** Vectors are loaded whole: so much behind the last text is read, and does not count. */
const BEHIND_BYTES = 64;
/** So much is digested text by text before lanes are made, which takes about as long as digesting it. */
const ONE_BY_ONE_BYTES = 4 << 20;
/** What a call of Node costs, in bytes that it could digest. */
const CALL_BYTES = 512;

interface Exports {
  readonly plain_end: (at: number) => number;
  readonly copy: (to: number, from: number, length: number) => void;
  readonly same: (one: number, other: number, length: number) => number;
  readonly find_pair: (at: number, end: number, first: number, second: number) => number;
}

let compiled: WebAssembly.Module | undefined;
/** By whichever memory of this thread. */
let one_by_one_bytes = 0;

export class TextMemory {
  /** Texts are put here, from `TEXTS_AT` on. */
  readonly memory: Buffer;
  /** Where bytes that stand for themselves in a JSON string of ASCII end, from `at` on. There must be an end in the memory. */
  readonly plainEnd: (at: number) => number;
  /** Within the memory; a tenth of what a call of Node costs. */
  readonly copy: (to: number, from: number, length: number) => void;
  /** 1 where the same bytes lie at both places of the memory, else 0. */
  readonly same: (one: number, other: number, length: number) => number;
  /** The first place from `at` where byte `first` stands with `second` `PAIR_DISTANCE` behind it; `end` or more for none. */
  readonly findPair: Exports["find_pair"];
  readonly #memory: WebAssembly.Memory;
  #lanes: Sha256Lanes | undefined;

  /** `texts_bytes`: how much the caller will put there. */
  constructor(texts_bytes: number) {
    this.#memory = newMemory(TEXTS_AT + texts_bytes + BEHIND_BYTES);
    compiled ??= compileModule([
      { name: "plain_end", given: 1, returned: 1, body: plainEndBody() },
      { name: "copy", given: 3, returned: 0, body: copyBody() },
      { name: "same", given: 3, returned: 1, body: sameBody() },
      { name: "find_pair", given: 4, returned: 1, body: findPairBody() },
    ]);
    const exports = instantiate(compiled, this.#memory) as Exports;
    this.plainEnd = exports.plain_end;
    this.copy = exports.copy;
    this.same = exports.same;
    this.findPair = exports.find_pair;
    this.memory = Buffer.from(this.#memory.buffer);
  }

  /** SHA-256 of the texts from `starts[i]` to `ends[i]`, `DIGEST_BYTES` each, into `digests`. */
  digest(starts: Int32Array, ends: Int32Array, count: number, digests: Uint8Array): void {
    if (this.#lanes === undefined && one_by_one_bytes < ONE_BY_ONE_BYTES)
      return this.#digestOneByOne(starts, ends, count, digests);
    this.#lanes ??= new Sha256Lanes(this.#memory);
    this.#lanes.digest(starts, ends, count, digests);
  }

  #digestOneByOne(starts: Int32Array, ends: Int32Array, count: number, digests: Uint8Array): void {
    for (let index = 0; index < count; index++) {
      const text = this.memory.subarray(starts[index], ends[index]);
      digests.set(hash("sha256", text, "buffer"), index * DIGEST_BYTES);
      one_by_one_bytes += CALL_BYTES + text.length;
    }
  }
}
