/** Who owns a path: `registries/file_ownership.csv`, held in the index so that asking does not read all of it. */
import type { Row } from "../contracts/index.ts";
import { type Database, type FileStat, isSettled, stampOf } from "../effects/index.ts";
import { scanRows } from "../registry/index.ts";
import { digestOf } from "./file-digest.ts";
import { type FoundLine, lineStartingWith, linesWith } from "./line-search.ts";
import { type IndexEffects, withIndex } from "./open.ts";
import { currentSource, keepSource } from "./sources.ts";

const NAME = "file_ownership";
export const OWNERS_NAME = NAME;
export const OWNERS_PATH = `registries/${NAME}.csv`;

type OnRow = (path: string, owner: string) => void;
type Scan = (onRow: OnRow) => void;

function scanOwners({ fs }: Pick<IndexEffects, "fs">, root: string, onRow: OnRow): void {
  for (const row of scanRows(fs, `${root}/${OWNERS_PATH}`, NAME))
    onRow(row.key, row.cells()["owner_package_id"] ?? "");
}

/** More than this is read into the index only by a change, or by `pkg rebuild-index`: a reader would wait longer than it saves. */
export const READER_BYTES_MAX = 4 << 20;

/**
 * Reads the registry into the index unless that has it as it is. False where it is longer than `bytes_max`, another process
 * writes there, or there is no registry. @throws as findOwners
 */
export function loadOwners(
  effects: IndexEffects,
  root: string,
  database: Database,
  bytes_max = Number.POSITIVE_INFINITY,
): boolean {
  const stat = effects.fs.stat(`${root}/${OWNERS_PATH}`);
  if (stat === undefined) return false;
  if (isCurrent(effects, root, database, stat)) return true;
  if (stat.size_bytes > bytes_max) return false;
  const scan: Scan = (onRow) => scanOwners(effects, root, onRow);
  return load(effects, root, database, stat, scan, () => undefined);
}

/** Owners of the wanted paths, by path. @throws REGISTRY_MISSING, REGISTRY_UNREADABLE, REGISTRY_DAMAGED */
export function findOwners(
  effects: IndexEffects,
  root: string,
  wanted: ReadonlySet<string>,
): Map<string, string> {
  const owners = new Map<string, string>();
  if (wanted.size === 0) return owners;
  const scan: Scan = (onRow) => scanOwners(effects, root, onRow);
  const take: OnRow = (path, owner) => {
    if (wanted.has(path)) owners.set(path, owner);
  };
  return withIndex(
    effects,
    root,
    (database) => {
      const stat = effects.fs.stat(`${root}/${OWNERS_PATH}`);
      if (stat !== undefined && isCurrent(effects, root, database, stat)) {
        for (const path of wanted) {
          const row = database.all("SELECT package_id FROM owner WHERE path = ?", path)[0];
          if (row !== undefined) owners.set(path, String(row["package_id"]));
        }
      } else if (stat === undefined || !load(effects, root, database, stat, scan, take)) scan(take);
      return owners;
    },
    () => {
      owners.clear();
      scan(take);
      return owners;
    },
  );
}

/**
 * Line and text of a path's row, `null` when it has none; undefined where the index cannot say or the registry has quoted
 * cells. Found by its bytes: the index knows that every row is sound.
 */
export function ownershipLine(
  effects: IndexEffects,
  root: string,
  path: string,
): { readonly line: number; readonly header: string; readonly text: string } | null | undefined {
  return withIndex<{ line: number; header: string; text: string } | null | undefined>(
    effects,
    root,
    (database) => {
      const stat = effects.fs.stat(`${root}/${OWNERS_PATH}`);
      if (stat === undefined || !isCurrent(effects, root, database, stat)) return undefined;
      if (database.all("SELECT 1 FROM owner WHERE path = ?", path).length === 0) return null;
      return lineStartingWith(effects.fs, `${root}/${OWNERS_PATH}`, `${path},`);
    },
    () => undefined,
  );
}

/** Rows with a text anywhere in their bytes, in file order; undefined as `ownershipLine`. */
export function ownershipLinesWith(
  effects: IndexEffects,
  root: string,
  text: string,
): FoundLine[] | undefined {
  return withIndex<FoundLine[] | undefined>(
    effects,
    root,
    (database) => {
      const stat = effects.fs.stat(`${root}/${OWNERS_PATH}`);
      if (stat === undefined || !isCurrent(effects, root, database, stat)) return undefined;
      return linesWith(effects.fs, `${root}/${OWNERS_PATH}`, text);
    },
    () => undefined,
  );
}

/** Whether the index holds the rows of the file as it is now. */
function isCurrent({ fs, clock }: IndexEffects, root: string, database: Database, stat: FileStat): boolean {
  const source = currentSource(database, NAME);
  if (source?.stamp !== stampOf(stat)) return false;
  if (isSettled(stat, source.read_ms)) return true;
  const read_ms = clock.now_ms();
  if (source.digest !== digestOf(fs, `${root}/${OWNERS_PATH}`)) return false;
  database.change(() => record(database, stat, read_ms, source.digest));
  return true;
}

/** Reads the whole registry into the index. False when another process is writing there. */
function load(
  { fs, clock }: IndexEffects,
  root: string,
  database: Database,
  stat: FileStat,
  scan: Scan,
  take: OnRow,
): boolean {
  const read_ms = clock.now_ms();
  const digest = digestOf(fs, `${root}/${OWNERS_PATH}`) ?? "";
  const done = database.change(() => {
    for (const table of ["owner", "owned_folder", "owned_name"]) database.run(`DELETE FROM ${table}`);
    scan((path, owner) => {
      putOwner(database, path, owner);
      take(path, owner);
    });
    database.run("INSERT INTO owned_folder SELECT folder, count(*) FROM owner GROUP BY folder");
    database.run("INSERT INTO owned_name SELECT name, count(*) FROM owner GROUP BY name");
    record(database, stat, read_ms, digest);
    return true;
  });
  return done === true;
}

function putOwner(database: Database, path: string, owner: string): void {
  const slash = path.lastIndexOf("/");
  const folder = path.slice(0, Math.max(0, slash));
  database.run(
    "INSERT OR REPLACE INTO owner VALUES (?, ?, ?, ?)",
    path,
    owner,
    folder,
    path.slice(slash + 1),
  );
}

function addOwner(database: Database, path: string, owner: string): void {
  if (database.all("SELECT 1 FROM owner WHERE path = ?", path).length === 0) countNames(database, path, 1);
  putOwner(database, path, owner);
}

function removeOwner(database: Database, path: string): void {
  if (database.all("SELECT 1 FROM owner WHERE path = ?", path).length > 0) countNames(database, path, -1);
  database.run("DELETE FROM owner WHERE path = ?", path);
}

/** How many paths lie in a folder, and have a name: none is left where the last one goes. */
function countNames(database: Database, path: string, change: 1 | -1): void {
  const slash = path.lastIndexOf("/");
  const texts = { owned_folder: path.slice(0, Math.max(0, slash)), owned_name: path.slice(slash + 1) };
  for (const [table, text] of Object.entries(texts)) {
    const column = table === "owned_folder" ? "path" : "name";
    database.run(
      `INSERT INTO ${table} VALUES (?, ?) ON CONFLICT (${column}) DO UPDATE SET files = files + excluded.files`,
      text,
      change,
    );
    database.run(`DELETE FROM ${table} WHERE ${column} = ? AND files < 1`, text);
  }
}

const record = (database: Database, stat: FileStat, read_ms: number, digest: string): void =>
  keepSource(database, NAME, { stamp: stampOf(stat), read_ms, digest });

/** A change of the registry that the index can follow row by row. */
export interface OwnershipChange {
  /** The file the rows were changed from, and its bare sha256 as last committed. */
  readonly before: FileStat;
  readonly before_digest: string | undefined;
  readonly after_digest: string;
  readonly upsert: readonly Row[];
  readonly remove: readonly (readonly string[])[];
}

/** Brings the index from the registry before a transaction to the one after it; an index that held another stays behind. */
export function followOwnership(effects: IndexEffects, root: string, change: OwnershipChange): void {
  const { fs, clock } = effects;
  const stat = fs.stat(`${root}/${OWNERS_PATH}`);
  if (stat === undefined) return;
  withIndex(
    effects,
    root,
    (database) => {
      const source = currentSource(database, NAME);
      if (source?.stamp !== stampOf(change.before) || source.digest !== change.before_digest) return;
      const read_ms = clock.now_ms();
      database.change(() => {
        for (const [path = ""] of change.remove) removeOwner(database, path);
        for (const { file_path = "", owner_package_id = "" } of change.upsert)
          addOwner(database, file_path, owner_package_id);
        record(database, stat, read_ms, change.after_digest);
      });
    },
    () => undefined,
  );
}
