/** What happens to files a package no longer has: those it created go, adopted ones are released, edited ones stay (G5). */
import type { PlaneTier, Receipt, ReceiptFile } from "../contracts/index.ts";
import type { Effects, FileDigest } from "../effects/index.ts";
import { dataFolder } from "../grants/index.ts";
import type { Transaction } from "../journal/index.ts";
import { bare, comparePaths, prefixed } from "../kernel/index.ts";
import { KEPT_DIRECTORY, type Plane } from "../plane/index.ts";
import type { Installed } from "../receipts/index.ts";
import { bytecodeBeside } from "./bytecode.ts";
import { copyFile } from "./copy-file.ts";
import { isPersonal } from "./place.ts";

export interface LeavingFiles {
  readonly removed: readonly string[];
  readonly released: readonly string[];
  /** Edited config and state files left in place. */
  readonly kept: readonly string[];
  /** The same with the bytes they had then; the ledger keeps it, so that what nobody owns any more is not mistaken. */
  readonly kept_files: readonly { readonly path: string; readonly sha256: string }[];
  /** Edited code of which a copy was kept. */
  readonly drifted: readonly string[];
  readonly already_missing: readonly string[];
  readonly cache_removed: readonly string[];
  /** Folders that may have become empty, deepest first. */
  readonly directories: readonly string[];
}

export interface Leaving extends LeavingFiles {
  readonly package_id: string;
  readonly version: string;
  readonly plane_id: PlaneTier;
}

/** @param stale sources whose bytecode goes with them: those that leave, and those that get other bytes */
export async function planLeavingFiles(
  { fs, workers }: Pick<Effects, "fs" | "workers">,
  plane: Plane,
  receipt: Receipt,
  files: readonly ReceiptFile[],
  stale: readonly string[],
  purge: boolean,
): Promise<LeavingFiles> {
  const created = files.filter(({ origin }) => origin === "created");
  const digests = await workers.digestFiles(created.map(({ path }) => `${plane.root}/${path}`));
  const removed: string[] = [];
  const kept_files: { path: string; sha256: string }[] = [];
  const drifted: string[] = [];
  const already_missing: string[] = [];
  for (const [index, file] of created.entries()) {
    const state = stateOf(file, digests[index], fs.stat(`${plane.root}/${file.path}`) === undefined);
    if (state === "missing") already_missing.push(file.path);
    else if (state === "match" || (purge && isPersonal(file.classification))) removed.push(file.path);
    else if (isPersonal(file.classification))
      kept_files.push({ path: file.path, sha256: prefixed(digests[index]?.sha256 ?? "") });
    else drifted.push(file.path);
  }
  const before = new Set(receipt.cache_before);
  const cache_removed = bytecodeBeside(fs, plane.root, stale).filter((path) => !before.has(path));
  return {
    removed,
    released: files.filter(({ origin }) => origin === "adopted").map(({ path }) => path),
    kept: kept_files.map(({ path }) => path),
    kept_files,
    drifted,
    already_missing,
    cache_removed,
    directories: prunable(receipt, cache_removed),
  };
}

/** Everything of one package. */
export async function planLeaving(
  effects: Pick<Effects, "fs" | "workers">,
  plane: Plane,
  { receipt, manifest }: Installed,
  purge: boolean,
): Promise<Leaving> {
  const files = [...receipt.files, ...newDefaultsOf(effects, plane, receipt)];
  const stale = receipt.files.map(({ path }) => path);
  const { package_id, version, plane_id } = receipt;
  const found = await planLeavingFiles(effects, plane, receipt, files, stale, purge);
  const unused = unusedData(effects.fs, plane, manifest.plugin?.namespace);
  return { package_id, version, plane_id, ...found, directories: [...found.directories, ...unused] };
}

/** The folder a run makes for what a plugin may write, where it wrote nothing; what it did write is its owner's. Deepest first. */
function unusedData(fs: Effects["fs"], { root }: Plane, namespace: string | undefined): string[] {
  if (namespace === undefined) return [];
  const own = dataFolder(namespace);
  const around = parentOf(own);
  const namesIn = (path: string): string[] | undefined =>
    fs.stat(`${root}/${path}`)?.kind === "directory"
      ? fs.list(`${root}/${path}`).map(({ name }) => name)
      : undefined;
  if (namesIn(own)?.length !== 0) return [];
  return namesIn(around)?.length === 1 ? [own, around] : [own];
}

/** New defaults this package laid beside edited files, as files it created. */
function newDefaultsOf({ fs }: Pick<Effects, "fs">, plane: Plane, receipt: Receipt): ReceiptFile[] {
  return (receipt.new_defaults ?? []).flatMap(({ path, sha256 }): ReceiptFile[] => {
    const found = fs.stat(`${plane.root}/${path}`);
    if (found?.kind !== "file") return [];
    const { size_bytes, executable } = found;
    return [{ path, sha256, size_bytes, executable, classification: "config", origin: "created" }];
  });
}

function stateOf(
  file: ReceiptFile,
  digest: FileDigest | undefined,
  absent: boolean,
): "match" | "missing" | "drift" {
  if (absent) return "missing";
  const equal =
    digest !== undefined && prefixed(digest.sha256) === file.sha256 && digest.executable === file.executable;
  return equal ? "match" : "drift";
}

/** Folders the install made and the caches that grew in them, deepest first; each is removed only when empty by then. */
function prunable(receipt: Receipt, cache_removed: readonly string[]): string[] {
  const had_cache = new Set(receipt.cache_before.map(parentOf));
  const caches = [...new Set(cache_removed.map(parentOf))].filter((path) => !had_cache.has(path));
  return [...receipt.directories_created, ...caches].sort((a, b) => comparePaths(b, a));
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));

/** Plans the removals; folders go later, when everything that leaves is gone. */
export function stageLeaving(
  effects: Pick<Effects, "fs">,
  transaction: Transaction,
  plane: Plane,
  receipt: Receipt,
  leaving: LeavingFiles,
): void {
  for (const path of leaving.drifted) {
    keepCopy(effects, transaction, plane, path);
    transaction.remove(path);
  }
  const recorded = new Map(
    [...receipt.files, ...(receipt.new_defaults ?? [])].map(({ path, sha256 }) => [path, bare(sha256)]),
  );
  for (const path of [...leaving.removed, ...leaving.cache_removed])
    transaction.remove(path, recorded.get(path));
}

/** Keeps what lies at a path before it goes. @returns 1 when there was a file to keep, else 0 */
export function keepCopy(
  { fs }: Pick<Effects, "fs">,
  transaction: Transaction,
  plane: Plane,
  path: string,
): number {
  if (fs.stat(`${plane.root}/${path}`)?.kind !== "file") return 0;
  const copy = `${transaction.site.directory}/copy-${transaction.changes.length}`;
  copyFile(fs, `${plane.root}/${path}`, copy);
  transaction.put(`${KEPT_DIRECTORY}/${transaction.id}/${path}`, { file: copy });
  return 1;
}
