/** The derived index `.holdfast/cache/index.sqlite`: deleting it changes no answer, only speed (design, principle 1). */
import type { Database, Effects } from "../effects/index.ts";

export type IndexEffects = Pick<Effects, "fs" | "clock" | "databases">;

const CACHE = ".holdfast/cache";
const INDEX_PATH = `${CACHE}/index.sqlite`;

/** Made last when much is read at once: sorting once is faster than keeping order. */
export const MENTION_INDEX = "CREATE INDEX mention_by_token ON mention (token, stream, line)";

/** Bump the version whenever a table changes: an index of another version is thrown away. */
const LAYOUT = {
  version: 7,
  sql: `
    CREATE TABLE source (name TEXT PRIMARY KEY, stamp TEXT NOT NULL, read_ms INTEGER NOT NULL, digest TEXT) WITHOUT ROWID;
    CREATE TABLE head (plane_id TEXT, package_id TEXT, stamp TEXT NOT NULL, read_ms INTEGER NOT NULL, head TEXT NOT NULL,
      version TEXT NOT NULL, package_tier TEXT NOT NULL, manifest_hash TEXT NOT NULL, spec_id TEXT, framework_id TEXT, PRIMARY KEY (package_id, plane_id)) WITHOUT ROWID;
    CREATE INDEX head_by_spec ON head (spec_id);
    CREATE INDEX head_by_framework ON head (framework_id);
    CREATE TABLE need (target TEXT, plane_id TEXT, package_id TEXT, place INTEGER, range TEXT NOT NULL,
      PRIMARY KEY (package_id, plane_id, place)) WITHOUT ROWID;
    CREATE INDEX need_by_target ON need (target);
    CREATE TABLE file (path TEXT, plane_id TEXT, package_id TEXT, PRIMARY KEY (path, plane_id, package_id)) WITHOUT ROWID;
    CREATE INDEX file_by_package ON file (package_id, plane_id);
    CREATE TABLE below (folder TEXT, plane_id TEXT, package_id TEXT, files INTEGER NOT NULL,
      PRIMARY KEY (folder, package_id, plane_id)) WITHOUT ROWID;
    CREATE INDEX below_by_package ON below (package_id, plane_id);
    CREATE TABLE held (token INTEGER NOT NULL, plane_id TEXT NOT NULL, package_id TEXT NOT NULL,
      PRIMARY KEY (token, plane_id, package_id)) WITHOUT ROWID;
    CREATE INDEX held_by_package ON held (package_id, plane_id);
    CREATE TABLE owner (path TEXT PRIMARY KEY, package_id TEXT NOT NULL, folder TEXT NOT NULL, name TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX owner_by_name ON owner (name, path);
    CREATE TABLE owned_folder (path TEXT PRIMARY KEY, files INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE owned_name (name TEXT PRIMARY KEY, files INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE stray (path TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE sidecar (path TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX sidecar_by_digest ON sidecar (digest);
    CREATE TABLE stream (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, stamp TEXT NOT NULL, lines INTEGER NOT NULL,
      bytes INTEGER NOT NULL, last_offset INTEGER NOT NULL, last_digest TEXT NOT NULL, whole_digest TEXT NOT NULL);
    CREATE TABLE block (stream INTEGER, block INTEGER, offset INTEGER NOT NULL, PRIMARY KEY (stream, block)) WITHOUT ROWID;
    CREATE TABLE word (token INTEGER, stream INTEGER, block INTEGER, PRIMARY KEY (token, stream, block)) WITHOUT ROWID;
    CREATE TABLE change (stream INTEGER, line INTEGER, offset INTEGER NOT NULL, package_id TEXT NOT NULL, plane_id TEXT NOT NULL,
      version TEXT, manifest_hash TEXT, generation INTEGER, at_ms INTEGER NOT NULL, PRIMARY KEY (stream, line)) WITHOUT ROWID;
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
  const open = held.get(effects.databases)?.get(root);
  if (open?.is_given_up === true) return otherwise();
  const database = open?.database ?? openIndex(effects, root);
  // One that cannot be had is not waited for again with every question.
  if (open !== undefined) Object.assign(open, { database, is_given_up: database === undefined });
  if (database === undefined) return otherwise();
  let is_damaged = false;
  try {
    return from_index(database);
  } catch (error) {
    const cause = causeOf(error);
    if (cause === "other") throw error;
    is_damaged = cause === "damage";
    return otherwise();
  } finally {
    if (is_damaged) giveUp(effects, root, database, open);
    else if (database !== open?.database) database.close();
  }
}

/** `index`: SQLite failed for now. Faults and errors of the system are others. */
function causeOf(error: unknown): "damage" | "index" | "other" {
  // JSON that the index holds.
  if (error instanceof SyntaxError) return "damage";
  const { errcode } = error as { errcode?: number };
  if (errcode === undefined) return "other";
  return DAMAGED.has(errcode & PRIMARY_CODE) ? "damage" : "index";
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. Further codes of a kind differ in the bits above. */
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);
const PRIMARY_CODE = 0xff;

/** What is damaged would send every reader to the files from now on. */
function giveUp(effects: IndexEffects, root: string, database: Database, open: Held | undefined): void {
  // Whoever holds it goes on without: what was found out from the damaged one does not hold for a new one.
  if (open !== undefined) Object.assign(open, { database: undefined, is_given_up: true });
  database.close();
  try {
    dropIndex(effects, root);
  } catch (error) {
    if (typeof (error as { syscall?: unknown }).syscall !== "string") throw error;
  }
}

interface Held {
  users: number;
  is_given_up: boolean;
  database: Database | undefined;
}

/** By root. */
const held = new WeakMap<IndexEffects["databases"], Map<string, Held>>();

/** Runs `work` with the index opened once for all its questions instead of once for each. */
export async function holdingIndex<T>(
  { databases }: Pick<IndexEffects, "databases">,
  root: string,
  work: () => Promise<T>,
): Promise<T> {
  const by_root = held.get(databases) ?? new Map<string, Held>();
  held.set(databases, by_root);
  const own = by_root.get(root) ?? { users: 0, is_given_up: false, database: undefined };
  by_root.set(root, own);
  own.users += 1;
  try {
    return await work();
  } finally {
    own.users -= 1;
    if (own.users === 0) {
      by_root.delete(root);
      own.database?.close();
    }
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
