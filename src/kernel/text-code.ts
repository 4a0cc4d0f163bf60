/** What else is done with texts in the memory in which they are digested: 16 bytes at a time. */
import { AND, Code, I32, OR, V128 } from "./wasm-code.ts";

const RETURN = 0x0f;
const ADD_I32 = 0x6a;
const END_OF_BODY = 0x0b;

/** `plain_end(at)`: 16 bytes at a time until one is a quote, a backslash, below a blank or above ASCII; where that one is. */
export function plainEndBody(): number[] {
  const [AT, MASK, BYTES] = [0, 1, 2] as const;
  const [LOOP, IF, NOTHING, BRANCH, UNREACHABLE, COUNT_ZEROS] = [0x03, 0x04, 0x40, 0x0c, 0x00, 0x68];
  const [CONST, EQUAL, LESS_SIGNED, BITMASK] = [0x0c, 0x23, 0x25, 0x64] as const;
  const code = new Code();
  const all = (byte: number): Code => code.vector(CONST).put(...Array.from({ length: 16 }, () => byte));
  code.put(LOOP, NOTHING);
  // Above ASCII a byte is negative.
  code.get(AT).load(0).tee(BYTES);
  all(0x20).vector(LESS_SIGNED);
  for (const byte of [0x22, 0x5c]) {
    code.get(BYTES);
    all(byte).vector(EQUAL).vector(OR);
  }
  code.vector(BITMASK).tee(MASK).put(IF, NOTHING);
  code.get(AT).get(MASK).put(COUNT_ZEROS, ADD_I32, RETURN, END_OF_BODY);
  code.get(AT).number(16).put(ADD_I32).set(AT).put(BRANCH, 0, END_OF_BODY);
  return [2, 1, I32, 1, V128, ...code.put(UNREACHABLE, END_OF_BODY).bytes];
}

/** `copy(to, from, length)` and `zero(at, length)`: one instruction each. */
export const copyBody = (): number[] => [
  0,
  ...new Code().get(0).get(1).get(2).put(0xfc, 0x0a, 0, 0, END_OF_BODY).bytes,
];
export const zeroBody = (): number[] => [
  0,
  ...new Code().get(0).number(0).get(1).put(0xfc, 0x0b, 0, END_OF_BODY).bytes,
];

/** `same(one, other, length)`: 1 where the bytes at both places are the same, else 0; up to 15 behind them are loaded as well. */
export function sameBody(): number[] {
  const [ONE, OTHER, LENGTH, MASK] = [0, 1, 2, 3] as const;
  const [LOOP, IF, NOTHING, BRANCH, UNREACHABLE] = [0x03, 0x04, 0x40, 0x0c, 0x00];
  const [LESS_OR_EQUAL, LESS, AND_I32, SUBTRACT, XOR_I32, SHIFT_LEFT] = [0x4c, 0x48, 0x71, 0x6b, 0x73, 0x74];
  const [EQUAL, BITMASK] = [0x23, 0x64] as const;
  const code = new Code().put(LOOP, NOTHING);
  code.get(LENGTH).number(0).put(LESS_OR_EQUAL, IF, NOTHING).number(1).put(RETURN, END_OF_BODY);
  code.get(ONE).load(0).get(OTHER).load(0).vector(EQUAL).vector(BITMASK);
  code.number(0xffff).put(XOR_I32).set(MASK);
  code.get(LENGTH).number(16).put(LESS, IF, NOTHING);
  code.get(MASK).number(1).get(LENGTH).put(SHIFT_LEFT).number(1).put(SUBTRACT, AND_I32).set(MASK);
  code.put(END_OF_BODY);
  code.get(MASK).put(IF, NOTHING).number(0).put(RETURN, END_OF_BODY);
  for (const place of [ONE, OTHER]) code.get(place).number(16).put(ADD_I32).set(place);
  code.get(LENGTH).number(-16).put(ADD_I32).set(LENGTH).put(BRANCH, 0, END_OF_BODY);
  return [1, 1, I32, ...code.put(UNREACHABLE, END_OF_BODY).bytes];
}

/** `find_pair(at, end, first, second)`: where `first` stands with `second` this far behind; `end` or more where they do not. */
export const PAIR_DISTANCE = 3;

export function findPairBody(): number[] {
  const [AT, END, FIRST, SECOND, MASK, FIRSTS, SECONDS] = [0, 1, 2, 3, 4, 5, 6] as const;
  const [LOOP, IF, NOTHING, BRANCH, UNREACHABLE, COUNT_ZEROS] = [0x03, 0x04, 0x40, 0x0c, 0x00, 0x68];
  const [GREATER_OR_EQUAL, SPLAT, EQUAL, BITMASK] = [0x4e, 0x0f, 0x23, 0x64] as const;
  const code = new Code();
  code.get(FIRST).vector(SPLAT).set(FIRSTS).get(SECOND).vector(SPLAT).set(SECONDS);
  code.put(LOOP, NOTHING);
  code.get(AT).get(END).put(GREATER_OR_EQUAL, IF, NOTHING).get(END).put(RETURN, END_OF_BODY);
  code.get(AT).load(0).get(FIRSTS).vector(EQUAL);
  code.get(AT).load(PAIR_DISTANCE).get(SECONDS).vector(EQUAL).vector(AND);
  code.vector(BITMASK).tee(MASK).put(IF, NOTHING);
  code.get(AT).get(MASK).put(COUNT_ZEROS, ADD_I32, RETURN, END_OF_BODY);
  code.get(AT).number(16).put(ADD_I32).set(AT).put(BRANCH, 0, END_OF_BODY);
  return [2, 1, I32, 2, V128, ...code.put(UNREACHABLE, END_OF_BODY).bytes];
}
