/** The derived index `.holdfast/cache/index.sqlite`: deleting it changes no answer, only speed (design, principle 1). */
import type { Database, Effects } from "../effects/index.ts";

export type IndexEffects = Pick<Effects, "fs" | "clock" | "databases">;

const CACHE = ".holdfast/cache";
const INDEX_PATH = `${CACHE}/index.sqlite`;

/** Made last when much is read at once: sorting once is faster than keeping order. */
export const MENTION_INDEX = "CREATE INDEX mention_by_token ON mention (token, stream, line)";

/** Bump the version whenever a table changes: an index of another version is thrown away. */
const LAYOUT = {
  version: 3,
  sql: `
    CREATE TABLE source (name TEXT PRIMARY KEY, stamp TEXT NOT NULL, read_ms INTEGER NOT NULL, digest TEXT) WITHOUT ROWID;
    CREATE TABLE head (plane_id TEXT, package_id TEXT, stamp TEXT NOT NULL, read_ms INTEGER NOT NULL, head TEXT NOT NULL,
      PRIMARY KEY (plane_id, package_id)) WITHOUT ROWID;
    CREATE TABLE held (token INTEGER NOT NULL, plane_id TEXT NOT NULL, package_id TEXT NOT NULL,
      PRIMARY KEY (token, plane_id, package_id)) WITHOUT ROWID;
    CREATE INDEX held_by_package ON held (plane_id, package_id);
    CREATE TABLE owner (path TEXT PRIMARY KEY, package_id TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE stream (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, stamp TEXT NOT NULL, lines INTEGER NOT NULL,
      bytes INTEGER NOT NULL, last_offset INTEGER NOT NULL, last_digest TEXT NOT NULL);
    CREATE TABLE mention (token INTEGER NOT NULL, stream INTEGER NOT NULL, line INTEGER NOT NULL, offset INTEGER NOT NULL);
    ${MENTION_INDEX}`,
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

/** Whether there is one: opening it would make it. */
export const hasIndex = ({ fs }: Pick<IndexEffects, "fs">, root: string): boolean =>
  fs.stat(`${root}/${INDEX_PATH}`)?.kind === "file";

/** Throws the index away, so that the next reader starts from nothing. */
export function dropIndex({ fs }: Pick<IndexEffects, "fs">, root: string): void {
  for (const end of ["", "-wal", "-shm"])
    if (fs.stat(`${root}/${INDEX_PATH}${end}`) !== undefined) fs.remove(`${root}/${INDEX_PATH}${end}`);
}

function openIndex({ fs, databases }: IndexEffects, root: string): Database | undefined {
  // A link would lead the index elsewhere.
  for (const path of [".holdfast", CACHE])
    if ((fs.stat(`${root}/${path}`)?.kind ?? "directory") !== "directory") return undefined;
  return databases.open(`${root}/${INDEX_PATH}`, LAYOUT);
}
