/** From archives to a complete, ordered plan of an install, or to every reason against it. Changes nothing. */
import type { Manifest, PlaneTier, Receipt } from "../contracts/index.ts";
import { PACKAGE_TIERS, PLANE_TIERS } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { compareCodePoints, type Fault } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { type Installed, readInstalled, tierPrefix } from "../receipts/index.ts";
import { type Candidate, checkCandidate, readCandidate, type Wanted } from "./candidate.ts";
import { checkChain } from "./chain.ts";
import { make } from "./faults.ts";
import { findOwners, type Placement, placeAssets } from "./place.ts";
import { checkRequirements, type Present, type Runtime } from "./requirements.ts";

/** One package entering one plane tier. */
export interface Entering {
  readonly candidate: Candidate;
  readonly tier: PlaneTier;
  readonly placements: readonly Placement[];
}

export interface InstallPlan {
  /** In the order they enter: highest plane tier first, then lowest package tier, dependencies before dependents. */
  readonly entering: readonly Entering[];
  /** Already installed with exactly these bytes. */
  readonly unchanged: readonly { readonly receipt: Receipt; readonly tier: PlaneTier }[];
  readonly problems: readonly Fault[];
}

/** Reads every archive once; ARCHIVE_* and MANIFEST_* faults of an unreadable one are thrown as they are. */
export async function readCandidates(
  effects: Effects,
  plane: Plane,
  wanted: readonly Wanted[],
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const one of wanted) candidates.push(await readCandidate(effects, plane, one));
  return candidates;
}

export async function planInstall(
  effects: Effects,
  plane: Plane,
  wanted: readonly Wanted[],
  candidates: readonly Candidate[],
  tiers: readonly PlaneTier[] | undefined,
  runtime: Runtime,
): Promise<InstallPlan> {
  const installed = readInstalled(effects.fs, plane.root);
  const problems: Fault[] = candidates.flatMap((candidate, index) =>
    checkCandidate(effects, plane, candidate, wanted[index] ?? {}),
  );
  const present = presentAfter(installed, candidates);
  const asked = candidates.flatMap((candidate) =>
    tiersOf(candidate, tiers).map((tier) => ({ candidate, tier })),
  );
  const unchanged: { receipt: Receipt; tier: PlaneTier }[] = [];
  const fresh: { candidate: Candidate; tier: PlaneTier }[] = [];
  for (const one of asked) {
    const { package_id } = one.candidate.manifest;
    const before = installed.find(
      ({ receipt }) => receipt.package_id === package_id && receipt.plane_id === one.tier,
    )?.receipt;
    if (before === undefined) fresh.push(one);
    else if (before.content_digest === one.candidate.listing.content_digest)
      unchanged.push({ receipt: before, tier: one.tier });
    else {
      const versions = { installed: before.version, wanted: one.candidate.manifest.version };
      problems.push(
        make("ALREADY_INSTALLED", `${package_id} ${before.version} is installed with other bytes`, {
          package_id,
          ...versions,
        }),
      );
    }
  }
  for (const candidate of new Set(fresh.map((one) => one.candidate))) {
    problems.push(
      ...checkChain(effects, plane, candidate.manifest),
      ...checkRequirements(candidate.manifest, present, runtime),
    );
  }
  for (const { candidate } of fresh) problems.push(...checkHosts(installed, candidate.manifest.package_id));
  const placed = await placeAll(effects, plane, ordered(fresh));
  return { entering: placed.entering, unchanged, problems: [...problems, ...placed.problems] };
}

/** A conflict counts whichever side declared it. */
function checkHosts(installed: readonly Installed[], package_id: string): Fault[] {
  return installed
    .filter(({ manifest }) => manifest.conflicts.includes(package_id))
    .map(({ manifest }) =>
      make("CONFLICT_INSTALLED", `${manifest.package_id}, which is installed, conflicts with ${package_id}`, {
        package_id,
        conflict: manifest.package_id,
      }),
    );
}

/** The manifest's own tier unless the caller names tiers. */
function tiersOf({ manifest }: Candidate, tiers: readonly PlaneTier[] | undefined): readonly PlaneTier[] {
  return tiers === undefined || tiers.length === 0
    ? [manifest.plane_id]
    : PLANE_TIERS.filter((tier) => tiers.includes(tier));
}

function presentAfter(
  installed: readonly Installed[],
  candidates: readonly Candidate[],
): Map<string, Present> {
  const facts = (manifest: Manifest): [string, Present] => [
    manifest.package_id,
    { version: manifest.version, tier: manifest.tier },
  ];
  return new Map([
    ...installed.map(({ manifest }) => facts(manifest)),
    ...candidates.map(({ manifest }) => facts(manifest)),
  ]);
}

function ordered(
  fresh: readonly { candidate: Candidate; tier: PlaneTier }[],
): { candidate: Candidate; tier: PlaneTier }[] {
  const depth = depths(fresh.map(({ candidate }) => candidate.manifest));
  const rank = ({ candidate: { manifest }, tier }: (typeof fresh)[number]): number[] => [
    PLANE_TIERS.indexOf(tier),
    PACKAGE_TIERS.indexOf(manifest.tier),
    depth.get(manifest.package_id) ?? 0,
  ];
  return [...fresh].sort((a, b) => {
    const left = rank(a);
    const right = rank(b);
    const differs = left.findIndex((value, index) => value !== right[index]);
    if (differs >= 0) return (left[differs] ?? 0) - (right[differs] ?? 0);
    return compareCodePoints(a.candidate.manifest.package_id, b.candidate.manifest.package_id);
  });
}

/** Longest chain of dependencies below each package of the batch; a cycle counts once. */
function depths(manifests: readonly Manifest[]): Map<string, number> {
  const by_id = new Map(manifests.map((manifest) => [manifest.package_id, manifest]));
  const known = new Map<string, number>();
  const visit = (id: string, above: readonly string[]): number => {
    const done = known.get(id);
    if (done !== undefined || above.includes(id)) return done ?? 0;
    const below = (by_id.get(id)?.dependencies ?? []).filter((dependency) => by_id.has(dependency.id));
    const depth = below.reduce(
      (most, dependency) => Math.max(most, 1 + visit(dependency.id, [...above, id])),
      0,
    );
    known.set(id, depth);
    return depth;
  };
  for (const id of by_id.keys()) visit(id, []);
  return known;
}

async function placeAll(
  effects: Effects,
  plane: Plane,
  fresh: readonly { candidate: Candidate; tier: PlaneTier }[],
): Promise<{ entering: Entering[]; problems: Fault[] }> {
  const wanted = new Set(
    fresh.flatMap(({ candidate, tier }) =>
      candidate.manifest.assets.map((asset) => tierPrefix(tier) + asset.path),
    ),
  );
  const owners = findOwners(effects, plane, wanted);
  const entering: Entering[] = [];
  const problems: Fault[] = [];
  for (const { candidate, tier } of fresh) {
    const { package_id, assets } = candidate.manifest;
    const placed = await placeAssets(effects, plane, package_id, assets, tierPrefix(tier), owners);
    problems.push(...placed.problems);
    // Within one transaction the first package of the batch owns the path.
    for (const { path } of placed.placements) owners.set(path, package_id);
    entering.push({ candidate, tier, placements: placed.placements });
  }
  return { entering, problems };
}
