/** What else is done with texts in the memory in which they are digested. */
import { expect, test } from "vitest";
import { Sha256Lanes, TEXTS_AT } from "../../src/kernel/sha256-lanes.ts";

const lanes = new Sha256Lanes(4096);

test("a text goes on up to what does not stand for itself in a string, at any distance", () => {
  for (const odd of [0x22, 0x5c, 0x00, 0x0a, 0x1f, 0x80, 0xff])
    for (let length = 0; length < 70; length++) {
      for (const [at, plain] of [0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f].entries())
        lanes.memory.fill(plain, TEXTS_AT + at, TEXTS_AT + length);
      lanes.memory[TEXTS_AT + length] = odd;
      expect(lanes.plainEnd(TEXTS_AT)).toBe(TEXTS_AT + length);
    }
});

test("texts are the same where each byte is, and what stands behind them does not count", () => {
  const other = TEXTS_AT + 200;
  for (let length = 0; length < 70; length++) {
    lanes.memory.fill(7, TEXTS_AT, TEXTS_AT + 100);
    lanes.memory.fill(7, other, other + 100);
    lanes.memory[TEXTS_AT + length] = 8;
    expect(lanes.same(TEXTS_AT, other, length)).toBe(1);
    for (let at = 0; at < length; at++) {
      lanes.memory[other + at] = 9;
      expect(lanes.same(TEXTS_AT, other, length)).toBe(0);
      lanes.memory[other + at] = 7;
    }
  }
});

test("texts are copied", () => {
  lanes.memory.write("one text", TEXTS_AT);
  lanes.copy(TEXTS_AT + 50, TEXTS_AT, 8);
  expect(lanes.memory.toString("latin1", TEXTS_AT + 50, TEXTS_AT + 58)).toBe("one text");
});
