/** A dead end in plain sentences: who wants what, down to what there is, with nothing in it that does not take part. */
import { compareCodePoints } from "../../kernel/index.ts";
import type { Constraint } from "./constraints.ts";
import type { Part } from "./core.ts";
import { type Model, offeredOf } from "./model.ts";
import { Origins } from "./origins.ts";
import { availableLine, sentences } from "./sentences.ts";
import type { Clause, Conflict } from "./types.ts";

/** Packages told about beside the one the conflict is named after. */
const OTHERS_MAX = 3;

/** @param parts a minimal core; empty only when nothing was asked for */
export function explain(model: Model, parts: readonly Part[]): Conflict {
  const constraints = parts.map(({ constraint }) => constraint);
  const origins = new Origins(model, constraints);
  const leaves = leafTargets(constraints, origins);
  const unwelcome = new Set(
    constraints.flatMap((one) => (one.kind === "clash" || one.kind === "tier" ? [one.id] : [])),
  );
  const told = parts
    // That a package must be there shows in the brackets; only a range that matters gets its own sentence.
    .filter(
      ({ constraint: { id }, weight }) => weight === "full" || (leaves.includes(id) && !unwelcome.has(id)),
    )
    .map(({ constraint }) => constraint)
    .sort((a, b) => origins.depth(a) - origins.depth(b) || compareCodePoints(a.id, b.id));
  const package_id = mostTelling(model, told, leaves);
  const clauses = constraints
    .filter((one) => one.id === package_id)
    .sort((a, b) => origins.depth(a) - origins.depth(b))
    .flatMap((one) => clauseOf(one, origins));
  const last = leaves.filter((id) => id !== package_id);
  const onTheWay = told.filter((one) => !leaves.includes(one.id));
  const lines = sentences(model, onTheWay, origins);
  if (last.length > OTHERS_MAX) lines.push(`${last.length - OTHERS_MAX} more packages take part`);
  for (const id of [...last.slice(0, OTHERS_MAX), package_id]) {
    const own = told.filter((one) => one.id === id);
    lines.push(...sentences(model, own, origins), ...availableLine(model, id, own));
  }
  const available = offeredOf(model, package_id);
  return { kind: "conflict", package_id, missing: available.length === 0, clauses, available, lines };
}

/** When the search was stopped: what was asked for, and that nothing is known. */
export function explainGivingUp(model: Model): Conflict {
  const wanted = [...model.problem.wanted].sort((a, b) => compareCodePoints(a.id, b.id));
  const package_id = wanted[0]?.id ?? "";
  const clauses = wanted
    .filter(({ id }) => id === package_id)
    .map(({ range }): Clause => ({ by: "you", version: null, range, chain: [] }));
  const available = offeredOf(model, package_id);
  const lines = [
    `gave up looking for versions that go with ${package_id}: too many combinations were tried; name exact versions`,
  ];
  return { kind: "conflict", package_id, missing: available.length === 0, clauses, available, lines };
}

/** Packages the core says something about without going further down. By code point. */
function leafTargets(constraints: readonly Constraint[], origins: Origins): string[] {
  const targets = new Set(constraints.map(({ id }) => id));
  const leaves = [...targets].filter((id) => !origins.hasBelow(id));
  return (leaves.length > 0 ? leaves : [...targets]).sort(compareCodePoints);
}

/** A missing package first, else the one with the most clauses. */
function mostTelling(model: Model, told: readonly Constraint[], leaves: readonly string[]): string {
  const count = (id: string): number => told.filter((one) => one.id === id).length;
  const missing = leaves.find((id) => offeredOf(model, id).length === 0 && count(id) > 0);
  if (missing !== undefined && told.every(({ kind }) => kind === "need" || kind === "wanted")) return missing;
  return [...leaves].sort((a, b) => count(b) - count(a) || compareCodePoints(a, b))[0] ?? "";
}

function clauseOf(constraint: Constraint, origins: Origins): Clause[] {
  if (constraint.kind !== "need" && constraint.kind !== "wanted") return [];
  if (constraint.kind === "wanted") return [{ by: "you", version: null, range: constraint.range, chain: [] }];
  const { by, version, range } = constraint;
  return [{ by, version, range, chain: origins.chainTo(by, version) }];
}
