/** Domains as they shrink, and how they came to: enough to take steps back and to say which step ruled a set out. */
import type { Literal } from "./constraints.ts";
import type { Package } from "./model.ts";

/** A rule of the problem, or one learned from a dead end: one of the literals must hold. */
export interface Clause {
  readonly literals: readonly Literal[];
  /** Index of the constraint it states; undefined when learned. */
  readonly constraint: number | undefined;
  /** What it was learned from. */
  readonly parents: readonly Clause[];
}

export interface Step {
  readonly of: Package;
  readonly before: bigint;
  readonly after: bigint;
  readonly level: number;
  readonly position: number;
  /** Undefined for a guess. */
  readonly reason: Clause | undefined;
}

export class Trail {
  readonly #domains = new Map<Package, bigint>();
  readonly #steps: Step[] = [];
  readonly #of = new Map<Package, Step[]>();
  level = 0;

  domain(of: Package): bigint {
    return this.#domains.get(of) ?? of.all;
  }

  narrow(of: Package, after: bigint, reason: Clause | undefined): void {
    const before = this.domain(of);
    const step: Step = { of, before, after, level: this.level, position: this.#steps.length, reason };
    this.#domains.set(of, after);
    this.#steps.push(step);
    const own = this.#of.get(of);
    if (own === undefined) this.#of.set(of, [step]);
    else own.push(step);
  }

  /** Undoes every step above the level. */
  backTo(level: number): void {
    for (let last = this.#steps.at(-1); last !== undefined && last.level > level; last = this.#steps.at(-1)) {
      this.#domains.set(last.of, last.before);
      this.#of.get(last.of)?.pop();
      this.#steps.pop();
    }
    this.level = level;
  }

  /** The step from which on the literal could no longer hold. The literal must be false now. */
  falsifier({ of, set }: Literal): Step {
    const own = this.#of.get(of) ?? [];
    let found: Step | undefined;
    for (let at = own.length - 1; at >= 0; at--) {
      const step = own[at];
      if (step === undefined || (step.after & set) !== 0n) break;
      found = step;
    }
    if (found === undefined) throw new Error(`${of.id} has not been narrowed`);
    return found;
  }
}

/** Merges literals on the same package; undefined when the clause always holds. */
export function merged(literals: Iterable<Literal>): Literal[] | undefined {
  const sets = new Map<Package, bigint>();
  for (const { of, set } of literals) sets.set(of, (sets.get(of) ?? 0n) | set);
  const result: Literal[] = [];
  for (const [of, set] of sets) {
    if (set === of.all) return undefined;
    if (set !== 0n) result.push({ of, set });
  }
  return result;
}
