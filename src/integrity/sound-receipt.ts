/**
 * Recognises a receipt and manifest that are in order, at a fifth of the cost of validating every member of large lists.
 * Whatever is in any way unusual is left to the full validation, which says what is wrong.
 */
import {
  type Manifest,
  Manifest as ManifestShape,
  type PlaneTier,
  type Receipt,
  type ReceiptFile,
  Receipt as ReceiptShape,
} from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { prefixed, sha256Hex } from "../kernel/index.ts";
import {
  isPlainFile,
  isPlainManifest,
  isPlainReceipt,
  manifestCopyPath,
  receiptPath,
  tierPrefix,
} from "../receipts/index.ts";

import { columnsOfFiles, type ReadReceipt } from "./file-columns.ts";

type Members = Record<string, unknown>;

/** The receipt lists exactly the files of the manifest, and the manifest has the hash the receipt names. */
export function soundReceipt(
  fs: FileSystem,
  root: string,
  id: string,
  tier: PlaneTier,
): ReadReceipt | undefined {
  const receipt_text = textAt(fs, `${root}/${receiptPath(id, tier)}`);
  const receipt = receiptOf(membersOf(receipt_text));
  const manifest_members = membersOf(textAt(fs, `${root}/${manifestCopyPath(id, tier)}`));
  const manifest = manifestOf(manifest_members);
  if (receipt === undefined || manifest === undefined || manifest_members === undefined) return undefined;
  if (receipt.package_id !== manifest.package_id || receipt.version !== manifest.version) return undefined;
  if (hashOf(manifest_members) !== receipt.manifest_hash) return undefined;
  if (!sameFiles(receipt.files, manifest.assets, tierPrefix(tier))) return undefined;
  const columns = columnsOfFiles(receipt.files);
  return { receipt, manifest, files: columns, receipt_sha256: sha256Hex(receipt_text) };
}

/** Its files are not looked at; the rest is as the schema wants it. */
function receiptOf(members: Members | undefined): Receipt | undefined {
  if (members === undefined || !Array.isArray(members["files"])) return undefined;
  if (isPlainReceipt(members)) return members as Receipt;
  const { files, ...head } = members;
  const { success, data } = ReceiptShape.safeParse({ ...head, files: [] });
  return success ? { ...data, files: files as ReceiptFile[] } : undefined;
}

/** Its assets are not looked at, but for the first. */
function manifestOf(members: Members | undefined): Manifest | undefined {
  if (members === undefined || !Array.isArray(members["assets"])) return undefined;
  if (isPlainManifest(members)) return members as Manifest;
  const { assets, ...head } = members as Members & { assets: Manifest["assets"] };
  const { success, data } = ManifestShape.safeParse({ ...head, assets: assets.slice(0, 1) });
  return success ? { ...data, assets } : undefined;
}

/** Empty where it cannot be read: the full reading says why. */
function textAt(fs: FileSystem, path: string): string {
  try {
    return fs.readText(path);
  } catch {
    return "";
  }
}

function membersOf(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Members)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The manifest hash where the file already has sorted keys and plain ASCII, as we write it. In any other case the result is
 * some other hash, which equals nothing.
 */
function hashOf(manifest: Members): string {
  const sorted = Object.fromEntries(
    Object.keys(manifest)
      .filter((key) => key !== "metadata")
      .sort()
      .map((key) => [key, manifest[key]]),
  );
  return prefixed(sha256Hex(JSON.stringify(sorted)));
}

function sameFiles(files: readonly unknown[], assets: readonly unknown[], prefix: string): boolean {
  let by_path: Map<unknown, Members> | undefined;
  if (files.length !== assets.length) return false;
  return files.every((file, index) => {
    if (!isMembers(file) || typeof file["path"] !== "string" || !file["path"].startsWith(prefix))
      return false;
    const path = file["path"].slice(prefix.length);
    let asset = assets[index];
    if (!isMembers(asset) || asset["path"] !== path) {
      by_path ??= new Map(assets.filter(isMembers).map((one) => [one["path"], one]));
      asset = by_path.get(path);
    }
    return isMembers(asset) && isSameFile(file, asset);
  });
}

const isMembers = (value: unknown): value is Members => typeof value === "object" && value !== null;

/** Characters that a manifest allows. */
const ASSET_PATH_MAX = 1024;

/** A sound file, and the asset has its members but for those that only an install knows. */
function isSameFile(file: Members, asset: Members): boolean {
  return (
    isPlainFile(file) &&
    String(asset["path"]).length <= ASSET_PATH_MAX &&
    Object.keys(asset).length === 5 &&
    file["sha256"] === asset["sha256"] &&
    file["size_bytes"] === asset["size_bytes"] &&
    file["executable"] === asset["executable"] &&
    file["classification"] === asset["classification"]
  );
}
