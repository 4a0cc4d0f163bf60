/** Files only their owner may read: refused when others could, private from the first byte when written. */
import type { FileSystem, Random } from "../effects/index.ts";
import { raise } from "./faults.ts";
import { parentOf } from "./places.ts";

const SIZE_BYTES_MAX = 8 << 20;
const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;

/**
 * Text of a private file; undefined when it does not exist. Links are followed: where a secret lies is the operator's
 * choice, and the mode is judged on the file that is read.
 * @throws AUTH_SECRET_EXPOSED, AUTH_SECRET_UNREADABLE
 */
export function readPrivateText(fs: FileSystem, path: string): string | undefined {
  const unreadable = (reason: string, cause?: unknown): never =>
    raise("AUTH_SECRET_UNREADABLE", `${path} cannot be read: ${reason}`, { path, reason }, cause);
  if (fs.stat(path) === undefined) return undefined;
  try {
    const handle = fs.openRead(fs.realPath(path));
    try {
      const { kind, mode, size_bytes } = handle.stat();
      if (kind !== "file") return unreadable(`it is a ${kind}`);
      if ((mode & OTHERS) !== 0) exposed(path, mode, "600");
      if (size_bytes > SIZE_BYTES_MAX) return unreadable("it is larger than 8 MiB");
      const buffer = Buffer.alloc(size_bytes);
      let filled = 0;
      while (filled < size_bytes) {
        const count = handle.read(buffer.subarray(filled), filled);
        if (count === 0) break;
        filled += count;
      }
      return buffer.toString("utf8", 0, filled);
    } finally {
      handle.close();
    }
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    // A fault has a code as well; only the system's own look like EACCES.
    if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) throw error;
    return unreadable(code, error);
  }
}

/** Refuses a keys directory in which others could replace files. @throws AUTH_SECRET_EXPOSED */
export function requirePrivateDirectory(fs: Pick<FileSystem, "stat">, path: string): void {
  const mode = fs.stat(path)?.mode ?? 0;
  if ((mode & OTHERS_WRITE) !== 0) exposed(path, mode, "700");
}

function exposed(path: string, mode: number, wanted_mode: string): never {
  const octal = mode.toString(8).padStart(3, "0");
  const message = `${path} has mode ${octal}: other users may use it`;
  return raise("AUTH_SECRET_EXPOSED", message, { path, mode: octal, wanted_mode });
}

/** Writes or replaces a file in one durable step. It never exists with another mode than 0600. */
export function writePrivate(
  effects: { readonly fs: FileSystem; readonly random: Random },
  path: string,
  text: string,
): void {
  const { fs, random } = effects;
  const draft = `${path}.${random.hex(8)}.new`;
  const handle = fs.openWrite(draft, { mode: 0o600, how: "exclusive" });
  try {
    handle.write(Buffer.from(text));
    handle.sync();
  } finally {
    handle.close();
  }
  fs.rename(draft, path);
  fs.syncDirectory(parentOf(path));
}

/** Creates a directory and its missing parents, all 0700. */
export function makePrivateDirectory(fs: FileSystem, path: string): void {
  if (path === "/" || fs.stat(path) !== undefined) return;
  makePrivateDirectory(fs, parentOf(path));
  try {
    fs.makeDirectory(path, 0o700);
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  }
  fs.syncDirectory(parentOf(path));
}

/** Runs writes to the keys directory, turning the system's refusals into one fault. @throws AUTH_STATE_UNWRITABLE */
export function writing<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const reason = (error as { code?: unknown }).code;
    if (typeof reason !== "string" || !/^E[A-Z0-9]+$/.test(reason)) throw error;
    return raise("AUTH_STATE_UNWRITABLE", `${path} cannot be written (${reason})`, { path, reason }, error);
  }
}
