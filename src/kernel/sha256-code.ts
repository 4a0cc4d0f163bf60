/**
 * WebAssembly that computes SHA-256 of four texts side by side, one in each 32-bit lane of its 128-bit vectors. Written out
 * here instruction by instruction, so that nothing but these files decides what runs. FIPS 180-4 section 6.2.
 */

import { ADD, AND, Code, SHR, unsigned, V128, XOR } from "./wasm-code.ts";

/** Where things lie in the module's memory. */
export const K_AT = 0;
export const STATE_AT = 1024;
export const LANES = 4;
const VECTOR_BYTES = 16;
const ROUNDS = 64;

/** Parameters: where each lane's text goes on, and how many blocks of 64 bytes to take of all four. */
const COUNT = 4;
const W = 5;
/** a to h; which is which moves on with each round. */
const VARIABLES = W + 16;
const T1 = VARIABLES + 8;
/** a ^ b of the round before is b ^ c of this one. */
const XOR_BC = T1 + 1;
const XOR_AB = T1 + 2;
const LOCALS_COUNT = XOR_AB + 1 - W;

const BYTES_TURNED = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
/** Words of two vectors, counted 0 to 7, as bytes. */
const words = (...picked: readonly number[]): number[] =>
  picked.flatMap((word) => [word * 4, word * 4 + 1, word * 4 + 2, word * 4 + 3]);

/** Loads four words of each lane and turns rows into columns: W[first + i] holds word i of all lanes. */
function loadWords(code: Code, first: number): void {
  const row = (lane: number): number => W + first + lane;
  for (let lane = 0; lane < LANES; lane++) {
    code
      .get(lane)
      .load(first * 4)
      .tee(T1)
      .get(T1)
      .shuffle(BYTES_TURNED)
      .set(row(lane));
  }
  const pick = (one: number, other: number, picked: readonly number[], into: number): Code =>
    code
      .get(one)
      .get(other)
      .shuffle(words(...picked))
      .set(into);
  // Two rows at a time: their first words, their last words.
  pick(row(0), row(1), [0, 4, 1, 5], T1);
  pick(row(0), row(1), [2, 6, 3, 7], XOR_BC);
  pick(row(2), row(3), [0, 4, 1, 5], XOR_AB);
  pick(row(2), row(3), [2, 6, 3, 7], row(3));
  pick(T1, XOR_AB, [0, 1, 4, 5], row(0));
  pick(T1, XOR_AB, [2, 3, 6, 7], row(1));
  pick(XOR_BC, row(3), [0, 1, 4, 5], row(2));
  pick(XOR_BC, row(3), [2, 3, 6, 7], row(3));
}

/** W[t] = σ1(W[t-2]) + W[t-7] + σ0(W[t-15]) + W[t-16], in the place of W[t-16]. */
function extend(code: Code, round: number): void {
  const at = (back: number): number => W + ((round - back) & 15);
  code.get(at(16)).get(at(7)).vector(ADD);
  code.rotated(at(15), 7).rotated(at(15), 18).vector(XOR).get(at(15)).shift(SHR, 3).vector(XOR).vector(ADD);
  code.rotated(at(2), 17).rotated(at(2), 19).vector(XOR).get(at(2)).shift(SHR, 10).vector(XOR).vector(ADD);
  code.set(at(16));
}

function mix(code: Code, number: number): void {
  const variable = (index: number): number => VARIABLES + ((index - number + 2 * ROUNDS) & 7);
  const [a, b, d, e] = [variable(0), variable(1), variable(3), variable(4)] as const;
  const [f, g, h] = [variable(5), variable(6), variable(7)] as const;
  if (number >= 16) extend(code, number);
  // h + Σ1(e) + Ch(e, f, g) + K + W
  code
    .get(h)
    .get(W + (number & 15))
    .vector(ADD);
  code
    .number(K_AT)
    .load(number * VECTOR_BYTES)
    .vector(ADD);
  code.get(f).get(g).vector(XOR).get(e).vector(AND).get(g).vector(XOR).vector(ADD);
  code.rotations(e, [6, 11, 25]).vector(ADD).set(T1);
  code.get(d).get(T1).vector(ADD).set(d);
  // Σ0(a) + Maj(a, b, c), where Maj is b ^ ((a ^ b) & (b ^ c))
  code.get(a).get(b).vector(XOR).tee(XOR_AB).get(XOR_BC).vector(AND).get(b).vector(XOR);
  code.get(T1).vector(ADD).rotations(a, [2, 13, 22]).vector(ADD).set(h);
  code.get(XOR_AB).set(XOR_BC);
}

function instructions(): number[] {
  const code = new Code();
  const LOOP = 0x03;
  const NOTHING = 0x40;
  code.put(LOOP, NOTHING);
  for (const first of [0, 4, 8, 12]) loadWords(code, first);
  for (let index = 0; index < 8; index++)
    code
      .number(STATE_AT)
      .load(index * VECTOR_BYTES)
      .set(VARIABLES + index);
  code
    .get(VARIABLES + 1)
    .get(VARIABLES + 2)
    .vector(XOR)
    .set(XOR_BC);
  for (let number = 0; number < ROUNDS; number++) mix(code, number);
  for (let index = 0; index < 8; index++) {
    const offset = index * VECTOR_BYTES;
    code
      .number(STATE_AT)
      .number(STATE_AT)
      .load(offset)
      .get(VARIABLES + index)
      .vector(ADD)
      .store(offset);
  }
  const I32_ADD = 0x6a;
  const BRANCH_IF = 0x0d;
  for (let lane = 0; lane < LANES; lane++) code.get(lane).number(64).put(I32_ADD).set(lane);
  code.get(COUNT).number(-1).put(I32_ADD).tee(COUNT).put(BRANCH_IF, 0);
  const END = 0x0b;
  return code.put(END, END).bytes;
}

/** `blocks(at0, at1, at2, at3, count)`: takes `count` > 0 blocks of each lane. */
export const blocksBody = (): number[] => [1, ...unsigned(LOCALS_COUNT), V128, ...instructions()];
