import { accessSync, constants, existsSync, lstatSync, type Stats, statSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { HeldLock, Locks } from "../ports.ts";

/** Short busy waits, so that a signal is seen between two of them. */
const SLICE_MS = 100;
const SQLITE_BUSY = 5;

export const nodeLocks: Locks = {
  async acquire(path, { wait_ms, signal }) {
    const deadline = performance.now() + wait_ms;
    const isOver = (): boolean => performance.now() >= deadline || signal?.aborted === true;
    for (;;) {
      const found = statSync(path, { throwIfNoEntry: false });
      const holder = found === undefined ? undefined : holders.get(keyOf(found));
      if (holder === undefined) {
        const lock = await tryLock(path, found, Math.min(SLICE_MS, wait_ms));
        if (lock !== undefined) return lock;
      }
      if (isOver()) return undefined;
      await (holder === undefined
        ? sleep(1)
        : freed(holder, Math.min(SLICE_MS, deadline - performance.now())));
    }
  },
  takeAtOnce(path) {
    const kept = idle.get(path);
    if (kept === undefined || holders.has(kept.key)) return undefined;
    if (!isSameFile(kept, lstatSync(path, { throwIfNoEntry: false }))) return undefined;
    idle.delete(path);
    return begun(path, kept, true);
  },
};

/** Undefined when another holds it. */
async function tryLock(
  path: string,
  found: Stats | undefined,
  timeout_ms: number,
): Promise<HeldLock | undefined> {
  return begun(path, takeIdle(path, found, timeout_ms) ?? (await connect(path, timeout_ms)));
}

function begun(path: string, connection: Connection, at_once = false): HeldLock | undefined {
  try {
    if (!holders.has(connection.key) && tryBegin(connection)) return lockOn(path, connection, at_once);
  } catch (error) {
    connection.database.close();
    throw error;
  }
  keepIdle(path, connection);
  return undefined;
}

/**
 * Locks that this process holds, by file: whoever waits for one of them has to let its holder go on, and SQLite would stand
 * still while it waits. The connection is named so that a lock somebody forgot keeps its file open: closed behind our back, its
 * number would be another file's soon, which nobody could lock then.
 */
const holders = new Map<string, Holder>();
interface Holder extends PromiseWithResolvers<void> {
  readonly connection: Connection;
}
const keyOf = ({ dev, ino }: Stats): string => `${dev} ${ino}`;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function freed({ promise }: PromiseWithResolvers<void>, wait_ms: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, wait_ms);
  await Promise.race([promise, late.promise]);
  clearTimeout(timer);
}

interface Connection {
  readonly database: DatabaseSync;
  /** Prepared once: to read the words again costs as much as to do what they say. */
  readonly begin: StatementSync;
  readonly rollback: StatementSync;
  /** {@link READ_ON}, begun with the first lock and never ended. */
  readonly reading: Iterator<unknown>;
  reads: boolean;
  /** The file it was opened on. */
  readonly file: Stats;
  readonly key: string;
  readonly timeout_ms: number;
}

/**
 * Reads the empty file and stays at the first of two rows: whoever reads need not ask anew whether somebody died while
 * writing, which is three quarters of what a lock costs. Readers exclude nobody: a lock of the protocol excludes others
 * that ask for it, never who reads, and nobody ever writes.
 */
const READ_ON = "SELECT 1 UNION ALL SELECT count(*) FROM sqlite_schema";

/**
 * Connections that hold no lock, kept for the next time: opening one takes longer than anything else an append does but
 * syncing. SQLite keeps descriptors of one file open until no lock of this process depends on them.
 */
const idle = new Map<string, Connection>();
const IDLE_MAX = 8;

/** The kept connection, when it is one to the very file that lies at the path now. */
function takeIdle(path: string, found: Stats | undefined, timeout_ms: number): Connection | undefined {
  const kept = idle.get(path);
  if (kept === undefined) return undefined;
  idle.delete(path);
  if (isSameFile(kept, found) && kept.timeout_ms === timeout_ms) return kept;
  kept.database.close();
  return undefined;
}

/** A file that is open keeps its number, so an equal one is no other file. */
const isSameFile = ({ file }: Connection, found: Stats | undefined): boolean =>
  file.ino === found?.ino && file.dev === found.dev;

/** The one asked for longest ago makes room. */
function keepIdle(path: string, connection: Connection): void {
  // A lock file that was removed is asked for by nobody any more.
  const found = statSync(path, { throwIfNoEntry: false });
  if (idle.has(path) || !isSameFile(connection, found)) return connection.database.close();
  idle.set(path, connection);
  if (idle.size <= IDLE_MAX) return;
  for (const [oldest, { database }] of idle) {
    idle.delete(oldest);
    database.close();
    return;
  }
}

async function connect(path: string, timeout_ms: number): Promise<Connection> {
  // SQLite opens a file it may not write read-only, and its lock would then exclude nobody.
  if (existsSync(path)) accessSync(path, constants.W_OK);
  const Database = await loadSqlite();
  const database = new Database(path, { timeout: timeout_ms });
  try {
    // Nothing is ever written, and a journal file made and deleted for each lock would ride on every sync of the disk.
    database.exec("PRAGMA journal_mode=MEMORY");
    const [begin, rollback] = [database.prepare("BEGIN IMMEDIATE"), database.prepare("ROLLBACK")];
    const reading = database.prepare(READ_ON).iterate();
    const file = statSync(path);
    return { database, begin, rollback, reading, reads: false, file, key: keyOf(file), timeout_ms };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Node 22 calls its SQLite experimental on every start; users can do nothing about it, so that one line is left out. */
async function loadSqlite(): Promise<typeof DatabaseSync> {
  const warn = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (!String(warning).includes("SQLite")) Reflect.apply(warn, process, [warning, ...rest]);
  };
  try {
    return (await import("node:sqlite")).DatabaseSync;
  } finally {
    process.emitWarning = warn;
  }
}

function tryBegin(connection: Connection): boolean {
  try {
    connection.begin.run();
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return false;
    throw error;
  }
  if (!connection.reads) connection.reading.next();
  connection.reads = true;
  return true;
}

function lockOn(path: string, connection: Connection, at_once = false): HeldLock {
  const { key } = connection;
  const holder = { ...Promise.withResolvers<void>(), connection };
  holders.set(key, holder);
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      try {
        connection.rollback.run();
        // Just seen to be the file at the path; and asked for again at once, most likely.
        if (at_once && !idle.has(path)) idle.set(path, connection);
        else keepIdle(path, connection);
      } finally {
        // Else those of this process would wait for ever for one that is gone.
        holders.delete(key);
        holder.resolve();
      }
    },
  };
}
