/** Why the plane's lock could not be had, as the fault that names the right next step. */
import type { FileSystem } from "../effects/index.ts";
import type { Fault } from "../kernel/index.ts";
import { make } from "./faults.ts";
import { PLANE_LOCK, STATE_DIRECTORY } from "./paths.ts";

/** SQLite's primary result codes; the higher bytes of an extended code only say where it happened. */
const SQLITE = { IO_ERROR: 10, CORRUPT: 11, FULL: 13, NOT_A_DATABASE: 26 } as const;
/** Of the whole process or machine, not of this plane: told as they are. */
const OF_THE_PROCESS = new Set(["EMFILE", "ENFILE", "ENOMEM"]);

/** SQLite opens no path of more than 504 bytes, and the longest lock of a plane lies 104 below its root. */
const ROOT_BYTES_MAX = 400;

/** Such a plane can be read, and nothing in it can be locked. @throws PLANE_PATH_TOO_LONG */
export function requireLockable(root: string): void {
  const bytes = Buffer.byteLength(root);
  if (bytes <= ROOT_BYTES_MAX) return;
  const message = `the path of the plane has ${bytes} bytes, too many for its locks: ${root.slice(0, 80)}…`;
  throw make("PLANE_PATH_TOO_LONG", message, { path: root, bytes, bytes_max: ROOT_BYTES_MAX });
}

/** @returns the fault to throw; an error that says nothing about the plane as it came */
export function lockFault(fs: Pick<FileSystem, "freeBytes">, root: string, error: unknown): Fault | Error {
  const { code = "", errcode = 0, message } = error as { code?: string; errcode?: number; message: string };
  const primary = errcode & 0xff;
  if (OF_THE_PROCESS.has(code)) return error as Error;
  if (code === "ENOSPC" || code === "EDQUOT" || primary === SQLITE.FULL || isFull(fs, root, primary))
    return make("PLANE_DISK_FULL", `there is no space left to lock ${root}`, { path: root }, error);
  if (code === "EIO" || primary === SQLITE.IO_ERROR) {
    const details = { path: root, problem: message };
    return make("PLANE_DISK_FAILED", `the disk failed while ${root} was locked: ${message}`, details, error);
  }
  if (primary === SQLITE.NOT_A_DATABASE || primary === SQLITE.CORRUPT) {
    const details = { path: `${root}/${PLANE_LOCK}`, problem: message };
    return make(
      "PLANE_LOCK_DAMAGED",
      `${PLANE_LOCK} holds bytes that are not ours: ${message}`,
      details,
      error,
    );
  }
  const path = `${root}/${STATE_DIRECTORY}`;
  return make("PLANE_READ_ONLY", `the plane ${root} cannot be locked for writing`, { path }, error);
}

/** SQLite cannot say more than "I/O error" when a full disk refuses it a byte of metadata. */
const isFull = (fs: Pick<FileSystem, "freeBytes">, root: string, primary: number): boolean =>
  primary === SQLITE.IO_ERROR && fs.freeBytes(root) < LITTLE_BYTES;
const LITTLE_BYTES = 4096;
