/** Downloads by digest, and what was begun. All derived: it may be deleted at any time. */
import type { Effects, FileSystem } from "../effects/index.ts";
import { sha256Hex, sha256Stream } from "../kernel/index.ts";

const CACHE = ".holdfast/cache/downloads";

export interface Partial {
  /** Absolute paths of the bytes so far and of what is known about them. */
  readonly bytes: string;
  readonly about: string;
  readonly lock: string;
}

export const cachedPath = (root: string, digest: string): string => `${root}/${CACHE}/sha256/${digest}`;

export function partialOf(root: string, url: string): Partial {
  const base = `${root}/${CACHE}/partial/${sha256Hex(Buffer.from(url))}`;
  return { bytes: base, about: `${base}.json`, lock: `${base}.lock` };
}

export function makeCacheFolders(fs: FileSystem, root: string): void {
  let path = root;
  for (const name of [...CACHE.split("/"), "sha256", "partial"]) {
    const folder = name === "partial" ? `${root}/${CACHE}/partial` : `${path}/${name}`;
    if (fs.stat(folder) === undefined) fs.makeDirectory(folder, 0o755);
    path = folder;
  }
}

/** sha256 of a whole file, streamed. */
export function digestFile(fs: FileSystem, path: string): string {
  const handle = fs.openRead(path);
  const hash = sha256Stream();
  try {
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (let count = handle.read(buffer); count > 0; count = handle.read(buffer))
      hash.update(buffer.subarray(0, count));
  } finally {
    handle.close();
  }
  return hash.digest("hex");
}

/** A cached download, if its bytes still are what its name says. A damaged one goes. */
export function findCached(fs: FileSystem, root: string, digest: string): string | undefined {
  const path = cachedPath(root, digest);
  if (fs.stat(path)?.kind !== "file") return undefined;
  if (digestFile(fs, path) === digest) return path;
  fs.remove(path);
  return undefined;
}

/** @returns how many files went, and their bytes */
export async function sweepDownloads(
  { fs, clock }: Pick<Effects, "fs" | "clock">,
  root: string,
  { keep_ms, dry_run }: { readonly keep_ms: number; readonly dry_run: boolean },
): Promise<{ files: number; bytes: number }> {
  let files = 0;
  let bytes = 0;
  for (const folder of ["sha256", "partial"]) {
    const directory = `${root}/${CACHE}/${folder}`;
    if (fs.stat(directory)?.kind !== "directory") continue;
    for (const { name, kind } of fs.list(directory)) {
      const stat = fs.stat(`${directory}/${name}`);
      // A lock file may be in use whatever its age.
      if (kind !== "file" || stat === undefined || name.endsWith(".lock")) continue;
      if (clock.now_ms() - Number(stat.mtime_ns / 1_000_000n) < keep_ms) continue;
      files++;
      bytes += stat.size_bytes;
      if (!dry_run) fs.remove(`${directory}/${name}`);
    }
  }
  return { files, bytes };
}
