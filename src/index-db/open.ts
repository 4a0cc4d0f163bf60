/** The derived index `.holdfast/cache/index.sqlite`: deleting it changes no answer, only speed (design, principle 1). */
import type { Database, Effects } from "../effects/index.ts";

export type IndexEffects = Pick<Effects, "fs" | "clock" | "databases">;

const CACHE = ".holdfast/cache";
const INDEX_PATH = `${CACHE}/index.sqlite`;

/** Bump the version whenever a table changes: an index of another version is thrown away. */
const LAYOUT = {
  version: 1,
  sql: `
    CREATE TABLE source (name TEXT PRIMARY KEY, stamp TEXT NOT NULL, read_ms INTEGER NOT NULL, digest TEXT) WITHOUT ROWID;
    CREATE TABLE head (plane_id TEXT, package_id TEXT, stamp TEXT NOT NULL, read_ms INTEGER NOT NULL, head TEXT NOT NULL,
      PRIMARY KEY (plane_id, package_id)) WITHOUT ROWID;
    CREATE TABLE owner (path TEXT PRIMARY KEY, package_id TEXT NOT NULL) WITHOUT ROWID`,
} as const;

/**
 * `from_index` with the index open, or `otherwise` where there is none or it fails: an index never makes a command fail.
 * Faults that `from_index` throws are the plane's own and pass.
 */
export function withIndex<T>(
  effects: IndexEffects,
  root: string,
  from_index: (database: Database) => T,
  otherwise: () => T,
): T {
  const database = openIndex(effects, root);
  if (database === undefined) return otherwise();
  try {
    return from_index(database);
  } catch (error) {
    if ((error as { errcode?: unknown }).errcode === undefined) throw error;
    return otherwise();
  } finally {
    database.close();
  }
}

function openIndex({ fs, databases }: IndexEffects, root: string): Database | undefined {
  const directory = `${root}/${CACHE}`;
  if (fs.stat(directory) === undefined) {
    try {
      for (const path of [`${root}/.holdfast`, directory])
        if (fs.stat(path) === undefined) fs.makeDirectory(path, 0o755);
    } catch {
      return undefined;
    }
  }
  if (fs.stat(directory)?.kind !== "directory") return undefined;
  return databases.open(`${root}/${INDEX_PATH}`, LAYOUT);
}
