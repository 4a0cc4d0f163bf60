/** `trace --installed`: one row for each package and plane tier. */
import type { InstalledTrace } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Plane } from "../plane/index.ts";
import { readInstalled } from "../receipts/index.ts";

/** Highest plane tier first, then by id. @throws RECEIPT_DAMAGED: a list that left one out would be wrong */
export function installedList({ fs }: Pick<Effects, "fs">, plane: Plane): InstalledTrace[] {
  return readInstalled(fs, plane.root).map(({ receipt }) => ({
    package_id: receipt.package_id,
    version: receipt.version,
    file_count: receipt.files.length,
    manifest_hash: receipt.manifest_hash,
    installed_at: receipt.installed_at,
    tier: receipt.plane_id.toUpperCase(),
    package_tier: receipt.tier,
    installed_by: receipt.installed_by,
    transaction_id: receipt.transaction_id,
    generation: receipt.generation,
  }));
}
