import { accessSync, constants, existsSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { Locks } from "../ports.ts";
import { loadSqlite } from "./sqlite.ts";

/** Short busy waits, so that a signal is seen between two of them. */
const SLICE_MS = 100;
const SQLITE_BUSY = 5;

export const nodeLocks: Locks = {
  async acquire(path, { wait_ms, signal }) {
    // SQLite opens a file it may not write read-only, and its lock would then exclude nobody.
    if (existsSync(path)) accessSync(path, constants.W_OK);
    const Database = loadSqlite();
    const database = new Database(path, { timeout: Math.min(SLICE_MS, wait_ms) });
    const deadline = performance.now() + wait_ms;
    let held = false;
    try {
      for (;;) {
        if (tryBegin(database)) {
          held = true;
          return lockOn(database);
        }
        if (performance.now() >= deadline || signal?.aborted === true) return undefined;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } finally {
      if (!held) database.close();
    }
  },
};

function tryBegin(database: DatabaseSync): boolean {
  try {
    database.exec("BEGIN IMMEDIATE");
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return false;
    throw error;
  }
}

function lockOn(database: DatabaseSync): { release(): void } {
  let open = true;
  return {
    release() {
      if (!open) return;
      open = false;
      database.exec("ROLLBACK");
      database.close();
    },
  };
}
