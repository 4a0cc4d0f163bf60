/** Which members a canonical archive of these files has, and in which order. */
import { comparePaths } from "../kernel/index.ts";

export const MANIFEST_PATH = "manifest.json";

export interface Planned<T> {
  readonly path: string;
  /** Undefined for a directory. */
  readonly file: T | undefined;
}

/**
 * `manifest.json` first, then files and exactly the directories above them, component-wise by code point, so every
 * directory stands right before what it holds.
 */
export function planMembers<T extends { readonly path: string }>(files: readonly T[]): Planned<T>[] {
  const rest: Planned<T>[] = [];
  const manifest: Planned<T>[] = [];
  const directories = new Set<string>();
  for (const file of files) {
    (file.path === MANIFEST_PATH ? manifest : rest).push({ path: file.path, file });
    for (let slash = file.path.lastIndexOf("/"); slash > 0; slash = file.path.lastIndexOf("/", slash - 1)) {
      const directory = file.path.slice(0, slash);
      if (directories.has(directory)) break;
      directories.add(directory);
      rest.push({ path: directory, file: undefined });
    }
  }
  return [...manifest, ...rest.sort((a, b) => comparePaths(a.path, b.path))];
}
