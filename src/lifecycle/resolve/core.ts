/** From "these cannot hold together" to the fewest of them: each one left out makes the rest possible. */
import { compareCodePoints } from "../../kernel/index.ts";
import { type Constraint, keyOf, type Weight } from "./constraints.ts";
import type { Model } from "./model.ts";
import { search } from "./search.ts";

/** Clauses looked at while shrinking, over all attempts. What is left then is still true, only longer. */
const STEPS_MAX = 500_000;
const ATTEMPT_STEPS_MAX = 50_000;

/** A constraint that takes part; with `presence` its range does not matter, only that the package must be there. */
export interface Part {
  readonly constraint: Constraint;
  readonly weight: Weight;
}

/** @param core constraints that cannot hold together */
export function minimalCore(model: Model, core: readonly Constraint[]): Part[] {
  let steps_left = STEPS_MAX;
  let weights = new Map<string, Weight>(core.map((one) => [keyOf(one), "full"]));
  const impossible = (tried: ReadonlyMap<string, Weight>): readonly Constraint[] | undefined => {
    if (steps_left <= 0) return undefined;
    const found = search(model, (one) => tried.get(keyOf(one)) ?? "none", ATTEMPT_STEPS_MAX);
    // An attempt costs at least a look at every constraint.
    steps_left -= found.steps + tried.size;
    return found.kind === "impossible" ? found.core : undefined;
  };
  const sorted = [...core].sort((a, b) => compareCodePoints(keyOf(a), keyOf(b)));
  for (const one of sorted) {
    const key = keyOf(one);
    if (!weights.has(key)) continue;
    const rest = impossible(new Map([...weights].filter(([other]) => other !== key)));
    if (rest !== undefined) weights = new Map(rest.map((other) => [keyOf(other), "full"]));
  }
  for (const one of sorted) {
    const key = keyOf(one);
    if (!weights.has(key) || (one.kind !== "need" && one.kind !== "wanted")) continue;
    const weaker = new Map(weights).set(key, "presence");
    if (impossible(weaker) !== undefined) weights = weaker;
  }
  return sorted.flatMap((constraint) => {
    const weight = weights.get(keyOf(constraint));
    return weight === undefined ? [] : [{ constraint, weight }];
  });
}
