/** Packages that are installed and whose receipt is gone or cannot be read: their files have an owner, though no list says so. */
import { PLANE_TIERS, type PlaneTier, type Receipt } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { bare } from "../kernel/index.ts";
import { digestOf } from "../plane/index.ts";
import { type InstalledHead, manifestCopyPath, receiptDirectory, receiptPath } from "../receipts/index.ts";
import { versionedArchivePath } from "../store/index.ts";
import { type Cure, lostCure, memberCure, readableCure } from "./cures.ts";
import type { Vouched } from "./note.ts";
import type { Outcome } from "./outcome.ts";
import { type PackageEvents, packageKey } from "./package-events.ts";
import { shown } from "./shown.ts";

/** By package and tier, see `packageKey`: the command that makes the receipt anew. */
export type LostReceipts = ReadonlyMap<string, string>;

/**
 * Whoever takes a package away by hand, with all that speaks of it, leaves the ledger: an uninstall is an entry there.
 * What could not be read was found by whoever read it; only now is it known how it can be had again.
 */
export function judgeLostReceipts(
  fs: FileSystem,
  { root, stream }: { readonly root: string; readonly stream: string },
  installed: readonly InstalledHead[],
  { vouched }: PackageEvents,
  outcome: Outcome,
): LostReceipts {
  const lost = new Map<string, string>();
  const there = new Set(installed.map(({ receipt }) => packageKey(receipt.package_id, receipt.plane_id)));
  for (const finding of outcome.findings) {
    const { code, path = "", package_id = "" } = finding;
    const plane_id = PLANE_TIERS.find((one) => receiptPath(package_id, one) === path);
    if (code !== "RECEIPT_DAMAGED" || plane_id === undefined) continue;
    const key = packageKey(package_id, plane_id);
    if (there.has(key)) continue;
    const by = vouched.get(key);
    const { command = "", sentence } = damageCure(fs, root, { package_id, plane_id, by });
    finding.next_step = sentence;
    lost.set(key, command);
  }
  for (const [key, { event, version }] of vouched) {
    if (event === "UNINSTALLED" || there.has(key) || lost.has(key)) continue;
    const [package_id = "", tier] = key.split("\0");
    const plane_id = PLANE_TIERS.find((one) => one === tier);
    if (plane_id === undefined) continue;
    const { command = "", sentence } = lostCure({ package_id, plane_id, version });
    lost.set(key, command);
    const path = receiptPath(package_id, plane_id);
    const message = `${shown(path)} is gone, and ${stream} knows of no uninstall of ${shown(package_id)}`;
    outcome.find("RECEIPT_MISSING", message, sentence, { path, package_id });
  }
  return lost;
}

interface Damaged {
  readonly package_id: string;
  readonly plane_id: PlaneTier;
  /** The newest entry. */
  readonly by: Vouched | undefined;
}

function damageCure(fs: FileSystem, root: string, damaged: Damaged): Cure {
  const { package_id, plane_id, by } = damaged;
  const folder = receiptDirectory(package_id, plane_id);
  try {
    const made_anew = lostCure({ package_id, plane_id, version: by?.version }, folder);
    return manifestCure(fs, root, damaged) ?? made_anew;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    // What this user may not read may be in order.
    return readableCure(folder, "-R u+rX");
  }
}

/** Where the ledger vouches for the very bytes of the receipt, only the manifest beside it is lost, and the archive begins with it. */
function manifestCure(fs: FileSystem, root: string, { package_id, plane_id, by }: Damaged): Cure | undefined {
  const receipt = receiptPath(package_id, plane_id);
  const digest = digestOf(fs, `${root}/${receipt}`);
  if (by?.version === undefined || digest === undefined || digest !== by.receipt_sha256) return undefined;
  const { archive_profile } = JSON.parse(fs.readText(`${root}/${receipt}`)) as Partial<Receipt>;
  const archive = versionedArchivePath(package_id, by.version);
  const is_stored = digestOf(fs, `${root}/${archive}`) === bare(by.archive_digest);
  if (archive_profile !== "canonical" || !is_stored) return undefined;
  return memberCure("manifest.json", archive, manifestCopyPath(package_id, plane_id));
}
