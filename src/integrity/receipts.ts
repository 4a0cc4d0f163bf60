/** Reads every receipt of every tier; what cannot be read or does not belong there becomes a finding. */
import { type Manifest, PLANE_TIERS, type PlaneTier, type Receipt } from "../contracts/index.ts";
import type { DirectoryEntry, FileSystem } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { manifestHash } from "../metadata/index.ts";
import { digestOf, reservedFolder } from "../plane/index.ts";
import { installedIds, readReceipt, receiptDirectory, receiptPath, tierPrefix } from "../receipts/index.ts";
import { removeCure } from "./cures.ts";
import { columnsOfFiles, type KeptReceipt, type ReadReceipt } from "./file-columns.ts";
import type { Outcome } from "./outcome.ts";
import type { Recall } from "./recall.ts";
import { shellWord, shown } from "./shown.ts";
import { soundReceipt } from "./sound-receipt.ts";
import { AT_ONCE, WrittenReceipts } from "./written-receipt.ts";

const OWN_FILES = new Set(["receipt.json", "manifest.json"]);

type IsOwnable = (path: string) => boolean;

/** `onReceipt` is told at once of each that was read. `recall`: knows those that are as they were. */
export function readReceipts(
  fs: FileSystem,
  root: string,
  outcome: Outcome,
  onReceipt: (one: ReadReceipt) => void,
  recall?: Pick<Recall, "receiptOf">,
): KeptReceipt[] {
  const written = new WrittenReceipts();
  return PLANE_TIERS.flatMap((tier) => {
    judgeStrays(fs, root, tier, outcome);
    const isOwnable = ownableJudge(tier);
    const installed: KeptReceipt[] = [];
    const ids = installedIds(fs, root, tier);
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      const some = ids
        .slice(from, from + AT_ONCE)
        .map((id) => ({ id, recalled: recall?.receiptOf(id, tier) }));
      const fresh = some.flatMap(({ id, recalled }) => (recalled === undefined ? [id] : []));
      const found = new Map(written.read(fs, root, fresh, tier).map((one, at) => [fresh[at], one]));
      for (const { id, recalled } of some) {
        const about = { id, tier, isOwnable, written: found.get(id) };
        const read = recalled ?? readOne(fs, root, about, outcome, onReceipt);
        if (read !== undefined) installed.push(read);
      }
    }
    return installed;
  });
}

function readOne(
  fs: FileSystem,
  root: string,
  {
    id,
    tier,
    isOwnable,
    written,
  }: {
    readonly id: string;
    readonly tier: PlaneTier;
    readonly isOwnable: IsOwnable;
    readonly written: ReadReceipt | undefined;
  },
  outcome: Outcome,
  onReceipt: (one: ReadReceipt) => void,
): KeptReceipt | undefined {
  const path = receiptPath(id, tier);
  const problem = (message: string): undefined => {
    const step = `Restore ${shellWord(receiptDirectory(id, tier))} from a backup, then run "integrity-check".`;
    outcome.find("RECEIPT_DAMAGED", `${shown(path)}: ${message}`, step, { path, package_id: id });
  };
  let read: (ReadReceipt & { readonly difference?: string | undefined }) | undefined =
    written ?? soundReceipt(fs, root, id, tier);
  try {
    read ??= readAny(fs, root, id, tier);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!(error instanceof Fault) && code === undefined) throw error;
    const why = error instanceof Fault ? error.details["problem"] : code;
    const message = error instanceof Fault ? error.message : "it cannot be read";
    return problem(shown(`${message} (${typeof why === "string" ? why : "unknown"})`));
  }
  if (read === undefined) return undefined;
  const { receipt, files, difference } = read;
  if (receipt.package_id !== id || receipt.plane_id !== tier)
    return problem(`it is the receipt of ${receipt.package_id} in ${receipt.plane_id}`);
  const outside = files.paths.find((one) => !isOwnable(one));
  if (outside !== undefined) return problem(`it claims ${shown(outside)}, which no package may own`);
  if (difference !== undefined) problem(difference);
  onReceipt(read);
  // What is kept of half a million files is kept by who was told.
  const { manifest, receipt_sha256 } = read;
  return { receipt, manifest, receipt_sha256 };
}

/** @throws RECEIPT_DAMAGED */
function readAny(
  fs: FileSystem,
  root: string,
  id: string,
  tier: PlaneTier,
): (ReadReceipt & { readonly difference: string | undefined }) | undefined {
  const installed = readReceipt(fs, root, id, tier);
  if (installed === undefined) return undefined;
  const { receipt, manifest } = installed;
  const receipt_sha256 = digestOf(fs, `${root}/${receiptPath(id, tier)}`) ?? "";
  const difference = differenceOf(receipt, manifest, tier);
  return { ...installed, files: columnsOfFiles(receipt.files), receipt_sha256, difference };
}

/** A path is joined to the plane's root only when it cannot leave it. Folders are judged once each. */
function ownableJudge(tier: PlaneTier): IsOwnable {
  const prefix = tierPrefix(tier);
  const folders = new Map<string, boolean>([["", true]]);
  const isName = (part: string): boolean => part !== "" && part !== "." && part !== "..";
  const isFolder = (folder: string): boolean =>
    reservedFolder(folder) === undefined && folder.split("/").every(isName);
  // Files mostly come folder by folder: of the folder of the last one, with its slash, only the name is new.
  let last = "\0";
  return (path) => {
    if (!path.startsWith(prefix) || path.includes("\0")) return false;
    const slash = path.lastIndexOf("/");
    if (last.length === slash + 1 && path.startsWith(last)) return isName(path.slice(slash + 1));
    const folder = path.slice(prefix.length, Math.max(prefix.length, slash));
    let is_good = folders.get(folder);
    if (is_good === undefined) folders.set(folder, (is_good = isFolder(folder)));
    if (is_good && folder !== "") last = path.slice(0, slash + 1);
    // A file at the top of the tier may itself have a reserved name.
    return (
      is_good &&
      isName(path.slice(slash + 1)) &&
      (folder !== "" || reservedFolder(path.slice(prefix.length)) === undefined)
    );
  };
}

/** The receipt must say what the approved manifest says, file by file; the manifest is bound to the ledger by its hash. */
function differenceOf(receipt: Receipt, manifest: Manifest, tier: PlaneTier): string | undefined {
  if (manifest.package_id !== receipt.package_id || manifest.version !== receipt.version)
    return `the manifest beside it is of ${manifest.package_id} ${manifest.version}`;
  if (manifestHash(manifest) !== receipt.manifest_hash)
    return "the manifest beside it is not the one that was installed";
  const prefix = tierPrefix(tier);
  const assets = new Map(manifest.assets.map((asset) => [prefix + asset.path, asset]));
  if (receipt.files.length !== assets.size)
    return `it lists ${receipt.files.length} files, the manifest declares ${assets.size}`;
  for (const file of receipt.files) {
    const asset = assets.get(file.path);
    if (asset === undefined) return `it lists ${shown(file.path)}, which the manifest does not declare`;
    if (
      asset.sha256 !== file.sha256 ||
      asset.size_bytes !== file.size_bytes ||
      asset.executable !== file.executable ||
      asset.classification !== file.classification
    )
      return `it describes ${shown(file.path)} otherwise than the manifest does`;
  }
  return undefined;
}

/** Whatever lies in `installed/` and is neither a receipt folder nor one of its two files. */
function judgeStrays(fs: FileSystem, root: string, tier: PlaneTier, outcome: Outcome): void {
  const folder = `${tierPrefix(tier)}installed`;
  const kind = fs.stat(`${root}/${folder}`)?.kind;
  if (kind === undefined) return;
  if (kind !== "directory") return stray(folder, outcome);
  for (const entry of fs.list(`${root}/${folder}`)) {
    const path = `${folder}/${entry.name}`;
    if (entry.kind !== "directory") stray(path, outcome);
    // A receipt that is no plain file is a damaged one, not somebody else's.
    else judgeReceiptFolder(fs, root, path, outcome);
  }
}

function judgeReceiptFolder(fs: FileSystem, root: string, path: string, outcome: Outcome): void {
  const within = listable(fs, root, path);
  if (within === undefined) return;
  // Neither of the two: no package, whatever it is called.
  if (!within.some(({ name }) => OWN_FILES.has(name))) return stray(path, outcome);
  for (const { name } of within) if (!OWN_FILES.has(name)) stray(`${path}/${name}`, outcome);
}

/** Undefined for a folder that cannot be listed: its receipt cannot be read either, and that is told. */
function listable(fs: FileSystem, root: string, path: string): DirectoryEntry[] | undefined {
  try {
    return fs.list(`${root}/${path}`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    // Listed a moment ago: its name is no text.
    return code === "ENOENT" ? [] : undefined;
  }
}

function stray(path: string, outcome: Outcome): void {
  const { command, sentence } = removeCure(path, "directory");
  outcome.judge(path, "unowned", { cure: command });
  outcome.find("FILE_UNOWNED", `${shown(path)} belongs to no receipt`, sentence, { path });
}
