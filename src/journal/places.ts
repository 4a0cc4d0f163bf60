/** Folders of the journal in a plane, and the safe removal of what lies there. */
import type { FileSystem } from "../effects/index.ts";

const STATE = ".holdfast/state";
export const transactionsDirectory = (root: string): string => `${root}/${STATE}/transactions`;
export const preparingDirectory = (root: string): string => `${root}/${STATE}/preparing`;
/** Plane-relative. */
export const GENERATIONS = `${STATE}/generations`;
export const generationsDirectory = (root: string): string => `${root}/${GENERATIONS}`;
export const generationName = (number: number): string => String(number).padStart(8, "0");

/** In a transaction's folder: held by the process that prepares it. */
export const OWNER_LOCK = "owner.lock";

/** Folders above a plane-relative path that are not there, parents first. Those in `known` are passed over and added to. */
export function missingFolders(fs: FileSystem, root: string, path: string, known: Set<string>): string[] {
  const missing: string[] = [];
  for (let parent = folderOf(path); parent !== "" && !known.has(parent); parent = folderOf(parent)) {
    known.add(parent);
    if (fs.stat(`${root}/${parent}`) === undefined) missing.push(parent);
  }
  return missing.reverse();
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

export function ensureDirectory(fs: FileSystem, path: string): void {
  if (fs.stat(path) !== undefined) return;
  ensureDirectory(fs, path.slice(0, path.lastIndexOf("/")) || "/");
  try {
    fs.makeDirectory(path);
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  }
}

/** Removes a folder and all below it, following no link. */
export function removeTree(fs: FileSystem, path: string): void {
  if (fs.stat(path)?.kind !== "directory") {
    fs.remove(path);
    return;
  }
  for (const entry of fs.list(path)) removeTree(fs, `${path}/${entry.name}`);
  fs.removeDirectory(path);
}

/** Removes the folder of a transaction that needs no keeping. Safe to repeat. */
export function removeTransaction({ fs }: { fs: FileSystem }, directory: string): void {
  // The plan goes first, so that nothing can act on it again; the journal last, since it says that all is finished.
  const names = fs.list(directory).map((entry) => entry.name);
  const last = names.filter((one) => one !== "journal.jsonl" && one !== "changes.jsonl");
  for (const name of [...names.filter((one) => one === "changes.jsonl"), ...last])
    removeTree(fs, `${directory}/${name}`);
  removeTree(fs, directory);
}
