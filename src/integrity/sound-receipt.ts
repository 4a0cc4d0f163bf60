/**
 * Recognises a receipt and manifest that are in order, at a fifth of the cost of validating every member of large lists.
 * Whatever is in any way unusual is left to the full validation, which says what is wrong.
 */
import {
  CLASSIFICATIONS,
  Manifest as ManifestShape,
  type PlaneTier,
  Receipt as ReceiptShape,
} from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { prefixed, sha256Hex } from "../kernel/index.ts";
import { type Installed, manifestCopyPath, receiptPath, tierPrefix } from "../receipts/index.ts";

type Members = Record<string, unknown>;
const CLASSES: ReadonlySet<unknown> = new Set(CLASSIFICATIONS);

/** The receipt lists exactly the files of the manifest, and the manifest has the hash the receipt names. */
export function soundReceipt(
  fs: FileSystem,
  root: string,
  id: string,
  tier: PlaneTier,
): (Installed & { readonly receipt_sha256: string }) | undefined {
  const receipt_text = textAt(fs, `${root}/${receiptPath(id, tier)}`);
  const { files, ...receipt_head } = membersOf(receipt_text) ?? {};
  const { assets, ...manifest_head } = membersOf(textAt(fs, `${root}/${manifestCopyPath(id, tier)}`)) ?? {};
  if (!Array.isArray(files) || !Array.isArray(assets) || files.length !== assets.length) return undefined;
  // Heads are validated in full; the lists are compared with each other below.
  const receipt = ReceiptShape.safeParse({ ...receipt_head, files: [] });
  const manifest = ManifestShape.safeParse({ ...manifest_head, assets: assets.slice(0, 1) });
  if (!receipt.success || !manifest.success) return undefined;
  if (receipt.data.package_id !== manifest.data.package_id || receipt.data.version !== manifest.data.version)
    return undefined;
  if (hashOf({ ...manifest_head, assets }) !== receipt.data.manifest_hash) return undefined;
  if (!sameFiles(files, assets, tierPrefix(tier))) return undefined;
  return {
    receipt: { ...receipt.data, files },
    manifest: { ...manifest.data, assets },
    receipt_sha256: sha256Hex(receipt_text),
  };
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

const isMode = (mode: unknown): boolean =>
  mode === undefined || (typeof mode === "string" && /^0[0-7]{3}$/.test(mode));

function isSameFile(file: Members, asset: Members): boolean {
  const { sha256, size_bytes, executable, classification, origin, mode } = file;
  return (
    Object.keys(file).length === (mode === undefined ? 6 : 7) &&
    isMode(mode) &&
    Object.keys(asset).length === 5 &&
    typeof sha256 === "string" &&
    sha256.length === 71 &&
    Number.isSafeInteger(size_bytes) &&
    typeof executable === "boolean" &&
    CLASSES.has(classification) &&
    (origin === "created" || origin === "adopted") &&
    sha256 === asset["sha256"] &&
    size_bytes === asset["size_bytes"] &&
    executable === asset["executable"] &&
    classification === asset["classification"]
  );
}
