import type { FileSystem, HeldLock, Locks } from "../effects/index.ts";
import { raise, raiseIo } from "./faults.ts";
import type { StreamRef } from "./stream-ref.ts";

type LockFiles = Pick<FileSystem, "stat" | "makeDirectory" | "syncDirectory">;

/**
 * Runs `work` as the only writer of the stream, whose folder is made when there is none. The lock file is never opened in any other way (lock protocol).
 * @throws LEDGER_BUSY when `wait_ms` passed; LEDGER_LOCK_UNUSABLE when the lock file cannot serve.
 */
export async function whileLocked<T>(
  effects: { readonly fs: LockFiles; readonly locks: Locks },
  stream: StreamRef,
  wait_ms: number,
  work: () => T,
): Promise<T> {
  const path = `${stream.path}.lock`;
  const lock = await acquire(effects, stream, path, wait_ms);
  if (lock === undefined) {
    return raise("LEDGER_BUSY", `another writer held ${stream.name} for ${wait_ms} ms`, {
      stream: stream.name,
      wait_ms,
    });
  }
  try {
    return work();
  } finally {
    lock.release();
  }
}

/** The same, if the lock is to be had at this moment. Returns whether the work was done. @throws LEDGER_LOCK_UNUSABLE */
export function lockedAtOnce(
  effects: { readonly locks: Locks },
  stream: StreamRef,
  work: () => void,
): boolean {
  const path = `${stream.path}.lock`;
  let lock: HeldLock | undefined;
  try {
    lock = effects.locks.takeAtOnce?.(path);
  } catch (error) {
    return raiseLock(error, stream, path);
  }
  if (lock === undefined) return false;
  try {
    work();
  } finally {
    lock.release();
  }
  return true;
}

async function acquire(
  effects: { readonly fs: LockFiles; readonly locks: Locks },
  stream: StreamRef,
  path: string,
  wait_ms: number,
): Promise<HeldLock | undefined> {
  const found = effects.fs.stat(path);
  if (found !== undefined && found.kind !== "file")
    return raiseUnusable(stream, path, `is a ${found.kind}, not a file`);
  try {
    if (found === undefined) ensureDirectory(effects.fs, parentOf(path));
    return await effects.locks.acquire(path, { wait_ms });
  } catch (error) {
    return raiseLock(error, stream, path);
  }
}

function raiseLock(error: unknown, stream: StreamRef, path: string): never {
  const { code, message } = error as { code?: string; message?: string };
  return code === "ERR_SQLITE_ERROR"
    ? raiseUnusable(stream, path, `cannot be used: ${message}`, error)
    : raiseIo(error, stream.name, path);
}

const raiseUnusable = (stream: StreamRef, path: string, why: string, cause?: unknown): never =>
  raise("LEDGER_LOCK_UNUSABLE", `the lock of ${stream.name} ${why}`, { stream: stream.name, path }, cause);

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";

function ensureDirectory(fs: LockFiles, path: string): void {
  if (path === "/" || fs.stat(path) !== undefined) return;
  ensureDirectory(fs, parentOf(path));
  try {
    fs.makeDirectory(path);
  } catch (error) {
    // Another writer may create it at the same moment.
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  }
  fs.syncDirectory(parentOf(path));
}
