import { describe, expect, test } from "vitest";
import { type Available, type Outcome, type Problem, resolve } from "../../../src/lifecycle/resolve/index.ts";
import { wrongWith } from "./problem.ts";

const PACKAGES = 500;
const VERSIONS = 20;

/** The same numbers for the same seed: mulberry32. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const idOf = (at: number): string => `PKG-T2-P${String(at).padStart(3, "0")}-001`;

/** @param width how many minor versions a range spans: the fewer, the more often versions do not go together */
function manyPackages(seed: number, width: number, back: number): Problem {
  const below = numbersFrom(seed);
  const all = new Map<string, Available[]>();
  for (let at = 0; at < PACKAGES; at++) {
    const versions = Array.from({ length: VERSIONS }, (_, minor): Available => {
      const dependencies = Array.from({ length: at + 1 === PACKAGES ? 0 : 3 }, () => {
        const on = back > 0 && below(back) === 0 ? below(PACKAGES) : at + 1 + below(PACKAGES - at - 1);
        const low = below(VERSIONS);
        return { id: idOf(on), range: `>=1.${Math.max(0, low - width)}.0 <1.${low + width}.0` };
      });
      return { id: idOf(at), version: `1.${minor}.0`, tier: "T2", dependencies, conflicts: [] };
    });
    all.set(idOf(at), versions);
  }
  return {
    wanted: [0, 1, 2, 3, 4].map((at) => ({ id: idOf(at), range: "*" })),
    installed: new Map(),
    versionsOf: (id) => all.get(id) ?? [],
    allow_downgrade: false,
  };
}

/** As people write them: caret ranges on what was current then, a break in the middle, some installed already. */
function usualPackages(seed: number): Problem {
  const below = numbersFrom(seed);
  const all = new Map<string, Available[]>();
  const versionOf = (at: number): string => (at < VERSIONS / 2 ? `1.${at}.0` : `2.${at - VERSIONS / 2}.0`);
  for (let at = 0; at < PACKAGES; at++) {
    const ons = Array.from({ length: at + 1 === PACKAGES ? 0 : 4 }, () =>
      below(5) === 0 ? below(PACKAGES) : at + 1 + below(PACKAGES - at - 1),
    );
    const versions = Array.from({ length: VERSIONS }, (_, when): Available => {
      const dependencies = [...new Set(ons)].map((on) => ({
        id: idOf(on),
        range: `^${versionOf(Math.max(0, when - below(8)))}`,
      }));
      return { id: idOf(at), version: versionOf(when), tier: "T2", dependencies, conflicts: [] };
    });
    all.set(idOf(at), versions);
  }
  return {
    wanted: [0, 1, 2, 3, 4].map((at) => ({ id: idOf(at), range: "*" })),
    installed: new Map(),
    versionsOf: (id) => all.get(id) ?? [],
    allow_downgrade: false,
  };
}

function brokenBy(problem: Problem, outcome: Outcome): string[] {
  if (outcome.kind === "conflict") return [];
  const changed = outcome.chosen.flatMap(({ id, version }) =>
    problem.versionsOf(id).filter((one) => one.version === version),
  );
  return wrongWith(problem, new Map(changed.map((one) => [one.id, one])));
}

function measure(name: string, problemOf: (seed: number) => Problem, seeds: readonly number[]): void {
  const found = seeds.map((seed) => {
    const problem = problemOf(seed);
    const from = performance.now();
    const outcome = resolve(problem);
    const duration_ms = Math.round(performance.now() - from);
    expect(brokenBy(problem, outcome)).toEqual([]);
    const words =
      outcome.kind === "resolution"
        ? `${outcome.chosen.length} chosen`
        : `${outcome.lines.length} lines, ${outcome.lines[0]?.slice(0, 7)}`;
    return `${duration_ms} ms ${words}`;
  });
  console.log(`${name}: ${found.join("; ")}`);
  expect(found).toHaveLength(seeds.length);
}

describe(`${PACKAGES} packages of ${VERSIONS} versions`, () => {
  test.each([
    ["wide ranges", 20, 0],
    ["middling ranges", 10, 10],
    ["narrow ranges", 5, 10],
    ["very narrow ranges", 2, 0],
    ["single versions", 1, 0],
  ])("%s are resolved or refused", (name, width, back) =>
    measure(name, (seed) => manyPackages(seed, width, back), [1]),
  );

  test("usual ranges are resolved", () => measure("usual ranges", usualPackages, [1, 2, 3]));
});
