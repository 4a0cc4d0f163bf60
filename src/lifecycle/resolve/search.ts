/**
 * Search with conflict learning: a dead end is resolved with the reasons of its steps into a new clause that forbids it
 * everywhere, and the search goes back as far as that clause allows. Ranges of a package are read when it is first taken.
 */

import { compareCodePoints } from "../../kernel/index.ts";
import {
  type Constraint,
  keyOf,
  type Rule,
  ruleOfWanted,
  rulesOfCandidate,
  rulesOfEntering,
  type WeightOf,
} from "./constraints.ts";
import { type Candidate, DEFAULT, type Model, type Package } from "./model.ts";
import { type Clause, merged, Trail } from "./trail.ts";

/** Clauses looked at before the search gives up; a second or two at most. */
export const STEPS_MAX = 3_000_000;

/** Dead ends after which every candidate's own needs are read before it is tried: dearer, but hard problems yield. */
const LOOK_AHEAD_AFTER = 50;

export type Found =
  | { readonly kind: "solution"; readonly taken: ReadonlyMap<string, Candidate> }
  /** Constraints that cannot hold together, not necessarily the fewest. */
  | { readonly kind: "impossible"; readonly core: readonly Constraint[] }
  | { readonly kind: "gave_up" };

/** @param steps_max clauses looked at before it gives up */
export function search(
  model: Model,
  weightOf: WeightOf,
  steps_max: number,
): Found & { readonly steps: number } {
  const one = new Search(model, weightOf, steps_max);
  const found = one.run();
  return { ...found, steps: one.steps(steps_max) };
}

class Search {
  readonly #model: Model;
  readonly #weightOf: WeightOf;
  #steps_left: number;
  readonly #trail = new Trail();
  readonly #constraints: Constraint[] = [];
  readonly #index = new Map<string, number>();
  readonly #clauses = new Map<Package, Clause[]>();
  readonly #taken = new Set<string>();
  readonly #entered = new Set<Package>();
  #queue: (Package | Clause)[] = [];
  #dead_ends = 0;
  /** How often a package took part in a dead end. Those that did are decided early. */
  readonly #trouble = new Map<Package, number>();

  constructor(model: Model, weightOf: WeightOf, steps_max: number) {
    this.#model = model;
    this.#weightOf = weightOf;
    this.#steps_left = steps_max;
  }

  steps(steps_max: number): number {
    return steps_max - this.#steps_left;
  }

  run(): Found {
    const wanted = this.#model.problem.wanted.map(({ id, range }) => ({ id, range }));
    wanted.sort((a, b) => compareCodePoints(a.id, b.id) || compareCodePoints(a.range, b.range));
    for (const { id, range } of wanted) this.#add(ruleOfWanted(this.#model, id, range, this.#weightOf));
    for (;;) {
      const failed = this.#propagate();
      if (this.#steps_left < 0) return { kind: "gave_up" };
      if (failed !== undefined) {
        const learned = this.#learn(failed);
        if (learned.literals.length === 0) return { kind: "impossible", core: this.#origins(learned) };
        this.#install(learned);
        continue;
      }
      const open = this.#nextOpen(wanted);
      if (open === undefined) return { kind: "solution", taken: this.#solution() };
      this.#trail.level++;
      const domain = this.#trail.domain(open);
      this.#narrow(open, domain & -domain, undefined);
    }
  }

  /** Runs clauses until nothing changes; returns one that cannot hold. */
  #propagate(): Clause | undefined {
    for (let at = 0; at < this.#queue.length; at++) {
      const next = this.#queue[at];
      if (next === undefined) continue;
      const clauses = "id" in next ? (this.#clauses.get(next) ?? []) : [next];
      // By index: taking a candidate adds clauses, which are queued on their own.
      for (let i = 0, end = clauses.length; i < end; i++) {
        const clause = clauses[i];
        if (clause !== undefined && !this.#check(clause)) {
          this.#queue = [];
          return clause;
        }
      }
      if (this.#steps_left < 0) break;
    }
    this.#queue = [];
    return undefined;
  }

  /** False when no literal can hold any more; narrows when only one can. */
  #check(clause: Clause): boolean {
    this.#steps_left--;
    let open: { of: Package; left: bigint } | undefined;
    for (const { of, set } of clause.literals) {
      const domain = this.#trail.domain(of);
      const left = domain & set;
      if (left === domain) return true;
      if (left === 0n) continue;
      if (open !== undefined) return true;
      open = { of, left };
    }
    if (open === undefined) return false;
    this.#narrow(open.of, open.left, clause);
    return true;
  }

  #narrow(of: Package, after: bigint, reason: Clause | undefined): void {
    this.#trail.narrow(of, after, reason);
    this.#queue.push(of);
    if ((after & DEFAULT) === 0n && !this.#entered.has(of)) {
      this.#entered.add(of);
      this.#add(rulesOfEntering(this.#model, of, this.#weightOf));
    }
    if ((after & (after - 1n)) === 0n) this.#take(of, after.toString(2).length - 1);
    else if ((after & DEFAULT) === 0n && this.#dead_ends >= LOOK_AHEAD_AFTER) this.#takeAll(of, after);
  }

  /** Looks ahead: what follows from each candidate, so that one which cannot be is struck out before it is tried. */
  #takeAll(of: Package, domain: bigint): void {
    for (let index = 0, rest = domain; rest !== 0n; index++, rest >>= 1n)
      if ((rest & 1n) !== 0n) this.#take(of, index);
  }

  #take(of: Package, index: number): void {
    const key = `${index} ${of.id}`;
    if (this.#taken.has(key)) return;
    this.#taken.add(key);
    this.#add(rulesOfCandidate(this.#model, of, index, this.#weightOf));
  }

  #add(rules: readonly Rule[]): void {
    for (const { constraint, literals } of rules) {
      const kept = merged(literals);
      if (kept === undefined) continue;
      const key = keyOf(constraint);
      let index = this.#index.get(key);
      if (index === undefined) this.#index.set(key, (index = this.#constraints.push(constraint) - 1));
      this.#watch({ literals: kept, constraint: index, parents: [] });
    }
  }

  /**
   * Nothing is looked at again after going back: each clause names a package that has to be narrowed anew before the
   * clause can fail, and that brings it up.
   */
  #watch(clause: Clause): void {
    for (const { of } of clause.literals) {
      const known = this.#clauses.get(of);
      if (known === undefined) this.#clauses.set(of, [clause]);
      else known.push(clause);
    }
    this.#queue.push(clause);
  }

  /** Resolves the failed clause with the reasons of its latest steps until going back would make it act. */
  #learn(failed: Clause): Clause {
    let literals = failed.literals;
    const parents = [failed];
    for (;;) {
      const steps = literals.map((literal) => ({ literal, step: this.#trail.falsifier(literal) }));
      steps.sort((a, b) => b.step.position - a.step.position);
      const [latest, second] = steps;
      if (latest === undefined) break;
      const { reason, level } = latest.step;
      if (reason === undefined || (level > 0 && (second === undefined || second.step.level < level))) break;
      const own = reason.literals.find(({ of }) => of === latest.literal.of);
      const others = [...literals, ...reason.literals].filter(({ of }) => of !== latest.literal.of);
      const rest = { of: latest.literal.of, set: latest.literal.set & (own?.set ?? 0n) };
      literals = merged([...others, rest]) ?? [];
      parents.push(reason);
      this.#steps_left -= literals.length;
      this.#trouble.set(latest.literal.of, (this.#trouble.get(latest.literal.of) ?? 0) + 1);
    }
    return { literals, constraint: undefined, parents };
  }

  /** Goes back to where the learned clause has one open literal, and adds it. */
  #install(learned: Clause): void {
    const levels = learned.literals.map((literal) => this.#trail.falsifier(literal).level);
    levels.sort((a, b) => b - a);
    const level = levels[1] ?? 0;
    this.#trail.backTo(level);
    this.#watch(learned);
    for (const { of } of learned.literals) this.#trouble.set(of, (this.#trouble.get(of) ?? 0) + 1);
    if (++this.#dead_ends === LOOK_AHEAD_AFTER)
      for (const of of this.#entered) this.#takeAll(of, this.#trail.domain(of) & ~DEFAULT);
  }

  /** Wanted ones first, then the one with the fewest versions left for its trouble so far, then by id. */
  #nextOpen(wanted: readonly { readonly id: string }[]): Package | undefined {
    const isOpen = (of: Package): boolean => {
      const domain = this.#trail.domain(of);
      return (domain & DEFAULT) === 0n && (domain & (domain - 1n)) !== 0n;
    };
    for (const { id } of wanted) if (isOpen(this.#model.packageOf(id))) return this.#model.packageOf(id);
    let best: { of: Package; score: number } | undefined;
    for (const of of this.#entered) {
      if (!isOpen(of)) continue;
      const score = bits(this.#trail.domain(of)) / (1 + (this.#trouble.get(of) ?? 0));
      const order = best === undefined ? -1 : score - best.score || compareCodePoints(of.id, best.of.id);
      if (order < 0) best = { of, score };
    }
    return best?.of;
  }

  #solution(): Map<string, Candidate> {
    const taken = new Map<string, Candidate>();
    for (const of of this.#entered) {
      const domain = this.#trail.domain(of);
      const candidate = of.candidates[domain.toString(2).length - 1];
      if ((domain & DEFAULT) === 0n && candidate !== undefined) taken.set(of.id, candidate);
    }
    return taken;
  }

  #origins(clause: Clause): Constraint[] {
    const seen = new Set<Clause>([clause]);
    const found = new Set<number>();
    for (const one of seen) {
      if (one.constraint !== undefined) found.add(one.constraint);
      for (const parent of one.parents) seen.add(parent);
    }
    return [...found].flatMap((index) => this.#constraints[index] ?? []);
  }
}

function bits(mask: bigint): number {
  let count = 0;
  for (let rest = mask; rest !== 0n; rest &= rest - 1n) count++;
  return count;
}
