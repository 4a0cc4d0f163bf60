/**
 * Recognises a receipt and manifest that lie there as an install writes them, without making an object of every file: the two
 * lists must be the same text but for what only an install knows. Whatever is in any way unusual is left to `soundReceipt`.
 */
import { isAscii } from "node:buffer";
import {
  CLASSIFICATIONS,
  type Classification,
  type Manifest,
  type PlaneTier,
  type Receipt,
} from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { prefixed, sha256Hex } from "../kernel/index.ts";
import {
  isPlainManifest,
  isPlainReceipt,
  manifestCopyPath,
  receiptPath,
  tierPrefix,
} from "../receipts/index.ts";
import { type FileColumns, flagsOf, type ReadReceipt } from "./file-columns.ts";

export function writtenReceipt(
  fs: FileSystem,
  root: string,
  id: string,
  tier: PlaneTier,
): ReadReceipt | undefined {
  const receipt_bytes = bytesAt(fs, `${root}/${receiptPath(id, tier)}`);
  const manifest_bytes = bytesAt(fs, `${root}/${manifestCopyPath(id, tier)}`);
  if (receipt_bytes === undefined || manifest_bytes === undefined) return undefined;
  const parsed = parseWritten(
    receipt_bytes.toString("latin1"),
    manifest_bytes.toString("latin1"),
    tierPrefix(tier),
  );
  return parsed === undefined ? undefined : { ...parsed, receipt_sha256: sha256Hex(receipt_bytes) };
}

/** Undefined where it cannot be read, which the full reading says why, and where there is more in it than ASCII. */
function bytesAt(fs: FileSystem, path: string): Buffer | undefined {
  try {
    const bytes = fs.read(path);
    return isAscii(bytes) ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** `prefix`: what the paths of a tier begin with. The texts: ASCII. */
export function parseWritten(
  receipt_text: string,
  manifest_text: string,
  prefix: string,
): Omit<ReadReceipt, "receipt_sha256"> | undefined {
  const list = listOf(receipt_text, prefix);
  if (list === undefined) return undefined;
  const receipt = receiptOf(receipt_text.slice(0, list.start), receipt_text.slice(list.end));
  const assets = assetsText(receipt_text.slice(list.start, list.end), prefix);
  if (receipt === undefined || !manifest_text.startsWith(assets, ASSETS.length)) return undefined;
  const rest = manifest_text.slice(ASSETS.length + assets.length);
  const manifest = manifest_text.startsWith(ASSETS) ? manifestOf(rest) : undefined;
  if (manifest === undefined) return undefined;
  if (receipt.package_id !== manifest.package_id || receipt.version !== manifest.version) return undefined;
  if (hashOf(manifest, list.compact) !== receipt.manifest_hash) return undefined;
  return { receipt, manifest, files: list.columns };
}

const FILES = `\n  "files": [\n`;
const ASSETS = `{\n  "assets": [\n`;
const END = "  ]";
/** One file as it is written; a text without quote, backslash or control character stands for itself. */
const FILE =
  / {4}\{\n {6}"classification": "([a-z]+)",\n {6}"executable": (true|false),\n {6}"origin": "(created|adopted)",\n {6}"path": "([ !#-[\]-~]+)",\n {6}"sha256": "(sha256:[0-9a-f]{64})",\n {6}"size_bytes": (0|[1-9]\d{0,14})\n {4}\}(,?)\n/y;
const CLASSES: ReadonlySet<string> = new Set(CLASSIFICATIONS);
/** Characters that a manifest allows. */
const PATH_MAX = 1024;

interface WrittenList {
  /** Of the first file, and after the bracket that ends the list. */
  readonly start: number;
  readonly end: number;
  readonly columns: FileColumns;
  /** The list as the manifest hash has it. */
  readonly compact: string;
}

function listOf(text: string, prefix: string): WrittenList | undefined {
  const start = text.indexOf(FILES) + FILES.length;
  const columns: FileColumns = { paths: [], digests: [], flags: [] };
  let compact = "";
  FILE.lastIndex = start;
  for (let more = start >= FILES.length; more; ) {
    const found = FILE.exec(text);
    if (found === null) return undefined;
    const [, classification = "", executable, origin, path = "", sha256 = "", size_bytes = "", comma] = found;
    const own = path.slice(prefix.length);
    if (!CLASSES.has(classification) || !path.startsWith(prefix) || own === "" || own.length > PATH_MAX)
      return undefined;
    columns.paths.push(path);
    columns.digests.push(sha256);
    columns.flags.push(
      flagsOf({
        classification: classification as Classification,
        executable: executable === "true",
        is_created: origin === "created",
      }),
    );
    compact += `{"classification":"${classification}","executable":${executable},"path":"${own}","sha256":"${sha256}","size_bytes":${size_bytes}}${comma}`;
    more = comma === ",";
  }
  const end = FILE.lastIndex + END.length;
  return compact !== "" && text.startsWith(END, FILE.lastIndex)
    ? { start, end, columns, compact }
    : undefined;
}

/** The files as assets: without where they came from, and without the tier before their paths. */
function assetsText(files: string, prefix: string): string {
  const assets = files.replaceAll(/ {6}"origin": "(?:created|adopted)",\n/g, "");
  return prefix === "" ? assets : assets.replaceAll(`\n      "path": "${prefix}`, `\n      "path": "`);
}

function receiptOf(before: string, after: string): Omit<Receipt, "files"> | undefined {
  // The key and the bracket that begins the list stand before it.
  const is_only = isOnly("files", `${before.slice(0, -FILES.length)}${after}`);
  const head = is_only ? membersOf(`${before}"${MARK}"]${after}`) : undefined;
  return isMark(head?.["files"]) && isPlainReceipt(head) ? (head as unknown as Receipt) : undefined;
}

function manifestOf(after: string): Omit<Manifest, "assets"> | undefined {
  const head = isOnly("assets", after) ? membersOf(`{"assets":["${MARK}"]${after}`) : undefined;
  return isMark(head?.["assets"]) && isPlainManifest(head) ? (head as unknown as Manifest) : undefined;
}

/** Stands for the list while the rest is parsed: it must come out as that member and no other. */
const MARK = "the list";
const isMark = (list: unknown): boolean => Array.isArray(list) && list.length === 1 && list[0] === MARK;

/** Whether no other member can have this key, since of two the last one would count. Letters have no other escape than this. */
const isOnly = (key: string, rest: string): boolean => !rest.includes(`"${key}"`) && !rest.includes("\\u");

function membersOf(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** The manifest hash where the rest has sorted keys too; in any other case some other hash, which equals nothing. */
function hashOf(manifest: Omit<Manifest, "assets">, assets: string): string {
  const members = manifest as unknown as Record<string, unknown>;
  const rest = Object.keys(members)
    .filter((key) => key !== "metadata" && key !== "assets")
    .sort()
    .map((key) => `,"${key}":${JSON.stringify(members[key])}`);
  return prefixed(sha256Hex(`{"assets":[${assets}]${rest.join("")}}`));
}
