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

async function acquire(
  effects: { readonly fs: LockFiles; readonly locks: Locks },
  stream: StreamRef,
  path: string,
  wait_ms: number,
): Promise<HeldLock | undefined> {
  const unusable = (why: string, cause?: unknown): never =>
    raise("LEDGER_LOCK_UNUSABLE", `the lock of ${stream.name} ${why}`, { stream: stream.name, path }, cause);
  const found = effects.fs.stat(path);
  if (found !== undefined && found.kind !== "file") return unusable(`is a ${found.kind}, not a file`);
  try {
    if (found === undefined) ensureDirectory(effects.fs, parentOf(path));
    return await effects.locks.acquire(path, { wait_ms });
  } catch (error) {
    const message =
      (error as { code?: string }).code === "ERR_SQLITE_ERROR" ? (error as Error).message : undefined;
    return message === undefined
      ? raiseIo(error, stream.name, path)
      : unusable(`cannot be used: ${message}`, error);
  }
}

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
