import { expect, test } from "vitest";
import { TEXTS_AT, TextMemory } from "../../src/kernel/index.ts";

const texts = new TextMemory(4096);

test("a text goes on up to what does not stand for itself in a string, at any distance", () => {
  for (const odd of [0x22, 0x5c, 0x00, 0x0a, 0x1f, 0x80, 0xff])
    for (let length = 0; length < 70; length++) {
      for (const [at, plain] of [0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f].entries())
        texts.memory.fill(plain, TEXTS_AT + at, TEXTS_AT + length);
      texts.memory[TEXTS_AT + length] = odd;
      expect(texts.plainEnd(TEXTS_AT)).toBe(TEXTS_AT + length);
    }
});

test("texts are the same where each byte is, and what stands behind them does not count", () => {
  const other = TEXTS_AT + 200;
  for (let length = 0; length < 70; length++) {
    texts.memory.fill(7, TEXTS_AT, TEXTS_AT + 100);
    texts.memory.fill(7, other, other + 100);
    texts.memory[TEXTS_AT + length] = 8;
    expect(texts.same(TEXTS_AT, other, length)).toBe(1);
    for (let at = 0; at < length; at++) {
      texts.memory[other + at] = 9;
      expect(texts.same(TEXTS_AT, other, length)).toBe(0);
      texts.memory[other + at] = 7;
    }
  }
});

test("texts are copied", () => {
  texts.memory.write("one text", TEXTS_AT);
  texts.copy(TEXTS_AT + 50, TEXTS_AT, 8);
  expect(texts.memory.toString("latin1", TEXTS_AT + 50, TEXTS_AT + 58)).toBe("one text");
});
