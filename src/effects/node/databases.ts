import { lstatSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Cell, Database, Databases } from "../ports.ts";
import { loadSqlite } from "./sqlite.ts";

const BUSY = 5;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

export const nodeDatabases: Databases = {
  open(path, layout) {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        return openLaidOut(path, layout);
      } catch (error) {
        const { errcode } = error as { errcode?: number };
        if (errcode !== CORRUPT && errcode !== NOT_A_DATABASE) return undefined;
        removeDatabase(path);
      }
    }
    return undefined;
  },
};

/** Throws Node's error when it cannot be opened, read or laid out. */
function openLaidOut(path: string, { version, sql }: { version: number; sql: string }): Database | undefined {
  // A link would lead writes elsewhere.
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) return undefined;
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const database = new (loadSqlite())(path, { timeout: 50 });
  try {
    requireWholePages(database, path);
    database.exec("PRAGMA trusted_schema = OFF; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    if (layoutOf(database) !== version) {
      database.exec("BEGIN IMMEDIATE");
      // Another process may have done it meanwhile.
      if (layoutOf(database) !== version) {
        for (const { name } of tablesOf(database))
          database.exec(`DROP TABLE "${name.replaceAll('"', '""')}"`);
        database.exec(`${sql}; PRAGMA user_version = ${version}`);
      }
      database.exec("COMMIT");
    }
    return databaseOn(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite reads what a cut page lacks as zeros: rows would be missing without an error. */
function requireWholePages(database: DatabaseSync, path: string): void {
  const { page_size } = database.prepare("PRAGMA page_size").get() as { page_size: number };
  if (lstatSync(path).size % page_size !== 0)
    throw Object.assign(new Error(`${path} ends within a page`), { errcode: CORRUPT });
}

const layoutOf = (database: DatabaseSync): number =>
  (database.prepare("PRAGMA user_version").get() as { user_version: number }).user_version;

const tablesOf = (database: DatabaseSync): { name: string }[] =>
  database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all() as { name: string }[];

function removeDatabase(path: string): void {
  for (const one of [path, `${path}-wal`, `${path}-shm`]) rmSync(one, { force: true });
}

function databaseOn(database: DatabaseSync): Database {
  const statements = new Map<string, StatementSync>();
  const prepared = (sql: string): StatementSync => {
    const known = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, known);
    return known;
  };
  return {
    all: (sql, ...cells) => prepared(sql).all(...cells) as Record<string, Cell>[],
    run: (sql, ...cells) => void prepared(sql).run(...cells),
    change(work) {
      try {
        database.exec("BEGIN IMMEDIATE");
      } catch (error) {
        if ((error as { errcode?: number }).errcode === BUSY) return undefined;
        throw error;
      }
      try {
        const result = work();
        database.exec("COMMIT");
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec("ROLLBACK");
        throw error;
      }
    },
    close: () => database.close(),
  };
}
