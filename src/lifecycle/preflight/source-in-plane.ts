/** What only a plane can say of a source: what is installed, stored, registered and owned there. */
import type { PreflightCheckId } from "../../contracts/index.ts";
import { findOwners } from "../../index-db/index.ts";
import { Fault } from "../../kernel/index.ts";
import type { Plane } from "../../plane/index.ts";
import { checkOf, checkRanges } from "../../preflight/index.ts";
import { readPolicy } from "../../provenance/index.ts";
import { readReceipt, tierPrefix } from "../../receipts/index.ts";
import { checkResolvable } from "../choose.ts";
import type { SourceFile } from "../collect.ts";
import { checkNeeds, withConflict } from "../install-plan.ts";
import { readLeftovers } from "../leftovers.ts";
import { placeAssets } from "../place.ts";
import { checkNamespaces } from "../plugin/namespace.ts";
import { checkPluginEntry } from "../plugin-entry.ts";
import { addFaults, type Judged, runtimeFor } from "./judge.ts";
import { addStoredConfig } from "./stored-config.ts";
import { headsOf, type PreflightWorld } from "./world.ts";

/** Checks of a source that need a plane. */
export const SOURCE_IN_PLANE: readonly PreflightCheckId[] = [
  "permission-policy",
  "dependencies",
  "governance-chain",
  "ownership",
];

type InPlane = PreflightWorld & { readonly plane: Plane };

export async function judgeSourceInPlane(
  world: InPlane,
  judged: Judged,
  files: readonly SourceFile[],
): Promise<void> {
  const { manifest, tally } = judged;
  const { dependencies, conflicts, spec_id, framework_id } = manifest;
  tally.ran("dependencies", dependencies.length + conflicts.length);
  tally.ran("governance-chain", [spec_id, framework_id].filter((id) => id !== undefined).length);
  if (manifest.plugin !== undefined) tally.ran("permission-policy", 1);
  const entry = (await checkPluginEntry(world.effects, world.plane, manifest)).filter(isOfPlane);
  entry.push(
    ...checkNamespaces(world.effects, world.plane, [{ target: { manifest }, tier: manifest.plane_id }]),
  );
  const faults = [...entry, ...(await needs(world, judged)), ...(await ownership(world, judged, files))];
  await addFaults(judged, faults);
  await addStoredConfig(world, judged);
  signatures(world, judged);
}

const COMES_WITH_IT = new Set(["DEPENDENCY_MISSING", "DEPENDENCY_RANGE", "DEPENDENT_RANGE"]);
const OF_PLANE = new Set<PreflightCheckId>([
  "dependencies",
  "tier-direction",
  "governance-chain",
  "ownership",
  "permission-policy",
]);
/** The others are judged without a plane already. */
const isOfPlane = ({ code, details }: Fault): boolean => OF_PLANE.has(checkOf(code, details["runtime"]));

/** As an install would find it, with what the store would bring in. */
async function needs(world: InPlane, { manifest, tally }: Judged): Promise<Fault[]> {
  const { effects, plane, runtime } = world;
  const installed = headsOf(world);
  const versions = await runtimeFor(manifest, runtime);
  const fresh = !installed.some(({ package_id }) => package_id === manifest.package_id);
  // A range that is none is told by itself, and nothing can be chosen by it.
  const conflict =
    checkRanges(manifest).length > 0
      ? undefined
      : checkResolvable(effects, plane, manifest, { runtime: versions, heads: installed });
  const faults = checkNeeds(effects, plane, installed, [{ manifest, fresh }], versions);
  // What is not installed yet and can be had comes in with it.
  const unmet = faults.filter(({ code }) => !COMES_WITH_IT.has(code));
  const all = withConflict(unmet, conflict);
  const explained = conflict === undefined || all.includes(conflict) ? undefined : all[0];
  if (explained !== undefined) tally.skipped(["dependencies"], `what ${explained.code} says comes first`);
  return all.filter(isOfPlane);
}

async function ownership(
  { effects, plane }: InPlane,
  { manifest, tally }: Judged,
  files: readonly SourceFile[],
): Promise<Fault[]> {
  if (files.length === 0) return [];
  const { package_id, plane_id, assets } = manifest;
  const prefix = tierPrefix(plane_id);
  const before = readReceipt(effects.fs, plane.root, package_id, plane_id);
  const wanted = new Set(assets.map(({ path }) => prefix + path));
  const owners = findOwners(effects, plane.root, wanted);
  const leftovers = [...readLeftovers(effects.fs, plane.root)].filter(([, id]) => id === package_id);
  const placed = await placeAssets(
    effects,
    plane,
    {
      package_id,
      prefix,
      owned: new Map((before?.receipt.files ?? []).map((file) => [file.path, file])),
      leftovers: new Set(leftovers.map(([path]) => path)),
      accept_drift: false,
    },
    assets,
    owners,
  );
  tally.ran("ownership", assets.length);
  return [...placed.problems];
}

/** Nothing is signed before it is packed; a policy that wants signatures is met later or not at all. */
function signatures({ effects, plane }: InPlane, { tally }: Judged): void {
  try {
    const policy = readPolicy(effects, plane);
    if (policy.signatures.length > 0)
      tally.skipped(["signature-policy"], "a source is not signed; pack it and judge the archive");
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    tally.skipped(["signature-policy"], error.message);
  }
}
