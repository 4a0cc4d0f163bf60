/** What an install writes down: receipt, registry rows and ledger entries. Pure. */
import type { Receipt, Row } from "../contracts/index.ts";
import { compareCodePoints, prefixed } from "../kernel/index.ts";
import { PACKAGES_STREAM } from "../plane/index.ts";
import type { Entering } from "./install-plan.ts";
import type { LedgerNote } from "./transact.ts";

type Occasion = Pick<
  Receipt,
  | "installed_at"
  | "installed_by"
  | "transaction_id"
  | "generation"
  | "work_order_id"
  | "directories_created"
  | "cache_before"
  | "ledger_heads"
>;

export function receiptOf({ candidate, tier, placements }: Entering, occasion: Occasion): Receipt {
  const { manifest, manifest_hash, listing } = candidate;
  return {
    receipt_version: "2.0",
    package_id: manifest.package_id,
    version: manifest.version,
    tier: manifest.tier,
    package_type: manifest.package_type,
    plane_id: tier,
    origin: "INSTALLER",
    manifest_hash,
    archive_hash: prefixed(listing.digest),
    content_digest: listing.content_digest,
    archive_profile: listing.profile,
    assets_count: manifest.assets.length,
    files: placements
      .map(({ asset, path, origin }) => ({ ...asset, path, origin }))
      .sort((a, b) => compareCodePoints(a.path, b.path)),
    ...occasion,
  };
}

export const stateRow = (receipt: Receipt): Row => ({
  package_id: receipt.package_id,
  status: "installed",
  manifest_hash: receipt.manifest_hash,
  package_type: receipt.package_type,
  plane_id: receipt.plane_id,
  assets_count: String(receipt.assets_count),
  installed_at: receipt.installed_at,
  uninstalled_at: "",
});

export const ownershipRows = (receipt: Receipt): Row[] =>
  receipt.files.map(({ path, sha256, classification }) => ({
    file_path: path,
    owner_package_id: receipt.package_id,
    sha256,
    classification,
    installed_at: receipt.installed_at,
  }));

export function startedEntry(
  { candidate: { manifest, manifest_hash }, tier }: Entering,
  transaction_id: string,
  user: string,
): Omit<LedgerNote, "stream"> & { metadata: never } {
  const { package_id, version, package_type } = manifest;
  return {
    event_type: "INSTALL_STARTED",
    submission_id: package_id,
    decision: "STARTED",
    reason: `installing ${package_id} ${version}`,
    metadata: {
      ledger_type: "L-PACKAGE",
      user,
      version,
      package_type,
      plane_id: tier,
      manifest_hash,
      transaction_id,
    } as never,
  };
}

export function installedEntry(receipt: Receipt): LedgerNote {
  const {
    package_id,
    version,
    package_type,
    plane_id,
    manifest_hash,
    archive_hash,
    assets_count,
    installed_by,
    generation,
  } = receipt;
  return {
    stream: PACKAGES_STREAM,
    event_type: "INSTALLED",
    submission_id: package_id,
    decision: "INSTALLED",
    reason: `${package_id} ${version} installed`,
    metadata: {
      ledger_type: "L-PACKAGE",
      user: installed_by,
      version,
      package_type,
      plane_id,
      manifest_hash,
      archive_digest: archive_hash,
      assets_count,
      generation,
      work_order_id: receipt.work_order_id,
    },
  };
}
