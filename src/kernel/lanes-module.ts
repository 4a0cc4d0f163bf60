/** The WebAssembly of `Sha256Lanes` as one module. */
import { blocksBody } from "./sha256-code.ts";
import { copyBody, findPairBody, plainEndBody, sameBody, zeroBody } from "./text-code.ts";
import { I32, unsigned } from "./wasm-code.ts";

/** `\0asm`, version 1. */
const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...unsigned(content.length),
  ...content,
];
const name = (text: string): number[] => [text.length, ...Buffer.from(text)];

/** A type of numbers that come and go. */
const typeOf = (given: number, returned: number): number[] => [
  0x60,
  given,
  ...Array.from({ length: given }, () => I32),
  returned,
  ...Array.from({ length: returned }, () => I32),
];

/**
 * The module over `of.memory`: what takes blocks of four texts at a time, and what else is done with texts in that memory.
 */
export function sha256Module(): Uint8Array<ArrayBuffer> {
  const bodies = [blocksBody(), plainEndBody(), copyBody(), zeroBody(), sameBody(), findPairBody()];
  const names = ["blocks", "plain_end", "copy", "zero", "same", "find_pair"];
  const types = [
    [5, 0],
    [1, 1],
    [3, 0],
    [2, 0],
    [3, 1],
    [4, 1],
  ] as const;
  const exported = names.flatMap((one, index) => [...name(one), 0, index]);
  return Uint8Array.from([
    ...HEADER,
    ...section(1, [types.length, ...types.flatMap(([given, returned]) => typeOf(given, returned))]),
    ...section(2, [1, ...name("of"), ...name("memory"), 2, 0, 1]),
    ...section(3, [names.length, ...names.keys()]),
    ...section(7, [names.length, ...exported]),
    ...section(10, [names.length, ...bodies.flatMap((one) => [...unsigned(one.length), ...one])]),
  ]);
}
