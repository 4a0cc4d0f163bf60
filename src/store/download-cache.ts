/** Downloads by digest, and what was begun. All derived: it may be deleted at any time. */
import type { Effects, FileSystem } from "../effects/index.ts";
import { sha256Hex, sha256Stream } from "../kernel/index.ts";

const CACHE = ".holdfast/cache/downloads";
const FOLDERS = ["sha256", "partial"] as const;

export interface PartialDownload {
  /** Absolute paths of the bytes so far and of what is known about them. */
  readonly bytes: string;
  readonly about: string;
  readonly lock: string;
}

export const cachedPath = (root: string, digest: string): string => `${root}/${CACHE}/sha256/${digest}`;

export function partialOf(root: string, url: string): PartialDownload {
  const base = `${root}/${CACHE}/partial/${sha256Hex(Buffer.from(url))}`;
  return { bytes: base, about: `${base}.json`, lock: `${base}.lock` };
}

export function makeCacheFolders(fs: FileSystem, root: string): void {
  let path = root;
  for (const name of [...CACHE.split("/"), "sha256", "partial"]) {
    const folder = name === "partial" ? `${root}/${CACHE}/partial` : `${path}/${name}`;
    if (fs.stat(folder) === undefined) makeFolder(fs, folder);
    path = folder;
  }
}

function makeFolder(fs: FileSystem, path: string): void {
  try {
    fs.makeDirectory(path, 0o755);
  } catch (error) {
    // Another download made it between the look and the deed.
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  }
}

export function forgetPartial(fs: FileSystem, partial: PartialDownload): void {
  for (const path of [partial.bytes, partial.about]) if (fs.stat(path) !== undefined) fs.remove(path);
}

type Reads = Pick<Effects, "fs" | "clock" | "signal">;

/** sha256 of a whole file, streamed; a stopped command stops it. */
export async function digestFile({ fs, clock, signal }: Reads, path: string): Promise<string> {
  const handle = fs.openRead(path);
  const hash = sha256Stream();
  try {
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (let count = handle.read(buffer); count > 0; count = handle.read(buffer)) {
      hash.update(buffer.subarray(0, count));
      await clock.breathe();
      signal.throwIfAborted();
    }
  } finally {
    handle.close();
  }
  return hash.digest("hex");
}

/**
 * A cached download, if its bytes still are what its name says. A damaged one stays until a whole one is renamed over
 * it: whoever removed it could remove the whole one that somebody else just put there.
 */
export async function findCached(effects: Reads, root: string, digest: string): Promise<string | undefined> {
  const path = cachedPath(root, digest);
  if (effects.fs.stat(path)?.kind !== "file") return undefined;
  return (await digestFile(effects, path)) === digest ? path : undefined;
}

/** False when somebody else was faster. */
function removeIfThere(fs: FileSystem, path: string): boolean {
  try {
    fs.remove(path);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return false;
    throw error;
  }
}

/** All downloads, whole and begun. */
export function countDownloads(fs: FileSystem, root: string): { files: number; size_bytes: number } {
  const sizes = FOLDERS.flatMap((folder) => {
    const directory = `${root}/${CACHE}/${folder}`;
    if (fs.stat(directory)?.kind !== "directory") return [];
    return fs
      .list(directory)
      .filter(({ name, kind }) => kind === "file" && !name.endsWith(".lock"))
      .map(({ name }) => fs.stat(`${directory}/${name}`)?.size_bytes ?? 0);
  });
  return { files: sizes.length, size_bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Removes downloads last written `keep_ms` ago or earlier. @returns how many files went (or would), and their bytes */
export async function sweepDownloads(
  { fs, clock }: Pick<Effects, "fs" | "clock">,
  root: string,
  { keep_ms, dry_run }: { readonly keep_ms: number; readonly dry_run: boolean },
): Promise<{ files: number; size_bytes: number }> {
  let files = 0;
  let size_bytes = 0;
  for (const folder of FOLDERS) {
    const directory = `${root}/${CACHE}/${folder}`;
    if (fs.stat(directory)?.kind !== "directory") continue;
    for (const { name, kind } of fs.list(directory)) {
      const stat = fs.stat(`${directory}/${name}`);
      // A lock file may be in use whatever its age.
      if (kind !== "file" || stat === undefined || name.endsWith(".lock")) continue;
      if (clock.now_ms() - Number(stat.mtime_ns / 1_000_000n) < keep_ms) continue;
      if (!dry_run && !removeIfThere(fs, `${directory}/${name}`)) continue;
      files++;
      size_bytes += stat.size_bytes;
    }
  }
  return { files, size_bytes };
}
