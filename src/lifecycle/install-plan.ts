/** From archives to a complete, ordered plan of an install or update, or to every reason against it. Changes nothing. */
import semver from "semver";
import type { Manifest, PlaneTier, Receipt } from "../contracts/index.ts";
import { PLANE_TIERS } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { type Head, installedHeads } from "../index-db/index.ts";
import type { Fault } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { checkRequirements, makePreflightFault, type Present, type Runtime } from "../preflight/index.ts";
import { readReceipt } from "../receipts/index.ts";
import { type Candidate, checkCandidate, type Wanted } from "./candidate.ts";
import { checkChain } from "./chain.ts";
import { make } from "./faults.ts";
import { type Ask, planEntering } from "./plan-entering.ts";
import { checkNamespaces } from "./plugin/namespace.ts";
import { checkPluginEntry } from "./plugin-entry.ts";
import { checkSignatures } from "./signature-policy.ts";
import { type Entering, targetOf } from "./target.ts";

/** An archive of the change, with how it came to be in it. */
export interface Chosen {
  readonly candidate: Candidate;
  readonly wanted: Wanted;
  /** Named by the user, not only needed by what was named. */
  readonly requested: boolean;
}

export interface InstallPlan {
  readonly entering: readonly Entering[];
  /** Already installed with exactly these bytes. */
  readonly unchanged: readonly { readonly receipt: Receipt; readonly tier: PlaneTier }[];
  readonly problems: readonly Fault[];
}

export interface PlanOptions {
  /** `update` replaces what is installed and installs only what is newly needed. */
  readonly mode: "install" | "update";
  /** Plane tiers to act on; absent means the tier each manifest names, or for an update those it is installed in. */
  readonly tiers: readonly PlaneTier[] | undefined;
  readonly runtime: Runtime;
  readonly accept_drift: boolean;
  readonly allow_downgrade: boolean;
}

export async function planInstall(
  effects: Effects,
  plane: Plane,
  chosen: readonly Chosen[],
  options: PlanOptions,
): Promise<InstallPlan> {
  const installed = installedHeads(effects, plane.root);
  const problems: Fault[] = chosen.flatMap(({ candidate, wanted }) =>
    checkCandidate(effects, plane, candidate, wanted),
  );
  const signatures = checkSignatures(effects, plane, chosen);
  problems.push(...signatures.problems);
  const asks: Ask[] = [];
  const unchanged: { receipt: Receipt; tier: PlaneTier }[] = [];
  for (const one of chosen) {
    const { candidate } = one;
    for (const tier of tiersOf(one, installed, options)) {
      const before = readReceipt(effects.fs, plane.root, candidate.manifest.package_id, tier);
      if (before?.receipt.content_digest === candidate.listing.content_digest)
        unchanged.push({ receipt: before.receipt, tier });
      else {
        const refused = before === undefined ? undefined : refuseReplacing(one, before.receipt, options);
        const target = targetOf(candidate, signatures.notes.get(candidate.manifest.package_id));
        if (refused === undefined) asks.push({ target, tier, before });
        else problems.push(refused);
      }
    }
  }
  problems.push(...checkNamespaces(effects, plane, asks));
  const needing = asks.map(({ target, before }) => ({
    manifest: target.manifest,
    fresh: before === undefined,
  }));
  for (const { manifest } of needing) problems.push(...(await checkPluginEntry(effects, plane, manifest)));
  problems.push(...checkNeeds(effects, plane, installed, needing, options.runtime));
  const placed = await planEntering(effects, plane, asks, options);
  return { entering: placed.entering, unchanged, problems: [...problems, ...placed.problems] };
}

/** A package of the request that is already there is replaced only by an update; what it needs may be replaced as well. */
/** The command that gets what an install may not do. */
function replacing(package_id: string, { installed, wanted }: { installed: string; wanted: string }): string {
  if (wanted === installed) return `pkg uninstall ${package_id}`;
  const update = `pkg update ${package_id} --to ${wanted}`;
  return semver.lt(wanted, installed) ? `${update} --allow-downgrade` : update;
}

function refuseReplacing(
  { candidate: { manifest }, requested }: Chosen,
  before: Receipt,
  { mode, allow_downgrade }: PlanOptions,
): Fault | undefined {
  const { package_id, version } = manifest;
  const versions = { installed: before.version, wanted: version };
  if (mode === "install" && requested) {
    const how = version === before.version ? "with other bytes" : "already";
    return make("ALREADY_INSTALLED", `${package_id} ${before.version} is installed ${how}`, {
      package_id,
      ...versions,
      command: replacing(package_id, versions),
    });
  }
  if (!semver.lt(version, before.version) || allow_downgrade) return undefined;
  return make("DOWNGRADE_REFUSED", `${package_id} ${version} is older than the installed ${before.version}`, {
    package_id,
    field: "/version",
    ...versions,
  });
}

/**
 * What the packages entering need of the plane and of each other, and what those that stay need of them. `fresh`: no other
 * version of it is there.
 */
export function checkNeeds(
  effects: Effects,
  plane: Plane,
  installed: readonly Head[],
  needing: readonly { readonly manifest: Manifest; readonly fresh: boolean }[],
  runtime: Runtime,
): Fault[] {
  const manifests = new Map(needing.map(({ manifest }) => [manifest.package_id, manifest]));
  const present = presentAfter(installed, [...manifests.values()]);
  return [
    ...[...manifests.values()].flatMap((manifest) => [
      ...checkChain(effects, plane, manifest),
      ...checkRequirements(manifest, present, runtime),
    ]),
    ...needing.flatMap(({ manifest, fresh }) => (fresh ? checkHosts(installed, manifest.package_id) : [])),
    ...checkDependents(installed, manifests),
  ];
}

/** Packages that stay must still get what they need. */
export function checkDependents(
  installed: readonly Head[],
  changed: ReadonlyMap<string, Pick<Manifest, "package_id" | "version">>,
): Fault[] {
  return installed.flatMap((head): Fault[] => {
    if (changed.has(head.package_id)) return [];
    return head.dependencies.flatMap(({ id, range }): Fault[] => {
      const to = changed.get(id);
      if (to === undefined || semver.satisfies(to.version, range, { includePrerelease: true })) return [];
      const details = {
        package_id: id,
        field: "/version",
        dependent: head.package_id,
        range,
        wanted: to.version,
      };
      const message = `${head.package_id} ${head.version}, which is installed, needs ${id} ${range}, not ${to.version}`;
      return [makePreflightFault("DEPENDENT_RANGE", message, details)];
    });
  });
}

/** A conflict counts whichever side declared it. */
function checkHosts(installed: readonly Head[], package_id: string): Fault[] {
  return installed
    .filter(({ conflicts }) => conflicts.includes(package_id))
    .map((head) =>
      makePreflightFault(
        "CONFLICT_INSTALLED",
        `${head.package_id}, which is installed, conflicts with ${package_id}`,
        {
          package_id,
          conflict: head.package_id,
        },
      ),
    );
}

function tiersOf(
  { candidate: { manifest }, requested }: Chosen,
  installed: readonly Head[],
  { mode, tiers }: PlanOptions,
): readonly PlaneTier[] {
  const named =
    tiers === undefined || tiers.length === 0
      ? undefined
      : PLANE_TIERS.filter((tier) => tiers.includes(tier));
  const here = installed
    .filter(({ package_id }) => package_id === manifest.package_id)
    .map(({ plane_id }) => plane_id);
  // What is there already is replaced where it is.
  if (here.length > 0 && (mode === "update" || !requested))
    return named === undefined ? here : here.filter((tier) => named.includes(tier));
  return named ?? [manifest.plane_id];
}

function presentAfter(installed: readonly Head[], entering: readonly Manifest[]): Map<string, Present> {
  return new Map(
    [...installed, ...entering].map(({ package_id, version, tier }): [string, Present] => [
      package_id,
      { version, tier },
    ]),
  );
}

const OF_DEPENDENCIES = new Set(["DEPENDENCY_MISSING", "DEPENDENCY_RANGE", "DEPENDENT_RANGE"]);

/** The chain says more than the single dependency; any other problem says by itself why nothing fits. */
export function withConflict(problems: readonly Fault[], conflict: Fault | undefined): readonly Fault[] {
  if (conflict === undefined) return problems;
  const others = problems.filter(({ code }) => !OF_DEPENDENCIES.has(code));
  const explains = others.some(({ code }) =>
    ["CONFLICT_INSTALLED", "TIER_DIRECTION", "RANGE_INVALID"].includes(code),
  );
  return explains ? others : [conflict, ...others];
}
