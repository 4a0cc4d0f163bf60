import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keyOf } from "../../../src/lifecycle/resolve/constraints.ts";
import { minimalCore } from "../../../src/lifecycle/resolve/core.ts";
import { type Available, type Problem, resolve } from "../../../src/lifecycle/resolve/index.ts";
import { Model } from "../../../src/lifecycle/resolve/model.ts";
import { search } from "../../../src/lifecycle/resolve/search.ts";
import { aProblem, isPossible, type Sketch, wrongWith } from "./problem.ts";

const IDS = ["PKG-A", "PKG-B", "PKG-C", "PKG-D", "PKG-E"];
const VERSIONS = ["1.0.0", "1.1.0", "2.0.0", "2.1.0-rc.1", "2.1.0"];
const RANGES = ["*", "^1.0.0", "^1.1.0", "^2.0.0", ">=1.1.0", "<2.0.0", "1.0.0", "^2.1.0-rc.0", "~2.1.0"];
const RUNS = 600;

const range = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...RANGES) },
  { weight: 1, arbitrary: fc.constant("no range") },
);
const onePackage: fc.Arbitrary<Available> = fc.record({
  id: fc.constantFrom(...IDS),
  version: fc.constantFrom(...VERSIONS),
  tier: fc.constantFrom("T1" as const, "T2" as const, "T2" as const, "T2" as const),
  dependencies: fc.array(fc.record({ id: fc.constantFrom(...IDS), range }), { maxLength: 2 }),
  conflicts: fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.constantFrom(...IDS), { maxLength: 1 }) },
  ),
});
const sketch: fc.Arbitrary<Sketch> = fc.record({
  wanted: fc.dictionary(fc.constantFrom(...IDS), range, { minKeys: 1, maxKeys: 2 }),
  available: fc.uniqueArray(onePackage, {
    minLength: 6,
    maxLength: 13,
    selector: ({ id, version }) => `${id} ${version}`,
  }),
  installed: fc.uniqueArray(onePackage, { maxLength: 3, selector: ({ id }) => id }),
  allow_downgrade: fc.boolean(),
});

function changedBy(problem: Problem): Map<string, Available> | undefined {
  const outcome = resolve(problem);
  if (outcome.kind === "conflict") return undefined;
  const changed = new Map<string, Available>();
  for (const { id, version } of outcome.chosen) {
    const one = problem.versionsOf(id).find((offered) => offered.version === version);
    if (one === undefined) throw new Error(`${id} ${version} does not exist`);
    changed.set(id, one);
  }
  return changed;
}

describe("resolve() beside a search that tries everything", () => {
  test("finds a resolution exactly when there is one, and it breaks no rule", () => {
    let possible = 0;
    fc.assert(
      fc.property(sketch, (drawn) => {
        const problem = aProblem(drawn);
        const changed = changedBy(problem);
        expect(changed !== undefined).toBe(isPossible(problem, IDS));
        if (changed === undefined) return;
        possible++;
        expect(wrongWith(problem, changed)).toEqual([]);
      }),
      { seed: 20_261_121, numRuns: RUNS },
    );
    // Both answers must have been put to the test.
    expect(possible).toBeGreaterThan(RUNS / 10);
    expect(possible).toBeLessThan((RUNS * 9) / 10);
  });

  test("changes nothing that could have stayed", () => {
    fc.assert(
      fc.property(sketch, (drawn) => {
        const problem = aProblem(drawn);
        const changed = changedBy(problem) ?? new Map<string, Available>();
        for (const id of changed.keys()) {
          const without = new Map(changed);
          without.delete(id);
          expect(wrongWith(problem, without), id).not.toEqual([]);
        }
      }),
      { seed: 3, numRuns: RUNS },
    );
  });

  test("answers the same, whatever the order of its input", () => {
    fc.assert(
      fc.property(sketch, fc.nat(), (drawn, salt) => {
        const turned = <T>(items: readonly T[]): T[] => {
          const by = items.length === 0 ? 0 : salt % items.length;
          return [...items.slice(by), ...items.slice(0, by)].reverse();
        };
        const shuffled = (one: Available): Available => ({
          ...one,
          dependencies: turned(one.dependencies),
          conflicts: turned(one.conflicts),
        });
        const again: Sketch = {
          ...drawn,
          wanted: Object.fromEntries(turned(Object.entries(drawn.wanted))),
          available: turned(drawn.available ?? []).map(shuffled),
          installed: turned(drawn.installed ?? []).map(shuffled),
        };
        expect(resolve(aProblem(again))).toEqual(resolve(aProblem(drawn)));
      }),
      { seed: 11, numRuns: RUNS },
    );
  });

  test("blames a minimal set: it cannot hold, and can once one of them is left out", () => {
    fc.assert(
      fc.property(sketch, (drawn) => {
        const model = new Model(aProblem(drawn));
        const found = search(model, () => "full", 1_000_000);
        if (found.kind !== "impossible") return;
        const weights = new Map(
          minimalCore(model, found.core).map((one) => [keyOf(one.constraint), one.weight]),
        );
        const kindWithout = (left_out: string | undefined): string =>
          search(
            model,
            (one) => (keyOf(one) === left_out ? "none" : (weights.get(keyOf(one)) ?? "none")),
            1_000_000,
          ).kind;
        expect(kindWithout(undefined)).toBe("impossible");
        for (const key of weights.keys()) expect(kindWithout(key), key).toBe("solution");
      }),
      { seed: 5, numRuns: RUNS },
    );
  });

  test("always explains a conflict in words", () => {
    fc.assert(
      fc.property(sketch, (drawn) => {
        const outcome = resolve(aProblem(drawn));
        if (outcome.kind === "resolution") {
          for (const { why } of outcome.chosen) expect(why[0]).toMatch(/^you asked for PKG-/);
          return;
        }
        expect(outcome.package_id).toMatch(/^PKG-/);
        expect(outcome.clauses.length + outcome.lines.length).toBeGreaterThan(0);
        expect(outcome.lines.join("\n")).not.toMatch(/undefined|\(\)|  /);
      }),
      { seed: 7, numRuns: RUNS },
    );
  });
});
