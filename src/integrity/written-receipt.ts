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
  const assets_end = endOf([...list.pieces, END], manifest_text, ASSETS.length);
  if (receipt === undefined || assets_end === undefined) return undefined;
  const rest = manifest_text.slice(assets_end);
  const manifest = manifest_text.startsWith(ASSETS) ? manifestOf(rest) : undefined;
  if (manifest === undefined) return undefined;
  if (receipt.package_id !== manifest.package_id || receipt.version !== manifest.version) return undefined;
  if (hashOf(manifest, list.compact) !== receipt.manifest_hash) return undefined;
  return { receipt, manifest, files: list.columns };
}

const FILES = `\n  "files": [\n`;
const ASSETS = `{\n  "assets": [\n`;
const END = "  ]";
/** What stands between the values of one file as it is written. */
const BEFORE = {
  classification: `    {\n      "classification": "`,
  executable: `",\n      "executable": `,
  origin: `,\n      "origin": "`,
  path: `",\n      "path": "`,
  sha256: `",\n      "sha256": "`,
  size_bytes: `",\n      "size_bytes": `,
  end: `\n    }`,
} as const;
/** With none of these in it, a text without quotes stands for itself wherever there is no line end. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ODD = /[\0-\x09\x0b-\x1f\\\x7f]/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const DIGEST_LENGTH = 71;
const SIZE = /^(0|[1-9]\d{0,14})$/;
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
  /** The list as assets, one piece after another. */
  readonly pieces: readonly string[];
}

function listOf(text: string, prefix: string): WrittenList | undefined {
  const start = text.indexOf(FILES) + FILES.length;
  if (start < FILES.length) return undefined;
  const columns: FileColumns = { paths: [], digests: [], flags: [] };
  const pieces: string[] = [];
  let compact = "";
  let at = start;
  for (let more = true; more; ) {
    const one = fileAt(text, at);
    if (one === undefined) return undefined;
    const { classification, is_executable, is_created, path, sha256, size_bytes } = one;
    const own = path.slice(prefix.length);
    if (!CLASSES.has(classification) || !path.startsWith(prefix) || own === "" || own.length > PATH_MAX)
      return undefined;
    columns.paths.push(path);
    columns.digests.push(sha256);
    columns.flags.push(
      flagsOf({ classification: classification as Classification, executable: is_executable, is_created }),
    );
    more = text.startsWith(",\n", one.end);
    const comma = more ? "," : "";
    compact += `{"classification":"${classification}","executable":${is_executable},"path":"${own}","sha256":"${sha256}","size_bytes":${size_bytes}}${comma}`;
    const after = one.end + (more ? 2 : 1);
    // As an asset: without where it came from, and without the tier before its path.
    pieces.push(text.slice(at, one.origin_at), BEFORE_PATH, text.slice(one.path_at + prefix.length, after));
    at = after;
  }
  const is_plain = !ODD.test(text.slice(start, at));
  return is_plain && text.startsWith(END, at) && text[at - 1] === "\n"
    ? { start, end: at + END.length, columns, compact, pieces }
    : undefined;
}

/** What stands before the path of an asset. */
const BEFORE_PATH = BEFORE.path.slice(1);

interface WrittenFile {
  readonly classification: string;
  readonly is_executable: boolean;
  readonly is_created: boolean;
  readonly path: string;
  readonly sha256: string;
  readonly size_bytes: string;
  /** After the value before the origin; where the path begins; after the bracket. */
  readonly origin_at: number;
  readonly path_at: number;
  readonly end: number;
}

/** The file that is written there, value by value. */
function fileAt(text: string, start: number): WrittenFile | undefined {
  if (!text.startsWith(BEFORE.classification, start)) return undefined;
  const class_at = start + BEFORE.classification.length;
  const class_end = text.indexOf('"', class_at);
  if (!text.startsWith(BEFORE.executable, class_end)) return undefined;
  const executable_at = class_end + BEFORE.executable.length;
  const is_executable = text.startsWith("true", executable_at);
  if (!is_executable && !text.startsWith("false", executable_at)) return undefined;
  const origin_at = executable_at + (is_executable ? 4 : 5);
  const is_created = text.startsWith(`${BEFORE.origin}created${BEFORE.path}`, origin_at);
  if (!is_created && !text.startsWith(`${BEFORE.origin}adopted${BEFORE.path}`, origin_at)) return undefined;
  const path_at = origin_at + BEFORE.origin.length + 7 + BEFORE.path.length;
  const path_end = text.indexOf('"', path_at);
  const path = text.slice(path_at, path_end);
  if (path.includes("\n") || !text.startsWith(BEFORE.sha256, path_end)) return undefined;
  const sha_at = path_end + BEFORE.sha256.length;
  const sha_end = sha_at + DIGEST_LENGTH;
  const sha256 = text.slice(sha_at, sha_end);
  if (!DIGEST.test(sha256) || !text.startsWith(BEFORE.size_bytes, sha_end)) return undefined;
  const size_at = sha_end + BEFORE.size_bytes.length;
  const size_end = text.indexOf("\n", size_at);
  const size_bytes = text.slice(size_at, size_end);
  if (!SIZE.test(size_bytes) || !text.startsWith(BEFORE.end, size_end)) return undefined;
  const classification = text.slice(class_at, class_end);
  const end = size_end + BEFORE.end.length;
  return { classification, is_executable, is_created, path, sha256, size_bytes, origin_at, path_at, end };
}

/** Whether these pieces stand there, one after another. @returns where they end */
function endOf(pieces: readonly string[], text: string, start: number): number | undefined {
  let at = start;
  for (const piece of pieces) {
    if (!text.startsWith(piece, at)) return undefined;
    at += piece.length;
  }
  return at;
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
