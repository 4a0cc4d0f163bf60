/** An install plan as users see it, done or only looked at. Pure. */
import type { PlaneTier } from "../contracts/index.ts";
import { prefixed } from "../kernel/index.ts";
import { receiptPath } from "../receipts/index.ts";
import type { InstallPlan } from "./install-plan.ts";

export interface InstalledPackage {
  readonly package_id: string;
  readonly version: string;
  readonly plane_id: PlaneTier;
  readonly manifest_hash: string;
  readonly archive_hash: string;
  readonly archive_profile: string;
  readonly assets_count: number;
  readonly receipt_path: string;
  readonly created: readonly string[];
  readonly adopted: readonly string[];
  /** False when exactly this was installed already. */
  readonly changed: boolean;
}

export function described(
  plan: InstallPlan,
  dry_run: boolean,
): { packages: InstalledPackage[]; dry_run: boolean } {
  const entering = plan.entering.map(({ candidate, tier, placements }): InstalledPackage => {
    const { manifest, manifest_hash, listing } = candidate;
    const paths = (origin: string): string[] =>
      placements.filter((one) => one.origin === origin).map(({ path }) => path);
    return {
      package_id: manifest.package_id,
      version: manifest.version,
      plane_id: tier,
      manifest_hash,
      archive_hash: prefixed(listing.digest),
      archive_profile: listing.profile,
      assets_count: manifest.assets.length,
      receipt_path: receiptPath(manifest.package_id, tier),
      created: paths("created"),
      adopted: paths("adopted"),
      changed: true,
    };
  });
  const unchanged = plan.unchanged.map(
    ({ receipt, tier }): InstalledPackage => ({
      package_id: receipt.package_id,
      version: receipt.version,
      plane_id: tier,
      manifest_hash: receipt.manifest_hash,
      archive_hash: receipt.archive_hash,
      archive_profile: receipt.archive_profile,
      assets_count: receipt.assets_count,
      receipt_path: receiptPath(receipt.package_id, tier),
      created: [],
      adopted: [],
      changed: false,
    }),
  );
  return { packages: [...entering, ...unchanged], dry_run };
}
