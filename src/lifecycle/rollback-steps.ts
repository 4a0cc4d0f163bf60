/** Which earlier state a rollback goes back to, package by package. */
import semver from "semver";
import type { PlaneTier } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { type Head, installedHeads } from "../index-db/index.ts";
import { keptNumbers } from "../journal/index.ts";
import { nearest } from "../kernel/index.ts";
import { type Plane, readGeneration } from "../plane/index.ts";
import { keptSteps, type PackageStep } from "./earlier.ts";
import { make } from "./faults.ts";

export interface Destination {
  /** Ids to roll back; empty undoes the last change of packages as a whole. */
  readonly ids: readonly string[];
  /** Semver range. */
  readonly to?: string | undefined;
  readonly generation?: number | undefined;
  readonly tiers?: readonly PlaneTier[] | undefined;
}

/** Where each package shall go back to. */
export function findSteps(effects: Effects, plane: Plane, request: Destination): PackageStep[] {
  const { fs } = effects;
  const steps = keptSteps(fs, plane.root);
  const kept = keptNumbers(fs, plane.root);
  const { generation } = request;
  if (request.ids.length === 0) {
    const last = steps[0];
    if (last === undefined)
      throw make("NOTHING_TO_UNDO", "no change of packages is kept that could be undone", { kept });
    return steps.filter((step) => step.generation === last.generation);
  }
  const current = readGeneration(fs, plane.root)?.generation ?? 0;
  if (generation !== undefined && generation > current)
    throw make("GENERATION_GONE", `there is no generation ${generation}: ${current} is in force`, {
      generation,
      kept,
    });
  // What is kept reaches back without a gap, so the first number says how far.
  if (
    generation !== undefined &&
    generation < current &&
    (kept[0] ?? Number.POSITIVE_INFINITY) > generation + 1
  )
    throw make("GENERATION_GONE", `what led away from generation ${generation} is not kept any more`, {
      generation,
      kept,
    });
  const installed = installedHeads(effects, plane.root);
  return request.ids.flatMap((id) => stepsOf(steps, id, request, installed));
}

function stepsOf(
  steps: readonly PackageStep[],
  id: string,
  { to, generation, tiers }: Destination,
  installed: readonly Head[],
): PackageStep[] {
  const own = steps.filter(
    (step) =>
      step.package_id === id && (tiers === undefined || tiers.length === 0 || tiers.includes(step.plane_id)),
  );
  const known = installed.map(({ package_id }) => package_id);
  if (own.length === 0 && !known.includes(id))
    throw make("NOT_INSTALLED", `${id} is not installed and no earlier state of it is kept`, {
      package_id: id,
      near: nearest(id, known),
    });
  const fits = (step: PackageStep): boolean => {
    if (generation !== undefined) return step.generation > generation;
    if (step.from === null) return false;
    return to === undefined || semver.satisfies(step.from.version, to, { includePrerelease: true });
  };
  const found = [...new Set(own.map(({ plane_id }) => plane_id))].flatMap((tier) => {
    const fitting = own.filter((step) => step.plane_id === tier && fits(step));
    // The state a generation had is what the first later change displaced; without one, the newest fitting.
    const step = generation === undefined ? fitting[0] : fitting.at(-1);
    return step === undefined ? [] : [step];
  });
  if (found.length > 0 || generation !== undefined) return found;
  const available = [...new Set(own.flatMap(({ from }) => from?.version ?? []))];
  const wanted = to === undefined ? "no earlier version" : `no version in ${to}`;
  throw make("NO_EARLIER_VERSION", `${wanted} of ${id} is kept; kept: ${available.join(", ") || "none"}`, {
    package_id: id,
    available,
  });
}
