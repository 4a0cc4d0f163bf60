/**
 * Doing and undoing changes by renames. Both directions may be repeated: each looks at what is there before it acts,
 * so recovery can start over after being killed itself.
 */
import type { Effects, FileStat, FileSystem } from "../effects/index.ts";
import type { Change, Was } from "./records.ts";

const BREATHE_EVERY = 64;

export interface Site {
  readonly root: string;
  /** The transaction's own folder. */
  readonly directory: string;
}

export const stagedPath = (site: Site, index: number): string => `${site.directory}/staged/${index}`;
const asidePath = (site: Site, index: number): string => `${site.directory}/aside/${index}`;
export const sourceOf = (site: Site, { source }: { source?: string }, index: number): string =>
  source === undefined ? stagedPath(site, index) : `${site.root}/${source}`;

export function wasOf(stat: FileStat, sha256?: string): Was {
  const { size_bytes, mode, inode, mtime_ns } = stat;
  const known = sha256 === undefined ? {} : { sha256 };
  return { ...known, size_bytes, mode, inode: String(inode), mtime_ns: String(mtime_ns) };
}

/** Applies every change in order. Checks `signal` now and then and throws its reason. */
export async function applyChanges(
  { fs, clock }: Pick<Effects, "fs" | "clock">,
  site: Site,
  changes: readonly Change[],
  signal?: AbortSignal,
): Promise<void> {
  for (const [index, change] of changes.entries()) {
    if (index % BREATHE_EVERY === 0) await clock.breathe();
    signal?.throwIfAborted();
    applyChange(fs, site, change, index);
  }
}

function applyChange(fs: FileSystem, site: Site, change: Change, index: number): void {
  const target = `${site.root}/${change.path}`;
  switch (change.kind) {
    case "make_directory":
      if (fs.stat(target) === undefined) fs.makeDirectory(target);
      return;
    case "put": {
      const source = sourceOf(site, change, index);
      if (fs.stat(source) === undefined) return;
      if (change.was !== undefined && fs.stat(asidePath(site, index)) === undefined)
        fs.rename(target, asidePath(site, index));
      fs.rename(source, target);
      return;
    }
    case "remove":
      if (fs.stat(asidePath(site, index)) === undefined && fs.stat(target) !== undefined) {
        fs.rename(target, asidePath(site, index));
      }
      return;
    case "remove_directory":
      if (fs.stat(target)?.kind === "directory" && fs.list(target).length === 0) fs.removeDirectory(target);
  }
}

/** Undoes every change in reverse order; changes that were never applied are left alone. */
export function undoChanges(fs: FileSystem, site: Site, changes: readonly Change[]): void {
  for (let index = changes.length - 1; index >= 0; index--) {
    const change = changes[index];
    if (change !== undefined) undoChange(fs, site, change, index);
  }
}

function undoChange(fs: FileSystem, site: Site, change: Change, index: number): void {
  const target = `${site.root}/${change.path}`;
  const aside = asidePath(site, index);
  switch (change.kind) {
    case "make_directory":
      if (fs.stat(target)?.kind === "directory" && fs.list(target).length === 0) fs.removeDirectory(target);
      return;
    case "put":
      undoPut(fs, site, change, index);
      return;
    case "remove":
      if (fs.stat(aside) !== undefined) fs.rename(aside, target);
      return;
    case "remove_directory":
      if (fs.stat(target) === undefined) {
        fs.makeDirectory(target);
        fs.setMode(target, change.mode);
      }
  }
}

function undoPut(fs: FileSystem, site: Site, change: Extract<Change, { kind: "put" }>, index: number): void {
  const target = `${site.root}/${change.path}`;
  const aside = asidePath(site, index);
  const source = sourceOf(site, change, index);
  // Kept bytes go back to where they are kept; staged ones may be overwritten, since the archive still has them.
  const has_come = fs.stat(source) === undefined && fs.stat(target) !== undefined;
  if (change.was === undefined) {
    if (has_come) fs.rename(target, source);
    return;
  }
  if (fs.stat(aside) === undefined) return;
  if (has_come && change.source !== undefined) fs.rename(target, source);
  // Renaming over the new file puts the old one back in one step.
  fs.rename(aside, target);
}

/**
 * Makes the renames durable: every folder in which a name changed. A folder comes before those in it: syncing one does not
 * make its own name durable, and what was renamed into a nameless folder would be gone from both places.
 */
export function syncTouched(fs: FileSystem, site: Site, changes: readonly Change[]): void {
  const parents = new Set<string>();
  for (const change of changes) {
    parents.add(parentOf(`${site.root}/${change.path}`));
    if (change.kind === "put" && change.source !== undefined)
      parents.add(parentOf(`${site.root}/${change.source}`));
  }
  parents.add(`${site.directory}/aside`);
  for (const parent of [...parents].sort((a, b) => a.length - b.length)) {
    if (fs.stat(parent)?.kind === "directory") fs.syncDirectory(parent);
  }
}

/**
 * Whether everything is as it was before the changes: the very same files, by inode, size, mode and time of last writing.
 * Folders that were there before are there. @returns how many paths were looked at, and those that differ
 */
export function compareWithBefore(
  fs: FileSystem,
  { root }: Site,
  changes: readonly Change[],
): { readonly checked: number; readonly different: readonly string[] } {
  const different = changes.filter((change) => !isAsBefore(fs.stat(`${root}/${change.path}`), change));
  return { checked: changes.length, different: [...new Set(different.map(({ path }) => path))] };
}

function isAsBefore(found: FileStat | undefined, change: Change): boolean {
  if (change.kind === "make_directory") return found === undefined || found.kind === "directory";
  if (change.kind === "remove_directory") return found?.kind === "directory" && found.mode === change.mode;
  const { was } = change;
  if (was === undefined || found === undefined) return was === undefined && found === undefined;
  return (
    found.size_bytes === was.size_bytes &&
    found.mode === was.mode &&
    String(found.inode) === was.inode &&
    String(found.mtime_ns) === was.mtime_ns
  );
}

const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf("/")));
