/**
 * Where Node keeps our compiled code between runs. Node runs what it finds there without proving whose it is, so the folder
 * must be one that nobody but this user can have written: Node's own default, below the temporary folder all users share,
 * is not. Without such a folder every run compiles anew, which only takes longer.
 */
import { lstatSync, mkdirSync, realpathSync, type Stats } from "node:fs";
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";

/** A folder of ours in the user's cache folder. NODE_COMPILE_CACHE is the user's own word and already in force. */
export function keepCompiled(): void {
  if ((process.env["NODE_COMPILE_CACHE"] ?? "") !== "") return;
  const folder = ownFolder(cacheHome(process.env["XDG_CACHE_HOME"]), process.getuid?.());
  if (folder !== undefined) enableCompileCache(folder);
}

/** Same rule as the XDG base directories: a relative path counts as none. */
function cacheHome(named: string | undefined): string {
  return named !== undefined && isAbsolute(named) ? named : join(homedir(), ".cache");
}

/**
 * `<cache_home>/holdfast/compiled`, made with mode 0700 where it is missing; undefined where it cannot be made, is a link, or
 * where any folder on the way to it can be changed by another user.
 */
export function ownFolder(cache_home: string, uid: number | undefined): string | undefined {
  if (uid === undefined) return undefined;
  try {
    // One by one: a home that is missing is not made, and Node's own making of all at once never ends below /proc.
    makeFolder(cache_home);
    const real = realpathSync(cache_home);
    for (let path = real; ; path = dirname(path)) {
      if (!isSafeOnTheWay(lstatSync(path), uid)) return undefined;
      if (path === dirname(path)) break;
    }
    const ours = join(real, "holdfast");
    const folder = join(ours, "compiled");
    for (const path of [ours, folder]) {
      makeFolder(path);
      if (!isOnlyOurs(lstatSync(path), uid)) return undefined;
    }
    return folder;
  } catch {
    return undefined;
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/** `stats` of the path itself: a link is no folder. */
const isOnlyOurs = (stats: Stats, uid: number): boolean =>
  stats.isDirectory() && stats.uid === uid && (stats.mode & OTHERS_WRITE) === 0;

/** In a folder like /tmp others can make entries of their own, but not exchange ours. */
const isSafeOnTheWay = (stats: Stats, uid: number): boolean =>
  (stats.uid === uid || stats.uid === 0) &&
  ((stats.mode & OTHERS_WRITE) === 0 || (stats.mode & STICKY) !== 0);
