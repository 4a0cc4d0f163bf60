import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { idBits, idBitsAt, SeenIds } from "../../src/ledger/seen-ids.ts";

const idOf = (number: number): string =>
  `LED-${createHash("sha256").update(String(number)).digest("hex").slice(0, 32)}`;

describe("SeenIds", () => {
  const COUNT = 200_000;
  const bits = Array.from({ length: COUNT }, (_, number) => idBits(idOf(number)));

  test.each([0, 1_000, COUNT])(
    "made for %i: every id is new once and known from then on",
    (expected_count) => {
      const seen = new SeenIds(expected_count);
      expect(bits.filter((one) => seen.hasMaybe(one))).toEqual([]);
      expect(bits.filter((one) => !seen.hasMaybe(one))).toEqual([]);
    },
  );

  test("in the table of a large ledger, ids that differ in any one of the 52 bits are different", () => {
    const first = "0123456789abcdef0123456789abcdef";
    for (let at = 0; at < 13; at++) {
      const seen = new SeenIds(2 ** 19);
      const other = first.slice(0, at) + (first[at] === "f" ? "e" : "f") + first.slice(at + 1);
      expect(seen.hasMaybe(idBits(`LED-${first}`))).toBe(false);
      expect(seen.hasMaybe(idBits(`LED-${other}`)), other).toBe(false);
    }
  });

  test("ids chosen to stand in the same place end in suspicion, not in a long search", () => {
    const seen = new SeenIds();
    const same = Array.from({ length: 200 }, (_, number) => (number + 1) * 2 ** 28 + (number + 1));
    expect(same.filter((one) => seen.hasMaybe(one)).length).toBe(200 - 64);
  });

  test("ids of other writers are passed over, and bytes say what texts say", () => {
    const seen = new SeenIds();
    for (const id of ["LED-0011aabb", "", `XED-${"0".repeat(32)}`])
      expect([idBits(id), seen.hasMaybe(idBits(id)), seen.hasMaybe(idBits(id))]).toEqual([
        Number.NaN,
        false,
        false,
      ]);
    const bytes = Buffer.from(`"${idOf(7)}"`);
    expect(idBitsAt(bytes, 1, bytes.length - 1)).toBe(idBits(idOf(7)));
  });
});
