import fc from "fast-check";
import { expect, test } from "vitest";
import { NeedleSearch } from "../../src/integrity/needle-search.ts";

const search = new NeedleSearch(600);
const letters = fc.constantFrom(...'abab"'.split(""));

test("finds what Node finds, at any place of the room", () => {
  fc.assert(
    fc.property(
      fc.array(letters, { maxLength: 500 }),
      fc.array(letters, { minLength: 9, maxLength: 12 }),
      fc.nat(60),
      fc.nat(400),
      (text, needle, start, at) => {
        const wanted = Buffer.from(needle.join(""));
        const piece = search.room.subarray(start, start + text.length);
        piece.write(text.join(""));
        if (at + wanted.length <= piece.length) piece.set(wanted, at);
        // What stands behind it is no part of it.
        search.room.set(wanted, start + piece.length - 3 < 0 ? 0 : start + piece.length);
        for (const from of [0, at, at + 1])
          expect(search.indexOf(piece, wanted, from)).toBe(piece.indexOf(wanted, from));
      },
    ),
    { seed: 5, numRuns: 2_000 },
  );
});
