import { hash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DIGEST_BYTES, TEXTS_AT, TextMemory } from "../../src/kernel/index.ts";
import { Sha256Lanes } from "../../src/kernel/sha256-lanes.ts";
import { newMemory } from "../../src/kernel/wasm-module.ts";

const BYTES = 1 << 18;
const memory = newMemory(TEXTS_AT + BYTES + 64);
const lanes = new Sha256Lanes(memory);

/** Digests of texts laid out one after another in `room`, as hex. */
function digestsOf(
  texts: readonly Uint8Array[],
  room: Uint8Array = new Uint8Array(memory.buffer),
  by: Pick<Sha256Lanes, "digest"> = lanes,
): string[] {
  const starts = new Int32Array(texts.length);
  const ends = new Int32Array(texts.length);
  let at = TEXTS_AT;
  for (const [index, text] of texts.entries()) {
    room.set(text, at);
    starts[index] = at;
    at += text.length;
    ends[index] = at;
  }
  const digests = Buffer.alloc(texts.length * DIGEST_BYTES);
  by.digest(starts, ends, texts.length, digests);
  return texts.map((_, index) => digests.toString("hex", index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES));
}

const expected = (texts: readonly Uint8Array[]): string[] => texts.map((text) => hash("sha256", text));

test("the published examples (FIPS 180-4: abc, two blocks, nothing)", () => {
  const texts = ["abc", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", ""];
  expect(digestsOf(texts.map((text) => Buffer.from(text)))).toEqual([
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  ]);
});

test("every length up to five blocks, where the padding moves through them", () => {
  const texts = Array.from({ length: 321 }, (_, length) => Buffer.alloc(length, length * 7 + 1));
  expect(digestsOf(texts)).toEqual(expected(texts));
});

test("any number of texts of any lengths, none where there are none", () => {
  expect(digestsOf([])).toEqual([]);
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 20 }), (texts) => {
      expect(digestsOf(texts)).toEqual(expected(texts));
    }),
    { seed: 3, numRuns: 200 },
  );
});

test("a few texts need no lanes, many have them, and none is digested otherwise at the seam", () => {
  const memories = [new TextMemory(BYTES), new TextMemory(BYTES)];
  let seen = 0;
  let bytes = 0;
  for (let round = 0; round < 120; round++)
    for (const texts of memories) {
      const some = Array.from({ length: 100 + round }, (_, index) => Buffer.alloc(index * 3, seen + index));
      expect(digestsOf(some, texts.memory, texts)).toEqual(expected(some));
      seen += some.length;
      bytes += Buffer.concat(some).length;
    }
  expect(bytes).toBeGreaterThan(8 << 20);
});
