/** A staged plane takes its place, or goes without a trace. */
import type { Effects, FileSystem } from "../../effects/index.ts";
import { CONFIG_PATH } from "../../plane/index.ts";
import { make } from "../faults.ts";

const CONFIG_FOLDER = CONFIG_PATH.slice(0, CONFIG_PATH.indexOf("/"));

/** The target must be absent or an empty folder, and neither in the source nor around it. @throws IMPORT_TARGET_REFUSED */
export function refuseTarget({ fs }: Pick<Effects, "fs">, target: string, source: string): void {
  const refuse = (why: string) => make("IMPORT_TARGET_REFUSED", `${target} ${why}`, { target, source });
  const found = fs.stat(target);
  if (found !== undefined && found.kind !== "directory") throw refuse("is not a folder");
  const real = found === undefined ? target : fs.realPath(target);
  if (real === source) throw refuse("is the source itself, which an import leaves alone");
  if (real.startsWith(`${source}/`) || source.startsWith(`${real}/`))
    throw refuse("and the source lie in each other");
  if (found !== undefined && fs.list(target).length > 0) throw refuse("is not empty");
}

/**
 * A target that is absent appears by one rename. Into an empty folder everything moves, the configuration last: with it
 * the folder is a plane.
 */
export function settle({ fs }: Pick<Effects, "fs">, staging: string, target: string): void {
  const parent = parentOf(target);
  if (fs.stat(target) === undefined) {
    fs.rename(staging, target);
    fs.syncDirectory(parent);
    return;
  }
  const names = fs.list(staging).map(({ name }) => name);
  const moved: string[] = [];
  try {
    for (const name of [...names.filter((one) => one !== CONFIG_FOLDER), CONFIG_FOLDER]) {
      fs.rename(`${staging}/${name}`, `${target}/${name}`);
      moved.push(name);
    }
  } catch (error) {
    for (const name of moved.reverse()) fs.rename(`${target}/${name}`, `${staging}/${name}`);
    throw error;
  }
  fs.syncDirectory(target);
  fs.removeDirectory(staging);
  fs.syncDirectory(parent);
}

/** Removes a folder and all below it, following no link; what cannot be removed is left. */
export function discard({ fs }: Pick<Effects, "fs">, path: string): void {
  try {
    removeTree(fs, path);
  } catch {
    // The failure that led here says more; the folder is no plane and named as what it is.
  }
}

function removeTree(fs: FileSystem, path: string): void {
  const found = fs.stat(path);
  if (found === undefined) return;
  if (found.kind !== "directory") return fs.remove(path);
  for (const { name } of fs.list(path)) removeTree(fs, `${path}/${name}`);
  fs.removeDirectory(path);
}

export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";
