/** From targets to the exact file plan of each, or to every reason against it. Reads the plane, changes nothing. */
import type { PlaneTier, ReceiptFile } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { findOwners } from "../index-db/index.ts";
import { compareCodePoints, type Fault } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { type Installed, tierPrefix } from "../receipts/index.ts";
import { driftFault } from "./drift.ts";
import { planLeavingFiles } from "./leaving.ts";
import { readLeftovers } from "./leftovers.ts";
import { inEntryOrder } from "./order.ts";
import { checkOwnPaths } from "./own-paths.ts";
import { type Placement, placeAssets } from "./place.ts";
import type { Entering, Target } from "./target.ts";

export interface Ask {
  readonly target: Target;
  readonly tier: PlaneTier;
  /** The version it replaces there. */
  readonly before: Installed | undefined;
}

/** @returns in the order they enter */
export async function planEntering(
  effects: Effects,
  plane: Plane,
  asks: readonly Ask[],
  options: { readonly accept_drift: boolean },
): Promise<{ entering: Entering[]; problems: Fault[] }> {
  const wanted = new Set(
    asks.flatMap(({ target, tier }) => target.manifest.assets.map((asset) => tierPrefix(tier) + asset.path)),
  );
  const owners = findOwners(effects, plane.root, wanted);
  const entering: Entering[] = [];
  const problems: Fault[] = [];
  for (const ask of inEntryOrder(asks)) {
    const planned = await planOne(effects, plane, ask, owners, options.accept_drift);
    problems.push(...planned.problems);
    // Within one transaction the first package of the batch owns the path.
    for (const { path } of planned.entering.placements) owners.set(path, ask.target.manifest.package_id);
    entering.push(planned.entering);
  }
  return { entering, problems };
}

async function planOne(
  effects: Effects,
  plane: Plane,
  { target, tier, before }: Ask,
  owners: ReadonlyMap<string, string>,
  accept_drift: boolean,
): Promise<{ entering: Entering; problems: Fault[] }> {
  const { package_id, assets } = target.manifest;
  const prefix = tierPrefix(tier);
  const leftovers = [...readLeftovers(effects.fs, plane.root)].filter(([, id]) => id === package_id);
  const wanting = {
    package_id,
    prefix,
    owned: new Map((before?.receipt.files ?? []).map((file) => [file.path, file])),
    leftovers: new Set(leftovers.map(([path]) => path)),
    accept_drift,
  };
  const placed = await placeAssets(effects, plane, wanting, assets, owners);
  const placements = target.earlier === undefined ? placed.placements : placed.placements.map(withoutDefault);
  const new_defaults = newDefaults(before, placements, target);
  const problems = before === undefined ? [] : checkOwnPaths(effects, plane, before.receipt);
  const obsolete =
    before === undefined
      ? undefined
      : await planObsolete(effects, plane, { target, prefix, placements, new_defaults }, before);
  const drifted = placed.problems.filter(({ code }) => code === "INSTALLED_DRIFTED");
  problems.push(...placed.problems.filter((problem) => !drifted.includes(problem)));
  const edited = [
    ...drifted.flatMap(({ details }) => details["paths"] as string[]),
    ...(accept_drift ? [] : (obsolete?.drifted ?? [])),
  ];
  if (before !== undefined && edited.length > 0)
    problems.push(await driftFault(effects, plane, before.receipt, edited));
  return { entering: { target, tier, before, placements, obsolete, new_defaults }, problems };
}

/** Going back lays no new defaults beside edited files: there were none in the earlier state. */
function withoutDefault({ new_default, ...placement }: Placement): Placement {
  void new_default;
  return placement;
}

/** Defaults laid now, and those laid before beside files that are still edited. */
function newDefaults(
  before: Installed | undefined,
  placements: readonly Placement[],
  { earlier }: Target,
): Entering["new_defaults"] {
  const edited = placements.filter(({ action }) => action === "keep_edited");
  const laid = edited.flatMap(({ new_default, asset }) =>
    new_default === undefined ? [] : [{ path: new_default, sha256: asset.sha256 }],
  );
  if (earlier !== undefined) return laid;
  const still = new Set(
    edited.filter(({ new_default }) => new_default === undefined).map(({ path }) => `${path}.new`),
  );
  const carried = (before?.receipt.new_defaults ?? []).filter(({ path }) => still.has(path));
  return [...laid, ...carried].sort((a, b) => compareCodePoints(a.path, b.path));
}

async function planObsolete(
  effects: Effects,
  plane: Plane,
  {
    target,
    prefix,
    placements,
    new_defaults,
  }: Pick<Entering, "target" | "placements" | "new_defaults"> & { readonly prefix: string },
  before: Installed,
): Promise<Entering["obsolete"]> {
  const { receipt } = before;
  const after = new Set(target.manifest.assets.map(({ path }) => prefix + path));
  const gone = receipt.files.filter(({ path }) => !after.has(path));
  const staying = new Set(new_defaults.map(({ path }) => path));
  const defaults = (receipt.new_defaults ?? [])
    .filter(({ path }) => !staying.has(path))
    .flatMap(asFile(effects, plane));
  const replaced = placements.filter(({ action }) => action === "replace").map(({ path }) => path);
  const stale = [...gone.map(({ path }) => path), ...replaced];
  return planLeavingFiles(effects, plane, receipt, [...gone, ...defaults], stale, false);
}

const asFile =
  ({ fs }: Pick<Effects, "fs">, plane: Plane) =>
  ({ path, sha256 }: { path: string; sha256: string }): ReceiptFile[] => {
    const found = fs.stat(`${plane.root}/${path}`);
    if (found?.kind !== "file") return [];
    const { size_bytes, executable } = found;
    return [{ path, sha256, size_bytes, executable, classification: "config", origin: "created" }];
  };
