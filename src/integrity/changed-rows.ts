/** What the rows of the stat cache with another stamp mean: owned files to judge again, or folders in which nothing changed. */
import { type FileSystem, listingDigest, STAMP_WIDTH, type Stamp, seenStamp } from "../effects/index.ts";
import type { CacheColumns } from "./stat-cache-form.ts";

export interface ChangedFile {
  readonly row: number;
  /** Plane-relative. */
  readonly path: string;
}

export interface ChangedRows {
  readonly files: readonly ChangedFile[];
  /** Folders that hold what they held, with their stamps of now. */
  readonly folders: ReadonlyMap<number, Stamp>;
}

/** Undefined where there is any change on which more may depend than an owned file's own verdict. */
export function changedRows(
  fs: FileSystem,
  root: string,
  columns: Omit<CacheColumns, "note">,
  { rows, alone_count }: { readonly rows: readonly number[]; readonly alone_count: number },
): ChangedRows | undefined {
  const files: ChangedFile[] = [];
  const folders = new Map<number, Stamp>();
  for (const row of rows) {
    const path = pathAt(columns, row);
    if (row < alone_count) {
      if (!path.startsWith(`${root}/`)) return undefined;
      files.push({ row, path: path.slice(root.length + 1) });
      continue;
    }
    const stamp = sameFolder(fs, path, columns, row);
    if (stamp === undefined) return undefined;
    folders.set(row, stamp);
  }
  return { files, folders };
}

/** The stamp of a folder that was listed, has its mode and holds the same names. */
function sameFolder(
  fs: FileSystem,
  path: string,
  { stamps, digests }: Omit<CacheColumns, "note">,
  row: number,
): Stamp | undefined {
  try {
    const stamp = seenStamp(fs.stat(path));
    const at = row * STAMP_WIDTH;
    const same = [1, 4, 5].every((field) => stamp[field] === stamps[at + field]);
    if (!same || fs.stat(path)?.kind !== "directory") return undefined;
    const before = Buffer.from(digests.subarray(row * 32, row * 32 + 32));
    return before.equals(listingDigest(fs.list(path))) ? stamp : undefined;
  } catch {
    return undefined;
  }
}

function pathAt({ paths, ends }: Pick<CacheColumns, "paths" | "ends">, row: number): string {
  const start = row === 0 ? 0 : ends[row - 1];
  return Buffer.from(paths.buffer, paths.byteOffset, paths.byteLength).toString("utf8", start, ends[row]);
}

/** The digest kept for an absolute path, as hex; undefined where there is none. */
export function digestOf(columns: Omit<CacheColumns, "note">, path: string): string | undefined {
  const { paths, ends, digests } = columns;
  const names = Buffer.from(paths.buffer, paths.byteOffset, paths.byteLength);
  const wanted = Buffer.from(path);
  for (let at = names.indexOf(wanted); at >= 0; at = names.indexOf(wanted, at + 1)) {
    const row = rowEndingAt(ends, at + wanted.length);
    if (row === undefined || (row === 0 ? 0 : ends[row - 1]) !== at) continue;
    return Buffer.from(digests.subarray(row * 32, row * 32 + 32)).toString("hex");
  }
  return undefined;
}

function rowEndingAt(ends: Uint32Array, end: number): number | undefined {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ends[middle] ?? 0) < end) low = middle + 1;
    else high = middle;
  }
  return ends[low] === end ? low : undefined;
}
