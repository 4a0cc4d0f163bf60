import fc from "fast-check";
import { expect, test } from "vitest";
import { lastWords } from "../../src/sandbox/index.ts";

test("the end of what was said, on one line", () => {
  expect(lastWords("a\r\n\tb\u001b[31mred\u0000\u202e\ud800 ")).toBe("a b [31mred");
  expect(lastWords(`${"x".repeat(500)}end`)).toBe(`${"x".repeat(397)}end`);
  expect(lastWords(" \n")).toBe("");
});

test("never longer than asked, never with a control character or half of a character", () => {
  const text = fc.string({ unit: "binary", maxLength: 2_000 });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 50 }), (said, characters_max) => {
      const words = lastWords(said, characters_max);
      expect(Array.from(words).length).toBeLessThanOrEqual(characters_max);
      expect(words).not.toMatch(/\p{C}/u);
      expect(words.isWellFormed()).toBe(true);
    }),
    { seed: 3, numRuns: 200 },
  );
});
