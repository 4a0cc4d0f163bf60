/** Errors of the operating system as faults; everything else that is no Fault is a bug of ours. */
import { Fault } from "../kernel/index.ts";
import { make } from "./faults.ts";

const BY_CODE = {
  ENOSPC: ["DISK_FULL", "there is no space left"],
  EDQUOT: ["DISK_FULL", "the disk quota is used up"],
  EACCES: ["PERMISSION_DENIED", "this user may not touch"],
  EPERM: ["PERMISSION_DENIED", "this user may not touch"],
  EROFS: ["READ_ONLY_FILE_SYSTEM", "the file system is read-only at"],
  ENOENT: ["FILE_MISSING", "there is no"],
  ENOTDIR: ["FILE_MISSING", "there is no"],
  EMFILE: ["TOO_MANY_OPEN_FILES", "too many open files at"],
  ENFILE: ["TOO_MANY_OPEN_FILES", "too many open files at"],
  ELOOP: ["PATH_NOT_USABLE", "a link stands at"],
  EISDIR: ["PATH_NOT_USABLE", "a folder stands at"],
  ENOTEMPTY: ["PATH_NOT_USABLE", "a folder is not empty:"],
  ENAMETOOLONG: ["PATH_NOT_USABLE", "the name is too long:"],
  EBADF: ["PATH_NOT_USABLE", "that descriptor is not open"],
  ERR_ENCODING_INVALID_ENCODED_DATA: ["PATH_NOT_USABLE", "a text file is not valid UTF-8"],
  EIO: ["INPUT_OUTPUT_ERROR", "the disk failed at"],
} as const;

const BY_FOLDER = new Set(["mkdir", "rmdir", "unlink"]);

/** Undefined when the error is neither a fault nor the operating system's. */
export function asFault(error: unknown): Fault | undefined {
  if (error instanceof Fault) return error;
  const {
    code,
    path: named = "",
    syscall = "",
  } = error as { code?: string; path?: string; syscall?: string };
  // What may not be made or removed is refused by the folder it lies in.
  const is_of_folder = BY_FOLDER.has(syscall) && (code === "EACCES" || code === "EPERM");
  const path = is_of_folder ? named.slice(0, Math.max(1, named.lastIndexOf("/"))) : named;
  const known = BY_CODE[code as keyof typeof BY_CODE];
  return known === undefined ? undefined : make(known[0], `${known[1]} ${path}`.trim(), { path }, error);
}
