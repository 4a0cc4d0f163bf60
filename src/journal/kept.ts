/** Committed transactions whose displaced files are kept, so that a rollback needs neither store nor network. */
import type { FileSystem } from "../effects/index.ts";
import { requireInside } from "./inside.ts";
import { readLines } from "./log.ts";
import {
  GENERATIONS,
  generationName,
  generationsDirectory,
  removeTree,
  transactionsDirectory,
} from "./places.ts";
import type { Begun, Change, JournalRecord, Notes } from "./records.ts";

export interface KeptGeneration {
  readonly generation: number;
  readonly transaction_id: string;
  readonly operation: string;
  readonly subject: string;
  readonly user: string;
  readonly committed_ms: number;
  readonly notes: Notes;
}

/** A displaced file that is still there. `file` is plane-relative. */
export interface KeptFile {
  readonly path: string;
  readonly file: string;
  readonly sha256: string | undefined;
  readonly size_bytes: number;
  readonly mode: number;
}

/** Makes a committed and recorded transaction a kept generation. Safe to repeat. */
export function retireTransaction(fs: FileSystem, root: string, directory: string, generation: number): void {
  const kept = generationsDirectory(root);
  if (fs.stat(kept) === undefined) {
    fs.makeDirectory(kept, 0o700);
    fs.syncDirectory(kept.slice(0, kept.lastIndexOf("/")));
  }
  for (const { name } of fs.list(directory))
    if (!KEPT_NAMES.has(name)) removeTree(fs, `${directory}/${name}`);
  const target = `${kept}/${generationName(generation)}`;
  if (fs.stat(target) !== undefined) removeTree(fs, target);
  fs.rename(directory, target);
  // Before the next transaction: a redo of this one on top of a later one would not be whole. A rename is one step of the
  // file system, so syncing either folder makes it durable.
  fs.syncDirectory(transactionsDirectory(root));
}

const KEPT_NAMES = new Set(["journal.jsonl", "changes.jsonl", "aside"]);

/** Numbers of the kept generations, oldest first. */
export function keptNumbers(fs: FileSystem, root: string): number[] {
  const directory = generationsDirectory(root);
  if (fs.stat(directory)?.kind !== "directory") return [];
  return fs
    .list(directory)
    .filter(({ name, kind }) => kind === "directory" && /^\d{8,}$/.test(name))
    .map(({ name }) => Number(name));
}

/** Undefined when it is not kept or its journal does not say that it was committed. @throws JOURNAL_DAMAGED */
export function readKept(fs: FileSystem, root: string, generation: number): KeptGeneration | undefined {
  const directory = `${generationsDirectory(root)}/${generationName(generation)}`;
  const records = readLines<JournalRecord>(fs, `${directory}/journal.jsonl`);
  const begun = records.find((record): record is Begun => record.state === "begun");
  const planned = records.find((record) => record.state === "planned");
  const committed = records.find((record) => record.state === "committed");
  if (begun === undefined || committed?.generation !== generation) return undefined;
  const { transaction_id, operation, subject, user, at_ms } = begun;
  const committed_ms = committed.at_ms ?? at_ms;
  return { generation, transaction_id, operation, subject, user, committed_ms, notes: planned?.notes ?? {} };
}

/** Everything a kept transaction changed, in the order it was applied. @throws JOURNAL_DAMAGED */
export const keptChanges = (fs: FileSystem, root: string, generation: number): Change[] =>
  readLines<Change>(fs, `${generationsDirectory(root)}/${generationName(generation)}/changes.jsonl`);

/** Displaced files of one generation that no rollback has taken yet. */
export function keptFiles(fs: FileSystem, root: string, generation: number): KeptFile[] {
  const name = generationName(generation);
  const directory = `${generationsDirectory(root)}/${name}`;
  return readLines<Change>(fs, `${directory}/changes.jsonl`).flatMap((change, index): KeptFile[] => {
    if ((change.kind !== "put" && change.kind !== "remove") || change.was === undefined) return [];
    const file = `${GENERATIONS}/${name}/aside/${index}`;
    if (fs.stat(`${root}/${file}`)?.kind !== "file") return [];
    const { sha256, size_bytes, mode } = change.was;
    return [{ path: change.path, file, sha256, size_bytes, mode }];
  });
}

/** One change of a kept generation, as taking it back needs it. */
export interface ReversibleChange {
  readonly kind: Change["kind"];
  readonly path: string;
  /** Whether something stood there before. */
  readonly had: boolean;
  /** What was displaced, where it is a file and still there. */
  readonly displaced: KeptFile | undefined;
}

/** In the order in which they were applied. @throws JOURNAL_DAMAGED, also for a path that leaves the plane */
export function reversibleChanges(fs: FileSystem, root: string, generation: number): ReversibleChange[] {
  const directory = `${generationsDirectory(root)}/${generationName(generation)}`;
  const changes = keptChanges(fs, root, generation);
  const files = new Map(keptFiles(fs, root, generation).map((one) => [one.file, one]));
  return changes.map((change, index) => {
    requireInside(fs, { root, directory }, change);
    const displaced = files.get(`${GENERATIONS}/${generationName(generation)}/aside/${index}`);
    const had = change.kind === "remove_directory" || ("was" in change && change.was !== undefined);
    return { kind: change.kind, path: change.path, had, displaced };
  });
}

/** Removes a kept generation; half removed ones are finished by the next call for any. */
export function dropKept(fs: FileSystem, root: string, generation: number): void {
  const directory = generationsDirectory(root);
  fs.rename(`${directory}/${generationName(generation)}`, `${directory}/${TRASH}${generation}`);
  sweepTrash(fs, root);
}

const TRASH = "trash-";
/** Finishes removals that were cut short. @returns how many */
export function sweepTrash(fs: FileSystem, root: string): number {
  const directory = generationsDirectory(root);
  if (fs.stat(directory)?.kind !== "directory") return 0;
  const trash = fs.list(directory).filter(({ name }) => name.startsWith(TRASH));
  for (const { name } of trash) removeTree(fs, `${directory}/${name}`);
  return trash.length;
}
