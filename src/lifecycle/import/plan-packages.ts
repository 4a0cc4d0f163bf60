/** Which files each imported package will own: those whose bytes are what its manifest says, each with one owner. Pure. */
import { checkEntryPath, checkEntryPaths } from "../../archive/index.ts";
import { prefixed } from "../../kernel/index.ts";
import { reservedFolder } from "../../plane/index.ts";
import { tierPrefix } from "../../receipts/index.ts";
import { classOf, shownName } from "../adopt/index.ts";
import type { ImportFindings } from "./import-findings.ts";
import type { LegacyAsset, LegacyPackage } from "./legacy-packages.ts";

export interface PlannedPackage extends LegacyPackage {
  /** The assets it keeps, by path. */
  readonly kept: readonly (LegacyAsset & { readonly found: NonNullable<LegacyAsset["found"]> })[];
}

type Kept = PlannedPackage["kept"][number];

/** @param owners what file_ownership.csv says, by path */
export function planPackages(
  packages: readonly LegacyPackage[],
  owners: ReadonlyMap<string, { readonly owner: string }>,
  findings: ImportFindings,
): PlannedPackage[] {
  const claimants = new Map<string, LegacyPackage[]>();
  const kept = new Map<LegacyPackage, Kept[]>();
  for (const one of packages) {
    const sound = soundAssets(one, findings);
    kept.set(one, sound);
    for (const { path } of sound) claimants.set(path, [...(claimants.get(path) ?? []), one]);
  }
  const owner_of = new Map(
    [...claimants].map(([path, list]) => [path, chooseOwner(path, list, owners.get(path)?.owner, findings)]),
  );
  return packages.flatMap((one): PlannedPackage[] => {
    const own = (kept.get(one) ?? []).filter(({ path }) => owner_of.get(path) === one);
    if (own.length > 0) return [{ ...one, kept: own }];
    const { package_id, tier } = one;
    const message = `no file of ${package_id} in ${tier} is what its manifest says, so it is not installed here`;
    findings.add("LEGACY_PACKAGE_EMPTY", message, {
      path: `${tierPrefix(tier)}installed/${package_id}`,
      package_id,
    });
    return [];
  });
}

function soundAssets({ package_id, tier, assets }: LegacyPackage, findings: ImportFindings): Kept[] {
  const seen = new Set<string>();
  const sound = assets.flatMap((asset): Kept[] => {
    const { path } = asset;
    if (seen.has(path)) return [];
    seen.add(path);
    const problem = problemOf(asset, tierPrefix(tier));
    if (problem !== undefined) {
      const [code, why] = problem;
      findings.add(code, `${shownName(path)} of ${package_id} ${why}`, {
        path: path.toWellFormed(),
        package_id,
        expected: asset.expected,
        actual: asset.found?.sha256,
      });
    }
    return problem === undefined && asset.found !== undefined ? [{ ...asset, found: asset.found }] : [];
  });
  const colliding = new Set(
    checkEntryPaths(sound.map(({ path }) => path)).flatMap(({ details: { path } }) =>
      typeof path === "string" ? [path] : [],
    ),
  );
  for (const path of colliding) {
    const message = `${shownName(path)} of ${package_id} is one name with another file`;
    findings.add("LEGACY_PATH_REFUSED", message, { path, package_id });
  }
  return sound.filter(({ path }) => !colliding.has(path));
}

type Problem = readonly [Parameters<ImportFindings["add"]>[0], string];

function problemOf({ path, expected, found }: LegacyAsset, prefix: string): Problem | undefined {
  const refused = checkEntryPath(path);
  if (refused !== undefined) return ["LEGACY_PATH_REFUSED", "has a name no package may use"];
  const reserved = reservedFolder(path.slice(prefix.length));
  if (reserved === "__pycache__") return ["LEGACY_PATH_REFUSED", "is bytecode or code at the plane's root"];
  if (reserved !== undefined) return ["LEGACY_PATH_RESERVED", `belongs to the plane itself (${reserved})`];
  if (found === undefined) return ["LEGACY_FILE_MISSING", "is not there as a plain file"];
  if (expected === undefined) return ["LEGACY_FILE_UNDIGESTED", "has no recorded digest"];
  return found.sha256 === expected ? undefined : ["LEGACY_FILE_DRIFT", "does not hold the recorded bytes"];
}

/** A baseline claims whatever lies in the plane, so it gives way; then the ownership registry decides, then the id. */
function chooseOwner(
  path: string,
  list: readonly LegacyPackage[],
  registered: string | undefined,
  findings: ImportFindings,
): LegacyPackage | undefined {
  if (list.length === 1) return list[0];
  const particular = list.filter(({ is_baseline }) => !is_baseline);
  const candidates = particular.length > 0 ? particular : list;
  const chosen = candidates.find(({ package_id }) => package_id === registered) ?? candidates[0];
  if (candidates.length > 1 && chosen !== undefined) {
    const others = candidates.filter((one) => one !== chosen).map(({ package_id }) => package_id);
    const message = `${shownName(path)} goes to ${chosen.package_id}; ${others.join(", ")} claimed it too`;
    findings.add("LEGACY_PATH_SHARED", message, { path, package_id: chosen.package_id });
  }
  return chosen;
}

/** The assets in the form manifests have, relative to the tier. */
export const rawAssets = ({ kept, tier }: PlannedPackage): Record<string, unknown>[] =>
  kept.map(({ path, found, classification }) => ({
    path: path.slice(tierPrefix(tier).length),
    sha256: prefixed(found.sha256),
    classification: classification ?? classOf(path),
  }));
