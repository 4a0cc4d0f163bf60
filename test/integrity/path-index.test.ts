import fc from "fast-check";
import { expect, test } from "vitest";
import { PathIndex } from "../../src/integrity/path-index.ts";

const path = fc.stringMatching(/^[ab]?\/?[abc]?\/?[a-e]{1,2}$/);

test("says of paths in any order what a map says", () => {
  fc.assert(
    fc.property(fc.array(path, { maxLength: 120 }), fc.array(path, { maxLength: 30 }), (added, asked) => {
      const paths: string[] = [];
      const index = new PathIndex(paths);
      const map = new Map<string, number>();
      for (const one of added) {
        const known = map.get(one);
        expect(index.add(one)).toBe(known);
        if (known !== undefined) continue;
        map.set(one, paths.length);
        paths.push(one);
      }
      for (const one of [...asked, ...paths, ...paths.toSorted()])
        expect(index.indexOf(one)).toBe(map.get(one));
    }),
    { seed: 8, numRuns: 1_000 },
  );
});

test("a folder of thousands in no order, and one in order, folder after folder", () => {
  const paths: string[] = [];
  const index = new PathIndex(paths);
  const names = Array.from({ length: 3000 }, (_, at) => `x/${(at * 7919) % 3000}`);
  const sorted = Array.from({ length: 3000 }, (_, at) => `${at % 2 === 0 ? "a" : "b"}/${10_000 + at}`).sort();
  for (const one of [...names, ...sorted]) {
    expect(index.add(one)).toBeUndefined();
    paths.push(one);
  }
  for (const [at, one] of paths.entries()) expect(index.indexOf(one)).toBe(at);
  expect(index.indexOf("a/1")).toBeUndefined();
  expect(index.indexOf("none/1")).toBeUndefined();
});
