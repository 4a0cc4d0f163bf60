/** From remembered states to the exact file plan of going back. Reads the plane, changes nothing. */
import type { Effects } from "../effects/index.ts";
import { type Head, installedHeads } from "../index-db/index.ts";
import { bare, type Fault, prefixed } from "../kernel/index.ts";
import { digestOf, type Plane } from "../plane/index.ts";
import { readReceipt } from "../receipts/index.ts";
import type { PackageChange } from "./apply-change.ts";
import { type Candidate, readCandidate } from "./candidate.ts";
import { storedArchive } from "./drift.ts";
import { type EarlierState, type PackageStep, readEarlier } from "./earlier.ts";
import { make } from "./faults.ts";
import { checkDependents } from "./install-plan.ts";
import { KeptBytes } from "./kept-bytes.ts";
import { planLeaving } from "./leaving.ts";
import { checkOwnPaths } from "./own-paths.ts";
import { type Ask, planEntering } from "./plan-entering.ts";
import type { Entering, Target } from "./target.ts";

export interface RollbackPlan extends PackageChange {
  readonly problems: readonly Fault[];
}

export async function planRollback(
  effects: Effects,
  plane: Plane,
  steps: readonly PackageStep[],
  { accept_drift }: { readonly accept_drift: boolean },
): Promise<RollbackPlan> {
  const installed = installedHeads(effects, plane.root);
  const kept = KeptBytes.read(effects.fs, plane.root);
  const asks: Ask[] = [];
  const leaving: PackageChange["leaving"][number][] = [];
  const problems: Fault[] = [];
  for (const step of steps) {
    const before = readReceipt(effects.fs, plane.root, step.package_id, step.plane_id);
    if (step.from === null) {
      if (before === undefined) continue;
      problems.push(...checkOwnPaths(effects, plane, before.receipt));
      leaving.push({ installed: before, leaves: await planLeaving(effects, plane, before, false) });
      continue;
    }
    const target = await earlierTarget(effects, plane, step, kept);
    const same =
      before?.receipt.manifest_hash === target.manifest_hash &&
      before.receipt.version === target.manifest.version;
    if (!same) asks.push({ target, tier: step.plane_id, before });
  }
  const planned = await planEntering(effects, plane, asks, { accept_drift });
  problems.push(...planned.problems, ...checkStaying(installed, planned.entering, leaving));
  return { entering: planned.entering, leaving, problems };
}

/** @throws KEPT_BYTES_MISSING when neither the kept files nor the store have all of it */
async function earlierTarget(
  effects: Effects,
  plane: Plane,
  step: PackageStep,
  kept: KeptBytes,
): Promise<Target> {
  const { package_id, plane_id, from } = step;
  const version = from?.version ?? "";
  const state =
    from === null
      ? undefined
      : readEarlier(effects.fs, plane.root, { package_id, plane_id }, from, (path) =>
          digestOf(effects.fs, path),
        );
  if (state === undefined)
    throw make("KEPT_BYTES_MISSING", `the receipt of ${package_id} ${version} is not kept any more`, {
      package_id,
      version,
      paths: [],
    });
  const missing = missingBytes(effects, plane, state, kept);
  const fallback = missing.length === 0 ? undefined : await storedCandidate(effects, plane, state);
  if (missing.length > 0 && fallback === undefined)
    throw make(
      "KEPT_BYTES_MISSING",
      `${missing.length} file(s) of ${package_id} ${version} are kept nowhere: ${missing[0]}`,
      {
        package_id,
        version,
        paths: missing.slice(0, 100),
      },
    );
  const { receipt, manifest } = state;
  return {
    manifest,
    manifest_hash: receipt.manifest_hash,
    archive_hash: receipt.archive_hash,
    content_digest: receipt.content_digest,
    archive_profile: receipt.archive_profile,
    bytes: { kind: "kept", kept, fallback },
    earlier: receipt,
  };
}

/** Files that are neither where they belong nor kept. */
function missingBytes({ fs }: Effects, plane: Plane, { receipt }: EarlierState, kept: KeptBytes): string[] {
  return receipt.files
    .filter(({ path, sha256, executable, size_bytes }) => {
      if (kept.has(bare(sha256), executable)) return false;
      const found = fs.stat(`${plane.root}/${path}`);
      if (found?.kind !== "file") return true;
      return (
        found.size_bytes !== size_bytes || prefixed(digestOf(fs, `${plane.root}/${path}`) ?? "") !== sha256
      );
    })
    .filter(({ classification }) => classification !== "config" && classification !== "state")
    .map(({ path }) => path);
}

async function storedCandidate(
  effects: Effects,
  plane: Plane,
  { receipt }: EarlierState,
): Promise<Candidate | undefined> {
  const archive = storedArchive(effects, plane, receipt);
  return archive === undefined ? undefined : readCandidate(effects, plane, { archive });
}

function checkStaying(
  installed: readonly Head[],
  entering: readonly Entering[],
  leaving: PackageChange["leaving"],
): Fault[] {
  const changed = new Map(entering.map(({ target: { manifest } }) => [manifest.package_id, manifest]));
  const gone = new Set(leaving.map((one) => one.installed.receipt.package_id));
  const staying = installed.filter(({ package_id }) => !gone.has(package_id));
  const dependents = [...gone].flatMap((package_id) => {
    const needing = staying
      .filter(({ dependencies }) => dependencies.some(({ id }) => id === package_id))
      .map((one) => one.package_id);
    if (needing.length === 0) return [];
    return [
      make("NEEDED_BY_OTHERS", `${package_id} is needed by ${needing.join(", ")}`, {
        package_id,
        dependents: needing,
      }),
    ];
  });
  return [...checkDependents(staying, changed), ...dependents];
}
