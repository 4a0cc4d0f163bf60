/**
 * Doing and undoing changes by renames. Both directions may be repeated: each looks at what is there before it acts,
 * so recovery can start over after being killed itself.
 */
import type { Effects, FileSystem } from "../effects/index.ts";
import type { Change } from "./records.ts";

const BREATHE_EVERY = 64;

export interface Site {
  readonly root: string;
  /** The transaction's own folder. */
  readonly directory: string;
}

export const stagedPath = (site: Site, index: number): string => `${site.directory}/staged/${index}`;
const asidePath = (site: Site, index: number): string => `${site.directory}/aside/${index}`;

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
      const staged = stagedPath(site, index);
      if (fs.stat(staged) === undefined) return;
      if (change.before && fs.stat(asidePath(site, index)) === undefined)
        fs.rename(target, asidePath(site, index));
      fs.rename(staged, target);
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
      if (change.before) {
        // Renaming over the new file puts the old one back in one step.
        if (fs.stat(aside) !== undefined) fs.rename(aside, target);
      } else if (fs.stat(stagedPath(site, index)) === undefined && fs.stat(target) !== undefined) {
        fs.rename(target, stagedPath(site, index));
      }
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

/** Makes the renames durable: every folder in which a name changed, deepest first. */
export function syncTouched(fs: FileSystem, site: Site, changes: readonly Change[]): void {
  const parents = new Set(changes.map((change) => parentOf(`${site.root}/${change.path}`)));
  parents.add(`${site.directory}/aside`);
  for (const parent of [...parents].sort((a, b) => b.length - a.length)) {
    if (fs.stat(parent)?.kind === "directory") fs.syncDirectory(parent);
  }
}

export const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf("/")));
