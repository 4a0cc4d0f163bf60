/** What a change of packages writes down: receipts, registry rows and ledger entries. Pure. */
import type { Receipt, Row } from "../contracts/index.ts";
import type { About } from "../journal/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { PACKAGES_STREAM } from "../plane/index.ts";
import type { Leaving } from "./leaving.ts";
import { type Entering, verbOf } from "./target.ts";
import type { LedgerNote } from "./transact.ts";

type Occasion = Pick<
  Receipt,
  | "installed_at"
  | "installed_by"
  | "transaction_id"
  | "generation"
  | "work_order_id"
  | "cache_before"
  | "ledger_heads"
  | "ledger_checkpoints"
> & {
  readonly directories_made: readonly string[];
  readonly environment: Receipt["environment"];
};

/** A rollback puts the receipt of the version back as it was: nothing was installed anew. */
export function receiptOf(entering: Entering, occasion: Occasion): Receipt {
  const { target, tier, placements, new_defaults } = entering;
  const { manifest } = target;
  const { directories_made, environment, ...facts } = occasion;
  const files = placements
    .map(({ asset, path, origin, mode }) => ({
      ...asset,
      path,
      origin,
      ...(mode === undefined ? {} : { mode }),
    }))
    .sort((a, b) => compareCodePoints(a.path, b.path));
  const { new_defaults: _, ...earlier } = target.earlier ?? { new_defaults: undefined };
  const body =
    "package_id" in earlier
      ? { ...earlier, files, directories_created: [...earlier.directories_created, ...directories_made] }
      : {
          receipt_version: "2.0" as const,
          package_id: manifest.package_id,
          version: manifest.version,
          tier: manifest.tier,
          package_type: manifest.package_type,
          plane_id: tier,
          origin: "INSTALLER" as const,
          manifest_hash: target.manifest_hash,
          archive_hash: target.archive_hash,
          content_digest: target.content_digest,
          archive_profile: target.archive_profile,
          assets_count: manifest.assets.length,
          files,
          ...facts,
          ...(environment === undefined ? {} : { environment }),
          directories_created: [...(entering.before?.receipt.directories_created ?? []), ...directories_made],
        };
  const made = [...new Set(body.directories_created)];
  return {
    ...body,
    directories_created: made,
    ...(new_defaults.length === 0 ? {} : { new_defaults: [...new_defaults] }),
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

export function startedEntry({ target, tier }: Entering, { operation, user }: About): LedgerNote {
  const { manifest, manifest_hash } = target;
  const { package_id, version, package_type } = manifest;
  return {
    stream: PACKAGES_STREAM,
    event_type: `${operation.toUpperCase()}_STARTED`,
    submission_id: package_id,
    decision: "STARTED",
    reason: `${operation} ${package_id} ${version}`,
    metadata: { ledger_type: "L-PACKAGE", user, version, package_type, plane_id: tier, manifest_hash },
  };
}

/** INSTALLED, UPDATED or REVERTED. `receipt_sha256` (bare hex) binds every member of the receipt to the ledger. */
export function changedEntry(
  entering: Entering,
  receipt: Receipt,
  user: string,
  generation: number,
  receipt_sha256: string,
): LedgerNote {
  const { package_id, version, package_type, plane_id, manifest_hash, archive_hash, assets_count } = receipt;
  const verb = verbOf(entering);
  const from_version = entering.before?.receipt.version;
  const from = from_version === undefined ? "" : ` from ${from_version}`;
  return {
    stream: PACKAGES_STREAM,
    event_type: verb.toUpperCase(),
    submission_id: package_id,
    decision: verb.toUpperCase(),
    reason: `${package_id} ${version} ${verb}${from}`,
    metadata: {
      ledger_type: "L-PACKAGE",
      user,
      version,
      ...(from_version === undefined ? {} : { from_version }),
      package_type,
      plane_id,
      manifest_hash,
      archive_digest: archive_hash,
      assets_count,
      generation,
      work_order_id: receipt.work_order_id,
      receipt_sha256,
      ...keptFiles(entering.obsolete?.kept_files ?? []),
      ...(entering.target.signature === undefined ? {} : { signature: entering.target.signature }),
    },
  };
}

/** An entry is one line of at most 65,535 bytes; files beyond that are findings until somebody decides on them. */
const KEPT_BYTES_MAX = 40_000;

function keptFiles(files: Leaving["kept_files"]): { kept_files?: Leaving["kept_files"] } {
  let bytes = 0;
  const listed = files.filter(({ path }) => {
    bytes += Buffer.byteLength(JSON.stringify(path)) + 100;
    return bytes <= KEPT_BYTES_MAX;
  });
  return listed.length === 0 ? {} : { kept_files: listed };
}

export function uninstalledEntry(leaves: Leaving, user: string, generation: number): LedgerNote {
  const { package_id, version, plane_id, removed, released, kept, drifted } = leaves;
  return {
    stream: PACKAGES_STREAM,
    event_type: "UNINSTALLED",
    submission_id: package_id,
    decision: "UNINSTALLED",
    reason: `${package_id} ${version} uninstalled`,
    metadata: {
      ledger_type: "L-PACKAGE",
      user,
      version,
      plane_id,
      generation,
      removed: removed.length,
      released: released.length,
      kept: kept.length,
      ...keptFiles(leaves.kept_files),
      drifted: drifted.length,
    },
  };
}
