/** Small problems for the resolver, written down short. */
import semver from "semver";
import type { Available, InstalledPackage, Outcome, Problem } from "../../../src/lifecycle/resolve/index.ts";
import { resolve } from "../../../src/lifecycle/resolve/index.ts";

type Tier = Available["tier"];

interface More {
  readonly tier?: Tier;
  readonly conflicts?: readonly string[];
}

/** @param needs ranges by id */
export function aPackage(
  id: string,
  version: string,
  needs: Record<string, string> = {},
  more: More = {},
): Available {
  const dependencies = Object.entries(needs).map(([on, range]) => ({ id: on, range }));
  return { id, version, tier: more.tier ?? "T3", dependencies, conflicts: more.conflicts ?? [] };
}

export interface Sketch {
  /** Ranges by id. */
  readonly wanted: Record<string, string>;
  readonly available?: readonly Available[];
  readonly installed?: readonly Available[];
  readonly allow_downgrade?: boolean;
}

export function aProblem({
  wanted,
  available = [],
  installed = [],
  allow_downgrade = false,
}: Sketch): Problem {
  return {
    wanted: Object.entries(wanted).map(([id, range]) => ({ id, range })),
    installed: new Map(installed.map(({ id, ...rest }): [string, InstalledPackage] => [id, rest])),
    versionsOf: (id) => available.filter((one) => one.id === id),
    allow_downgrade,
  };
}

export const solve = (sketch: Sketch): Outcome => resolve(aProblem(sketch));

/** `ID VERSION` in the order they enter; a conflict fails with its lines. */
export function chosenBy(outcome: Outcome): string[] {
  if (outcome.kind === "conflict") throw new Error(outcome.lines.join("\n"));
  return outcome.chosen.map(({ id, version }) => `${id} ${version}`);
}

export function linesOf(outcome: Outcome): readonly string[] {
  if (outcome.kind === "resolution") throw new Error(`resolved: ${chosenBy(outcome).join(", ")}`);
  return outcome.lines;
}

const TIERS: readonly Tier[] = ["G0", "T0", "T1", "T2", "T3"];

/** What would be there afterwards. */
interface State {
  readonly one: InstalledPackage;
  readonly is_new: boolean;
}

/** Every rule of the resolver, written down a second time: what is wrong with ending up here. */
// oxlint-disable-next-line complexity -- the rules in one place, so that they can be held against the text
export function wrongWith(problem: Problem, changed: ReadonlyMap<string, Available>): string[] {
  const after = new Map<string, State>();
  for (const [id, one] of problem.installed) after.set(id, { one, is_new: false });
  for (const [id, one] of changed) after.set(id, { one, is_new: true });
  const takes = (id: string, range: string): boolean => {
    const at = after.get(id);
    if (at === undefined) return false;
    const present = problem.installed.get(id);
    const versions = [...problem.versionsOf(id).map(({ version }) => version), present?.version ?? "1.0.0-x"];
    const includePrerelease = !at.is_new || versions.every((version) => version.includes("-"));
    return semver.satisfies(at.one.version, range, { includePrerelease });
  };
  const reached = new Set([...problem.wanted.map(({ id }) => id), ...changed.keys()]);
  for (const id of reached) for (const need of after.get(id)?.one.dependencies ?? []) reached.add(need.id);
  const wrong = problem.wanted.filter(({ id, range }) => !takes(id, range)).map(({ id }) => `wanted ${id}`);
  for (const [id, { one, is_new }] of after) {
    const present = problem.installed.get(id);
    if (
      is_new &&
      present !== undefined &&
      !problem.allow_downgrade &&
      semver.lt(one.version, present.version)
    )
      wrong.push(`downgrade of ${id}`);
    for (const need of one.dependencies) {
      const target = after.get(need.id);
      if ((reached.has(id) || target?.is_new === true) && !takes(need.id, need.range))
        wrong.push(`${id} needs ${need.id} ${need.range}`);
      if (is_new && target !== undefined && TIERS.indexOf(target.one.tier) > TIERS.indexOf(one.tier))
        wrong.push(`tier of ${id} and ${need.id}`);
    }
    for (const other of one.conflicts) {
      const target = after.get(other);
      if (other !== id && target !== undefined && (is_new || target.is_new))
        wrong.push(`${id} against ${other}`);
    }
  }
  return wrong;
}

/** Tries every combination. Only for small problems. */
export function isPossible(problem: Problem, ids: readonly string[]): boolean {
  const tryFrom = (at: number, changed: ReadonlyMap<string, Available>): boolean => {
    const id = ids[at];
    if (id === undefined) return wrongWith(problem, changed).length === 0;
    if (tryFrom(at + 1, changed)) return true;
    return problem
      .versionsOf(id)
      .some(
        (one) =>
          one.version !== problem.installed.get(id)?.version &&
          tryFrom(at + 1, new Map(changed).set(id, one)),
      );
  };
  return tryFrom(0, new Map());
}
