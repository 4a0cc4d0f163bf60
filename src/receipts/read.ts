/** Receipts: what was installed, at `<tier prefix>installed/<ID>/`. Only the lifecycle changes them. */

import { checkEntryPath } from "../archive/index.ts";
import type { Manifest, PlaneTier, Receipt } from "../contracts/index.ts";
import { Manifest as ManifestShape, PLANE_TIERS, Receipt as ReceiptShape } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { make, raise } from "./faults.ts";
import { isWhollyPlainManifest, isWhollyPlainReceipt } from "./plain-form.ts";

/** Without the lists of files, which few ask for. */
export interface InstalledHead {
  readonly receipt: Omit<Receipt, "files">;
  readonly manifest: Omit<Manifest, "assets">;
}

export interface Installed extends InstalledHead {
  readonly receipt: Receipt;
  readonly manifest: Manifest;
}

/** Plane-relative folder of a tier: the root for ho3. */
export const tierPrefix = (tier: PlaneTier): string => (tier === "ho3" ? "" : `planes/${tier}/`);
export const receiptDirectory = (id: string, tier: PlaneTier): string => `${tierPrefix(tier)}installed/${id}`;
export const receiptPath = (id: string, tier: PlaneTier): string =>
  `${receiptDirectory(id, tier)}/receipt.json`;
export const manifestCopyPath = (id: string, tier: PlaneTier): string =>
  `${receiptDirectory(id, tier)}/manifest.json`;

/** Ids with a receipt folder in one tier, sorted. A folder without a receipt is listed too: it is damage, not absence. */
export function installedIds(fs: FileSystem, root: string, tier: PlaneTier): string[] {
  const directory = `${root}/${tierPrefix(tier)}installed`;
  if (fs.stat(directory)?.kind !== "directory") return [];
  return fs
    .list(directory)
    .filter((entry) => entry.kind === "directory")
    .map((entry) => entry.name);
}

/** Undefined when not installed. @throws RECEIPT_DAMAGED */
export function readReceipt(
  fs: FileSystem,
  root: string,
  id: string,
  tier: PlaneTier,
): Installed | undefined {
  const files = [receiptPath(id, tier), manifestCopyPath(id, tier)];
  // A folder with neither is no installation; integrity reports it.
  if (files.every((path) => fs.stat(`${root}/${path}`) === undefined)) return undefined;
  const texts = files.map((path) => readText(fs, root, path)) as [string, string];
  const place = `${root}/${receiptDirectory(id, tier)}`;
  const known = parsed.get(place);
  if (known?.texts.every((text, index) => text === texts[index])) return known.installed;
  const receipt = parseText<Receipt>(receiptPath(id, tier), texts[0], isWhollyPlainReceipt, ReceiptShape);
  const manifest = parseText<Manifest>(
    manifestCopyPath(id, tier),
    texts[1],
    isWhollyPlainManifest,
    ManifestShape,
  );
  requireOwn(receipt, manifest, id, tier);
  const installed = { receipt, manifest };
  remember(place, { texts, installed });
  return installed;
}

/** A plan is made twice, before and under the lock; judging the same text again would cost more than all the rest. */
const parsed = new Map<string, { readonly texts: readonly string[]; readonly installed: Installed }>();
const PARSED_MAX = 16;

function remember(
  place: string,
  one: { readonly texts: readonly string[]; readonly installed: Installed },
): void {
  parsed.delete(place);
  parsed.set(place, one);
  const [oldest] = parsed.keys();
  if (parsed.size > PARSED_MAX && oldest !== undefined) parsed.delete(oldest);
}

/** A receipt speaks only for its own package and tier, and only of paths inside the plane: what it names gets removed. */
function requireOwn(receipt: Receipt, manifest: Manifest, id: string, tier: PlaneTier): void {
  const path = receiptPath(id, tier);
  const paths = [
    ...receipt.files.map((file) => file.path),
    ...receipt.directories_created,
    ...receipt.cache_before,
  ];
  const outside = paths.find((one) => checkEntryPath(one) !== undefined || !one.startsWith(tierPrefix(tier)));
  const problem =
    receipt.package_id !== id || manifest.package_id !== id
      ? `it is of ${receipt.package_id}`
      : receipt.plane_id !== tier
        ? `it is of ${receipt.plane_id}`
        : outside === undefined
          ? undefined
          : `it names ${JSON.stringify(outside)}`;
  if (problem !== undefined)
    throw make("RECEIPT_DAMAGED", `${path} is not the receipt of ${id}: ${problem}`, { path, problem });
}

/** Everything installed, highest tier first, then by id. @throws RECEIPT_DAMAGED */
export function readInstalled(fs: FileSystem, root: string): Installed[] {
  return PLANE_TIERS.flatMap((tier) =>
    installedIds(fs, root, tier).flatMap((id) => readReceipt(fs, root, id, tier) ?? []),
  );
}

/** What reading that receipt failed with, as the fault it is to whoever asks what is installed. Anything else is thrown again. */
export function asDamage(error: unknown, id: string, tier: PlaneTier): Fault {
  if (error instanceof Fault && error.code === "RECEIPT_DAMAGED") return error;
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof Fault || code === undefined) throw error;
  const path = receiptPath(id, tier);
  return make("RECEIPT_DAMAGED", `${path} cannot be read as a receipt`, { path, problem: code }, error);
}

function readText(fs: FileSystem, root: string, path: string): string {
  try {
    return fs.readText(`${root}/${path}`);
  } catch (error) {
    return damaged(path, error);
  }
}

/** The schema judges only what is not plainly in order. */
function parseText<T>(
  path: string,
  text: string,
  isPlain: (value: unknown) => boolean,
  shape: { parse(value: unknown): T },
): T {
  try {
    const value: unknown = JSON.parse(text);
    return isPlain(value) ? (value as T) : shape.parse(value);
  } catch (error) {
    return damaged(path, error);
  }
}

/** The message of a schema's error is all its issues as JSON. */
function firstIssueOf(error: unknown): string | undefined {
  const { issues } = error as {
    readonly issues?: readonly { path: readonly PropertyKey[]; message: string }[];
  };
  const [first] = issues ?? [];
  return first && `/${first.path.map(String).join("/")}: ${first.message}`;
}

function damaged(path: string, error: unknown): never {
  const problem =
    firstIssueOf(error) ?? (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
  return raise(
    "RECEIPT_DAMAGED",
    `${path} cannot be read as a receipt`,
    { path, problem: problem.slice(0, 200) },
    error,
  );
}
