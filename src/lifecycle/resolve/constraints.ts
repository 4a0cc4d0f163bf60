/** Everything that can rule a choice out, each with the clause it becomes. A conflict is told as a set of these. */
import { PACKAGE_TIERS } from "../../contracts/index.ts";
import { type Candidate, DEFAULT, type Model, type Package } from "./model.ts";

export type Constraint =
  | { readonly kind: "wanted"; readonly id: string; readonly range: string }
  | {
      readonly kind: "need" | "tier" | "clash";
      readonly by: string;
      readonly version: string;
      readonly is_installed: boolean;
      readonly id: string;
      /** Empty but for `need`. */
      readonly range: string;
    }
  /** No lower version than the installed one. */
  | { readonly kind: "keep"; readonly id: string; readonly version: string };

export const keyOf = (constraint: Constraint): string =>
  constraint.kind === "wanted"
    ? JSON.stringify([constraint.kind, constraint.id, constraint.range])
    : constraint.kind === "keep"
      ? JSON.stringify([constraint.kind, constraint.id])
      : JSON.stringify([constraint.kind, constraint.by, constraint.version, constraint.id, constraint.range]);

/** "This package is one of these." */
export interface Literal {
  readonly of: Package;
  readonly set: bigint;
}

export interface Rule {
  readonly constraint: Constraint;
  /** One of them must hold. */
  readonly literals: readonly Literal[];
}

/** Whether a range counts in full, only as "must be there", or not at all. */
export type Weight = "full" | "presence" | "none";
export type WeightOf = (constraint: Constraint) => Weight;

export function ruleOfWanted(model: Model, id: string, range: string, weightOf: WeightOf): Rule[] {
  const of = model.packageOf(id);
  const constraint: Constraint = { kind: "wanted", id, range };
  const set = allowed(model, of, range, weightOf(constraint));
  return set === undefined ? [] : [{ constraint, literals: [{ of, set }] }];
}

/** What follows once this candidate is taken. */
export function rulesOfCandidate(model: Model, of: Package, index: number, weightOf: WeightOf): Rule[] {
  const candidate = of.candidates[index];
  if (candidate === undefined || candidate.state === "absent" || candidate.state === "left") return [];
  const unless: Literal = { of, set: of.all & ~(1n << BigInt(index)) };
  const is_installed = candidate.state === "kept";
  const from = { by: of.id, version: candidate.version, is_installed };
  const rules: Rule[] = [];
  for (const { id, range } of candidate.dependencies) {
    const other = model.packageOf(id);
    const need: Constraint = { kind: "need", ...from, id, range };
    const set = allowed(model, other, range, weightOf(need));
    if (set !== undefined) rules.push({ constraint: need, literals: [unless, { of: other, set }] });
    const tier: Constraint = { kind: "tier", ...from, id, range: "" };
    // What is installed was judged when it came; only what enters is held to the tiers.
    const low = tierMask(other, candidate);
    if (!is_installed && low !== other.all && weightOf(tier) !== "none")
      rules.push({ constraint: tier, literals: [unless, { of: other, set: low }] });
  }
  for (const id of candidate.conflicts) {
    const clash: Constraint = { kind: "clash", ...from, id, range: "" };
    if (id === of.id || weightOf(clash) === "none") continue;
    const other = model.packageOf(id);
    rules.push({ constraint: clash, literals: [unless, { of: other, set: peaceful(other, is_installed) }] });
  }
  return rules;
}

/** What the plane as it is says about a package that may change: installed dependents, installed enemies, no downgrade. */
export function rulesOfEntering(model: Model, of: Package, weightOf: WeightOf): Rule[] {
  const { installed } = model.problem;
  const rules: Rule[] = [];
  for (const by of model.dependentsOf(of.id)) {
    const other = model.packageOf(by);
    const { version = "", dependencies = [] } = other.candidates[0] ?? {};
    for (const { id, range } of dependencies) {
      if (id !== of.id || by === of.id) continue;
      const need: Constraint = { kind: "need", by, version, is_installed: true, id, range };
      // A dependency that is broken already is no news: only a change must not break it.
      if (weightOf(need) === "full")
        rules.push({
          constraint: need,
          literals: [
            { of: other, set: other.all & ~DEFAULT },
            { of, set: model.fitting(of, range) | DEFAULT | of.unchanged },
          ],
        });
    }
  }
  for (const by of model.enemiesOf(of.id)) {
    const { version = "" } = installed.get(by) ?? {};
    const clash: Constraint = { kind: "clash", by, version, is_installed: true, id: of.id, range: "" };
    if (by === of.id || weightOf(clash) === "none") continue;
    const other = model.packageOf(by);
    rules.push({
      constraint: clash,
      literals: [
        { of: other, set: other.all & ~other.unchanged },
        { of, set: peaceful(of, true) },
      ],
    });
  }
  return [...rules, ...ruleOfKeeping(model, of, weightOf)];
}

function ruleOfKeeping(model: Model, of: Package, weightOf: WeightOf): Rule[] {
  if (of.installed === undefined || model.problem.allow_downgrade) return [];
  const constraint: Constraint = { kind: "keep", id: of.id, version: of.installed.version };
  return weightOf(constraint) === "none" ? [] : [{ constraint, literals: [{ of, set: model.notLower(of) }] }];
}

function allowed(model: Model, of: Package, range: string, weight: Weight): bigint | undefined {
  if (weight === "none") return undefined;
  return weight === "presence" ? of.all & ~DEFAULT : model.fitting(of, range);
}

const rank = ({ tier }: Pick<Candidate, "tier">): number => PACKAGE_TIERS.indexOf(tier);

/** Bit 0 and candidates of the same tier or lower. */
function tierMask(of: Package, above: Candidate): bigint {
  let mask = DEFAULT;
  for (const [index, candidate] of of.candidates.entries())
    if (rank(candidate) <= rank(above)) mask |= 1n << BigInt(index);
  return mask;
}

/** Where the other side of a conflict may stand. Two installed packages are left to live with each other. */
function peaceful(other: Package, is_installed: boolean): bigint {
  if (other.installed === undefined) return DEFAULT;
  return is_installed ? other.unchanged : 0n;
}
