import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isReadByBytes, RowsByBytes, type ScannedRow, scanRows } from "../../src/registry/index.ts";
import { aFile, faultOf, fs } from "./plane.ts";

const SPECS = "spec_id,title,framework_id,status,version,plane_id,created_at";
const shown = (row: ScannedRow | undefined) =>
  row === undefined ? undefined : { key: row.key, line: row.line, cells: { ...row.cells() } };

describe("isReadByBytes()", () => {
  test.each([
    ["a row of two lines", `${SPECS}\nS-1,"a\nb"\n`, false],
    ["a quoted key", `${SPECS}\n"S-1",a\n`, false],
    ["a key behind another column", `title,spec_id\na,S-1\n`, false],
    ["a byte order mark", `\ufeff${SPECS}\nS-1,a\n`, true],
    ["a key twice", `${SPECS}\nS-1,a\nS-2,b\nS-1,a\n`, false],
    ["no row at all", `${SPECS}\n`, false],
    ["quotes and commas in one line", `${SPECS}\r\nS-1,"a, ""b"""\r\n`, true],
  ])("of %s", (_, text, expected) => {
    expect(isReadByBytes(fs, aFile(text), "specs_registry")).toBe(expected);
  });

  test("throws for what cannot be read", () => {
    const path = aFile(`${SPECS}\nS-1,ti"tle\n`);
    expect(faultOf(() => isReadByBytes(fs, path, "specs_registry")).code).toBe("REGISTRY_DAMAGED");
  });
});

describe("RowsByBytes", () => {
  test("finds a key that begins or ends as another, and the first of two", () => {
    const text = `${SPECS}\nS-10,a\nS-1,b\n\nS-1,c\nX-S-1,d\nS-2`;
    const rows = new RowsByBytes("specs_registry", Buffer.from(text));
    expect(shown(rows.find("S-1"))).toMatchObject({ line: 3, cells: { title: "b" } });
    expect(rows.find("S-2")?.line).toBe(7);
    expect(["S", "S-", "1", "", "S-3"].map((key) => rows.find(key))).toEqual(Array(5).fill(undefined));
    expect([...rows.keys()]).toEqual(["S-10", "S-1", "S-1", "X-S-1", "S-2"]);
    expect([...rows.holding("S-1")].map(({ line }) => line)).toEqual([2, 3, 5, 6]);
  });

  test("says what a reading of all rows says, for any file it may read", () => {
    const cell = fc.constantFrom("", "a", "S-1", "naïve", "x/a/", '"a, b"', '"b//"', '"say ""a"""', "a;b");
    const row = fc.tuple(fc.stringMatching(/^S-[12]{1,2}$/), cell, cell).map((cells) => cells.join(","));
    const line = fc.tuple(fc.oneof(row, row, fc.constant("")), fc.constantFrom("\n", "\r\n"));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.boolean(), row, (lines, has_bom, last) => {
        const text = `${has_bom ? "\ufeff" : ""}${SPECS}\n${lines.flat().join("")}${last}`;
        const path = aFile(text);
        const all = [...scanRows(fs, path, "specs_registry")];
        const is_unique = new Set(all.map(({ key }) => key)).size === all.length;
        expect(isReadByBytes(fs, path, "specs_registry")).toBe(is_unique && lines[0]?.[0] !== "");
        const rows = new RowsByBytes("specs_registry", Buffer.from(text));
        expect([...rows.rows()].map(shown)).toEqual(all.map(shown));
        expect([...rows.keys()]).toEqual(all.map(({ key }) => key));
        for (const key of ["S-1", "S-2", "S-11", "S-12", "S-21", "S-22", "S-3"])
          expect(shown(rows.find(key))).toEqual(shown(all.find((one) => one.key === key)));
        for (const part of ["a", ",", "S-1", "naïve"])
          expect([...rows.holding(part)].map(({ line: at }) => at)).toEqual(
            all.filter(({ bytes }) => bytes.includes(part)).map(({ line: at }) => at),
          );
        for (const end of ["a", "/a", "S-1", "b", "ve"]) {
          const ended = all.filter((one) =>
            Object.values(one.cells()).some((one_cell) => one_cell.replace(/\/+$/, "").endsWith(end)),
          );
          const found = [...rows.ending(end)].map(({ line: at }) => at);
          expect(found).toEqual([...new Set(found)].sort((one, other) => one - other));
          expect(found).toEqual(expect.arrayContaining(ended.map(({ line: at }) => at)));
        }
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});
