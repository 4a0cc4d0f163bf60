import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compactAsciiJson, spacedJson } from "../../src/kernel/index.ts";

const PYTHON = `
import json, sys
for line in sys.stdin:
    print(json.dumps(json.loads(line), sort_keys=True, separators=(",", ":")))
`;
/** What Python makes of the lines that JSON.stringify writes. */
const byPython = (values: readonly unknown[]): string[] =>
  execFileSync("python3", ["-c", PYTHON], {
    input: values.map((value) => `${JSON.stringify(value)}\n`).join(""),
    encoding: "utf8",
  })
    .split("\n")
    .slice(0, -1);

describe("numbers of a manifest", () => {
  test("are written as Python writes them, whatever their size", () => {
    const edges = [
      0,
      -0,
      1,
      -1,
      0.1,
      52.52,
      1e-4,
      1e-5,
      1.5e-7,
      1e15,
      1e16,
      2 ** 60,
      1e20,
      1e21,
      1.5e300,
      5e-324,
    ];
    const random = fc.sample(fc.double({ noNaN: true, noDefaultInfinity: true }), { seed: 7, numRuns: 3000 });
    const values = [...edges, ...edges.map((value) => -value), ...random];
    const actual = values.map((value) => compactAsciiJson({ b: value, a: [value] }));
    expect(actual).toEqual(byPython(values.map((value) => ({ b: value, a: [value] }))));
  });

  test("that are none are refused, and a ledger takes integers alone", () => {
    expect(() => compactAsciiJson(Number.NaN)).toThrow(RangeError);
    for (const value of [0.5, 2 ** 53, Number.POSITIVE_INFINITY])
      expect(() => spacedJson(value)).toThrow(RangeError);
    expect(spacedJson([1, -0])).toBe("[1, 0]");
  });
});
