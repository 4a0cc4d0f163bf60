/** A plan as users see it, done or only looked at. Pure. */
import type { PlaneTier } from "../contracts/index.ts";
import { receiptPath } from "../receipts/index.ts";
import type { InstallPlan } from "./install-plan.ts";
import { type Entering, verbOf } from "./target.ts";

export interface InstalledPackage {
  readonly package_id: string;
  readonly version: string;
  /** The version it replaced; null for a first installation. */
  readonly from_version: string | null;
  readonly action: "installed" | "updated" | "reverted" | "unchanged";
  readonly plane_id: PlaneTier;
  readonly manifest_hash: string;
  readonly archive_hash: string;
  readonly archive_profile: string;
  readonly assets_count: number;
  readonly receipt_path: string;
  readonly created: readonly string[];
  readonly adopted: readonly string[];
  readonly replaced: readonly string[];
  readonly removed: readonly string[];
  /** Config and state files that stay as somebody edited them. */
  readonly kept_edited: readonly string[];
  /** New defaults laid beside those. */
  readonly new_defaults: readonly string[];
  /** Edited code of which a copy was kept. */
  readonly copies_kept: readonly string[];
  /** False when exactly this was installed already. */
  readonly changed: boolean;
}

export function describeEntering(entering: Entering): InstalledPackage {
  const { target, tier, placements, before, obsolete } = entering;
  const { manifest } = target;
  const paths = (action: string): string[] =>
    placements.filter((one) => one.action === action).map(({ path }) => path);
  return {
    package_id: manifest.package_id,
    version: manifest.version,
    from_version: before?.receipt.version ?? null,
    action: verbOf(entering),
    plane_id: tier,
    manifest_hash: target.manifest_hash,
    archive_hash: target.archive_hash,
    archive_profile: target.archive_profile,
    assets_count: manifest.assets.length,
    receipt_path: receiptPath(manifest.package_id, tier),
    created: paths("create"),
    adopted: paths("adopt"),
    replaced: paths("replace"),
    removed: [...(obsolete?.removed ?? []), ...(obsolete?.cache_removed ?? [])],
    kept_edited: [...paths("keep_edited"), ...(obsolete?.kept ?? [])],
    new_defaults: placements.flatMap(({ new_default }) => new_default ?? []),
    copies_kept: [
      ...placements.filter(({ edited }) => edited === true).map(({ path }) => path),
      ...(obsolete?.drifted ?? []),
    ],
    changed: true,
  };
}

export function described(
  plan: InstallPlan,
  dry_run: boolean,
): { packages: InstalledPackage[]; dry_run: boolean } {
  const entering = plan.entering.map(describeEntering);
  const nothing = {
    created: [],
    adopted: [],
    replaced: [],
    removed: [],
    kept_edited: [],
    new_defaults: [],
    copies_kept: [],
  };
  const unchanged = plan.unchanged.map(
    ({ receipt, tier }): InstalledPackage => ({
      package_id: receipt.package_id,
      version: receipt.version,
      from_version: receipt.version,
      action: "unchanged",
      plane_id: tier,
      manifest_hash: receipt.manifest_hash,
      archive_hash: receipt.archive_hash,
      archive_profile: receipt.archive_profile,
      assets_count: receipt.assets_count,
      receipt_path: receiptPath(receipt.package_id, tier),
      ...nothing,
      changed: false,
    }),
  );
  return { packages: [...entering, ...unchanged], dry_run };
}
