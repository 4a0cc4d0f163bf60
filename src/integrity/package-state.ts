/** packages_state and the ledger of packages against the receipts: what is installed, and who vouches for it. */
import type { Row } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { sameDigest } from "../kernel/index.ts";
import { registryPath } from "../plane/index.ts";
import { type InstalledHead, receiptDirectory, receiptPath } from "../receipts/index.ts";
import { lostCure } from "./cures.ts";
import type { KeptReceipt } from "./file-columns.ts";
import type { LostReceipts } from "./lost-receipts.ts";
import type { Outcome } from "./outcome.ts";
import { type PackageEvents, packageKey } from "./package-events.ts";
import { shown } from "./shown.ts";
import { rowsOf } from "./tables.ts";

const FILE = registryPath("packages_state");
const look = (id: string): string =>
  `Run "pkg info ${id}", then correct the row in ${FILE} and run "pkg registry validate".`;

export function judgeState(
  fs: FileSystem,
  root: string,
  { installed, lost }: { readonly installed: readonly InstalledHead[]; readonly lost: LostReceipts },
  outcome: Outcome,
): void {
  const rows = rowsOf(fs, root, "packages_state");
  if (rows === undefined) return;
  const by_key = new Map(
    rows.map((row) => [packageKey(row["package_id"] ?? "", row["plane_id"] ?? ""), row]),
  );
  for (const { receipt } of installed) {
    const { package_id, plane_id } = receipt;
    const row = by_key.get(packageKey(package_id, plane_id));
    by_key.delete(packageKey(package_id, plane_id));
    const wanted = {
      status: "installed",
      manifest_hash: receipt.manifest_hash,
      package_type: receipt.package_type,
      assets_count: String(receipt.assets_count),
    };
    if (row === undefined) {
      const message = `${FILE} has no row for ${package_id} in ${plane_id}, which has a receipt`;
      outcome.find("STATE_ROW_MISSING", message, look(package_id), { path: FILE, package_id });
    } else differences(row, wanted, package_id, outcome);
  }
  for (const row of by_key.values()) {
    const { package_id = "", plane_id = "", status = "" } = row;
    if (status !== "installed" || lost.has(packageKey(package_id, plane_id))) continue;
    const message = `${FILE} says ${shown(package_id)} is installed in ${shown(plane_id)}, and it has no receipt`;
    outcome.find("STATE_WITHOUT_RECEIPT", message, look(shown(package_id)), { path: FILE, package_id });
  }
}

function differences(
  row: Row,
  wanted: Readonly<Record<string, string>>,
  package_id: string,
  outcome: Outcome,
): void {
  for (const [column, expected] of Object.entries(wanted)) {
    const actual = row[column] ?? "";
    if (actual === expected) continue;
    const message = `${FILE} has another ${column} for ${package_id} than its receipt`;
    outcome.find("STATE_DIFFERS", message, look(package_id), {
      path: FILE,
      field: column,
      package_id,
      expected,
      actual,
    });
  }
}

/**
 * Receipts lie beside what they describe; the ledger is what nobody can rewrite unseen, so each must be what the newest entry
 * of its package vouches for: an older receipt, put back with its files, is none.
 */
export function judgeVouching(
  stream: string,
  installed: readonly KeptReceipt[],
  { vouched }: PackageEvents,
  outcome: Outcome,
): void {
  for (const { receipt, receipt_sha256 } of installed) {
    const { package_id, plane_id, manifest_hash, archive_hash } = receipt;
    const by = vouched.get(packageKey(package_id, plane_id));
    const is_other = by?.manifest_hash !== manifest_hash || !sameDigest(by.archive_digest, archive_hash);
    if (!is_other && (by.receipt_sha256 ?? receipt_sha256) === receipt_sha256) continue;
    const path = receiptPath(package_id, plane_id);
    const message = is_other
      ? `${path}: no entry of ${stream} vouches for this manifest and archive as the newest`
      : `${path} is not the receipt that its entry in ${stream} names`;
    const step = notVouchedStep(receipt, installed, is_other ? undefined : by.version);
    outcome.find("RECEIPT_NOT_VOUCHED", message, step, {
      path,
      package_id,
      expected: is_other ? by?.manifest_hash : by.receipt_sha256,
      actual: is_other ? manifest_hash : receipt_sha256,
    });
  }
}

/** `version`: where manifest and archive are what the ledger names, so that the receipt alone can be made anew. */
function notVouchedStep(
  { package_id, plane_id }: InstalledHead["receipt"],
  installed: readonly KeptReceipt[],
  version: string | undefined,
): string {
  const needing = neededBy(package_id, installed);
  if (needing.length === 0)
    return `Run "pkg uninstall --id ${package_id} --accept-drift", then "pkg install ${package_id}".`;
  // What others need does not leave without them.
  if (version !== undefined)
    return lostCure({ package_id, plane_id, version }, receiptDirectory(package_id, plane_id)).sentence;
  const ids = [package_id, ...needing].join(" ");
  return `Run "pkg uninstall ${ids} --accept-drift", then "pkg install ${ids}".`;
}

/** Installed packages that need it, be it through others. */
function neededBy(package_id: string, installed: readonly KeptReceipt[]): string[] {
  const leaving = new Set([package_id]);
  for (const id of leaving)
    for (const { manifest, receipt } of installed)
      if (manifest.dependencies.some((one) => one.id === id)) leaving.add(receipt.package_id);
  return [...leaving].slice(1);
}
