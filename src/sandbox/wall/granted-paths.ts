/** Globs of a profile as paths of a plane, since a wall is made of paths. */
import type { FileSystem } from "../../effects/index.ts";
import { matchesGlob } from "../../metadata/index.ts";
import { make } from "../faults.ts";

type Needs = Pick<FileSystem, "stat" | "list">;
type Making = Pick<FileSystem, "stat" | "makeDirectory">;

/** Looked at for one glob, and found by it: more would make a command line nobody reads. */
const LOOKED_AT_MAX = 20_000;
const FOUND_MAX = 500;

export interface GrantedPath {
  /** Absolute. */
  readonly path: string;
  readonly is_folder: boolean;
}

/**
 * What is there for each glob: whole folders for `folder/**`, single paths else. A link is never followed and never granted:
 * what it leads to was not asked for.
 * @throws SANDBOX_TOO_MANY_PATHS
 */
export function grantedPaths(fs: Needs, plane_root: string, globs: readonly string[]): GrantedPath[] {
  const found = new Map<string, GrantedPath>();
  for (const glob of globs) for (const one of pathsOf(fs, plane_root, glob)) found.set(one.path, one);
  return [...found.values()];
}

/** Makes the folders that may be written in, where nothing is yet: what is not there cannot be shown. */
export function makeWrittenFolders(fs: Making, plane_root: string, globs: readonly string[]): void {
  for (const glob of globs) {
    let path = plane_root;
    for (const name of (wholeFolder(glob) ?? "").split("/").filter((segment) => segment !== "")) {
      path += `/${name}`;
      const kind = fs.stat(path)?.kind;
      if (kind === undefined) fs.makeDirectory(path);
      // A link, or a file: it is not granted, and not touched.
      else if (kind !== "directory") break;
    }
  }
}

/** The folder that `folder/**` names whole; undefined for any other glob. */
function wholeFolder(glob: string): string | undefined {
  if (glob === "**") return "";
  const folder = glob.endsWith("/**") ? glob.slice(0, -3) : undefined;
  return folder === undefined || /[*?]/.test(folder) ? undefined : folder;
}

function pathsOf(fs: Needs, root: string, glob: string): GrantedPath[] {
  const segments = (wholeFolder(glob) ?? glob).split("/").filter((segment) => segment !== "");
  const wild = segments.findIndex((segment) => /[*?]/.test(segment));
  const literal = wild < 0 ? segments : segments.slice(0, wild);
  const base = descend(fs, root, literal);
  if (base === undefined) return [];
  if (wild < 0) return [base];
  return base.is_folder ? matching(fs, root, base.path, glob) : [];
}

/** Name by name; undefined where nothing is, or a link. */
function descend(fs: Needs, root: string, names: readonly string[]): GrantedPath | undefined {
  let path = root;
  let kind = fs.stat(root)?.kind;
  for (const name of names) {
    if (kind !== "directory") return undefined;
    path += `/${name}`;
    kind = fs.stat(path)?.kind;
  }
  return kind === "directory" || kind === "file" ? { path, is_folder: kind === "directory" } : undefined;
}

function matching(fs: Needs, root: string, base: string, glob: string): GrantedPath[] {
  const found: GrantedPath[] = [];
  const folders = [base];
  let looked_at = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const { name, kind } of fs.list(folder)) {
      const path = `${folder}/${name}`;
      if (++looked_at > LOOKED_AT_MAX || found.length > FOUND_MAX)
        throw make("SANDBOX_TOO_MANY_PATHS", `the glob ${glob} names too many paths to show one by one`, {
          glob,
          paths_max: FOUND_MAX,
        });
      if (kind !== "file" && kind !== "directory") continue;
      const is_folder = kind === "directory";
      if (matchesGlob(path.slice(root.length + 1), glob)) found.push({ path, is_folder });
      else if (is_folder) folders.push(path);
    }
  }
  return found;
}
