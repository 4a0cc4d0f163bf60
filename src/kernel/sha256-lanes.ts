/**
 * SHA-256 of many short texts in one memory, four at a time: half the time of hashing one after another where the processor
 * has no instructions for SHA-256, and no worse than a third more where it has.
 */
import { blocksBody, K_AT, LANES, STATE_AT } from "./sha256-code.ts";
import { copyBody, zeroBody } from "./text-code.ts";
import { compileModule, instantiate } from "./wasm-module.ts";

/** First 32 bits of the fractional parts of cube roots and square roots of the first primes (FIPS 180-4 section 4.2.2, 5.3.3). */
function fractionBits(count: number, root: (prime: number) => number): Uint32Array {
  const bits = new Uint32Array(count);
  let filled = 0;
  for (let number = 2; filled < count; number++) {
    let is_prime = true;
    for (let by = 2; by * by <= number; by++) is_prime &&= number % by !== 0;
    if (is_prime) bits[filled++] = (root(number) % 1) * 2 ** 32;
  }
  return bits;
}

const BLOCK_BYTES = 64;
export const DIGEST_BYTES = 32;
/** The end of a text and its padding, for each lane. */
const TAIL_BYTES = 2 * BLOCK_BYTES;
const TAILS_AT = 2048;
/** What a lane without a text hashes. */
const IDLE_AT = TAILS_AT + LANES * TAIL_BYTES;
/** Of the memory, from its start. */
export const LANES_BYTES = 4096;

let compiled: WebAssembly.Module | undefined;

interface Exports {
  readonly blocks: (at0: number, at1: number, at2: number, at3: number, count: number) => void;
  readonly copy: (to: number, from: number, length: number) => void;
  readonly zero: (at: number, length: number) => void;
}

export class Sha256Lanes {
  private readonly memory: Uint8Array;
  private readonly view: DataView;
  private readonly blocks: Exports["blocks"];
  private readonly copy: Exports["copy"];
  private readonly zero: Exports["zero"];
  private readonly initial = fractionBits(8, Math.sqrt);
  /** By lane: number of its text (-1 for none), where it goes on, blocks until its tail, blocks of its tail. */
  private readonly text = new Int32Array(LANES);
  private readonly at = new Int32Array(LANES);
  private readonly whole = new Int32Array(LANES);
  private readonly tail = new Int32Array(LANES);

  /** Its first `LANES_BYTES` are the lanes' own; texts lie behind them, `BLOCK_BYTES` before its end. */
  constructor(memory: WebAssembly.Memory) {
    compiled ??= compileModule([
      { name: "blocks", given: 5, returned: 0, body: blocksBody() },
      { name: "copy", given: 3, returned: 0, body: copyBody() },
      { name: "zero", given: 2, returned: 0, body: zeroBody() },
    ]);
    const { blocks, copy, zero } = instantiate(compiled, memory) as Exports;
    this.blocks = blocks;
    this.copy = copy;
    this.zero = zero;
    this.memory = new Uint8Array(memory.buffer);
    this.view = new DataView(memory.buffer);
    for (const [round, k] of fractionBits(64, Math.cbrt).entries())
      for (let lane = 0; lane < LANES; lane++)
        this.view.setUint32(K_AT + (round * LANES + lane) * 4, k, true);
  }

  /** Digests of the texts from `starts[i]` to `ends[i]`, `DIGEST_BYTES` each, into `digests`. */
  digest(starts: Int32Array, ends: Int32Array, count: number, digests: Uint8Array): void {
    const { at, text } = this;
    let next = 0;
    const refill = (lane: number): void => {
      if (next < count) this.begin(lane, next++, starts, ends);
      else this.rest(lane);
    };
    for (let lane = 0; lane < LANES; lane++) refill(lane);
    for (let done = 0; done < count; ) {
      const step = this.stepLength();
      this.blocks(at[0] as number, at[1] as number, at[2] as number, at[3] as number, step);
      for (let lane = 0; lane < LANES; lane++) {
        if ((text[lane] as number) < 0 || !this.advance(lane, step)) continue;
        this.finish(lane, digests);
        done++;
        refill(lane);
      }
    }
  }

  /** Blocks that all lanes have in one piece; a lane that rests has one, over and over. */
  private stepLength(): number {
    let step = Number.MAX_SAFE_INTEGER;
    for (let lane = 0; lane < LANES; lane++) {
      if ((this.text[lane] as number) < 0) return 1;
      const whole = this.whole[lane] as number;
      const left = whole > 0 ? whole : (this.tail[lane] as number);
      if (left < step) step = left;
    }
    return step;
  }

  /** True when the lane's text is at its end. */
  private advance(lane: number, step: number): boolean {
    const { at, whole, tail } = this;
    at[lane] = (at[lane] as number) + step * BLOCK_BYTES;
    if ((whole[lane] as number) > 0) {
      whole[lane] = (whole[lane] as number) - step;
      if (whole[lane] === 0) at[lane] = TAILS_AT + lane * TAIL_BYTES;
      return false;
    }
    tail[lane] = (tail[lane] as number) - step;
    return tail[lane] === 0;
  }

  private begin(lane: number, index: number, starts: Int32Array, ends: Int32Array): void {
    const start = starts[index] as number;
    const length = (ends[index] as number) - start;
    const whole = Math.floor(length / BLOCK_BYTES);
    const left = length - whole * BLOCK_BYTES;
    const tail_at = TAILS_AT + lane * TAIL_BYTES;
    const tail_blocks = left + 9 > BLOCK_BYTES ? 2 : 1;
    const tail_end = tail_at + tail_blocks * BLOCK_BYTES;
    const { memory, view } = this;
    this.copy(tail_at, start + whole * BLOCK_BYTES, left);
    memory[tail_at + left] = 0x80;
    this.zero(tail_at + left + 1, tail_end - 4 - (tail_at + left + 1));
    // Texts are far below 2^29 bytes, so their length in bits has 32 of the 64.
    view.setUint32(tail_end - 4, length * 8, false);
    this.text[lane] = index;
    this.whole[lane] = whole;
    this.tail[lane] = tail_blocks;
    this.at[lane] = whole > 0 ? start : tail_at;
    for (let word = 0; word < 8; word++)
      view.setUint32(STATE_AT + (word * LANES + lane) * 4, this.initial[word] as number, true);
  }

  private rest(lane: number): void {
    this.text[lane] = -1;
    this.at[lane] = IDLE_AT;
  }

  private finish(lane: number, digests: Uint8Array): void {
    const to = (this.text[lane] as number) * DIGEST_BYTES;
    for (let word = 0; word < 8; word++) {
      const bits = this.view.getUint32(STATE_AT + (word * LANES + lane) * 4, true);
      digests[to + word * 4] = bits >>> 24;
      digests[to + word * 4 + 1] = bits >>> 16;
      digests[to + word * 4 + 2] = bits >>> 8;
      digests[to + word * 4 + 3] = bits;
    }
  }
}
