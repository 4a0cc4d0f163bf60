/** Chooses versions so that every range is satisfied, or says in a chain of who wants what why that cannot be. Pure. */
import { minimalCore } from "./core.ts";
import { entryOrder } from "./entry-order.ts";
import { explain, explainGivingUp } from "./explain.ts";
import { Model } from "./model.ts";
import { STEPS_MAX, search } from "./search.ts";
import type { Outcome, Problem } from "./types.ts";
import { reasonsOf } from "./why.ts";

/**
 * Everything wanted, and whatever that needs, in versions that go together with what is installed and stays.
 *
 * - What is installed stays where that satisfies everything, also what is wanted. Otherwise what is wanted is as new as
 *   can be, in the order of ids; what is only needed is the newest that leaves installed packages alone, else the newest.
 * - An installed package is replaced by a lower version only with `allow_downgrade`.
 * - Installed dependents of what changes count, and may be replaced. A dependency of an installed package that is broken
 *   already is demanded only when that package is needed.
 * - A package depends on its own tier or lower. Two packages of which either names the other in `conflicts` cannot both
 *   be there, unless both are installed already and stay.
 * - A prerelease is taken only by a range that names a prerelease of the same version (npm's rule), or by every range when
 *   nothing else is available or installed. What is installed satisfies ranges as a prerelease too.
 * - A range that is no semver range is satisfied by nothing.
 *
 * The result does not depend on the order of anything in the problem. Throws nothing of its own.
 */
export function resolve(problem: Problem): Outcome {
  const model = new Model(problem);
  const found = search(model, () => "full", STEPS_MAX);
  if (found.kind === "gave_up") return explainGivingUp(model);
  if (found.kind === "impossible") return explain(model, minimalCore(model, found.core));
  const why = reasonsOf(model, found.taken);
  const chosen = entryOrder(found.taken).map((id) => ({
    id,
    version: found.taken.get(id)?.version ?? "",
    why: why.get(id) ?? [],
  }));
  return { kind: "resolution", chosen };
}
