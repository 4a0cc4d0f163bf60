import { expect, test } from "vitest";
import { CATALOGUE, PHASES } from "../../src/effects/failpoints/index.ts";
import { watchedProduct } from "./watched-product.ts";

test("every point the product passes is in the catalogue", { timeout: 60_000 }, async () => {
  const seen = [...(await watchedProduct()).keys()].sort();
  const known = new Set(CATALOGUE.map(({ pattern }) => pattern));
  const pairs = new Set(seen.map((name) => `*${name.slice(name.indexOf("."))}`));
  const phases = new Set(seen.map((name) => name.slice(0, name.indexOf("."))));
  const unseen = [...known].filter((pattern) => !pairs.has(pattern));
  process.stdout.write(
    `points: ${seen.length} names seen in ${phases.size} phases, ${pairs.size} of ${known.size} catalogue entries; not seen here: ${unseen.join(" ")}\n`,
  );
  expect([...pairs].filter((pattern) => !known.has(pattern))).toEqual([]);
  expect([...phases].filter((phase) => !Object.hasOwn(PHASES, phase))).toEqual([]);
  expect(seen.length).toBeGreaterThan(150);
});
