/** Small file work of the log's own files. None of them is truth, so most are written without waiting for the disk. */
import type { FileSystem, Random } from "../effects/index.ts";

export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";

export function makeFolders(fs: FileSystem, path: string): void {
  if (path === "/" || fs.stat(path) !== undefined) return;
  makeFolders(fs, parentOf(path));
  try {
    fs.makeDirectory(path);
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  }
}

/** What was put in its place (a link, a pipe, an empty folder) gives way. */
export function writeWhole(fs: FileSystem, path: string, bytes: Uint8Array, synced = false): void {
  const handle = inPlace(fs, path, () => fs.openWrite(path, { mode: 0o644, how: "replace" }));
  try {
    handle.write(bytes);
    if (synced) handle.datasync();
  } finally {
    handle.close();
  }
}

/**
 * Replaces a small text so that a reader sees the old or the new one. In place where the new one covers the old: one
 * write below a sector is whole or absent, and replacing by renaming costs a flush of the disk on common file systems.
 */
export function replaceText(
  effects: { readonly fs: FileSystem; readonly random: Random },
  path: string,
  text: string,
): void {
  const { fs, random } = effects;
  const bytes = Buffer.from(text);
  const found = fs.stat(path);
  if (found?.kind === "file" && found.size_bytes === bytes.length) {
    const handle = fs.openWrite(path, { mode: 0o644, how: "update" });
    try {
      handle.write(bytes);
    } finally {
      handle.close();
    }
    return;
  }
  const draft = `${path}.${random.hex(8)}.new`;
  writeWhole(fs, draft, bytes);
  inPlace(fs, path, () => fs.rename(draft, path));
}

/** Does it again when what lies there is no file and could be removed. */
function inPlace<T>(fs: FileSystem, path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const kind = fs.stat(path)?.kind;
    if (kind === undefined || kind === "file") throw error;
    if (kind === "directory") fs.removeDirectory(path);
    else fs.remove(path);
    return act();
  }
}

/** A whole small file; undefined when it is absent, not a file, larger than the limit or unreadable. */
export function readSmall(
  fs: Pick<FileSystem, "stat" | "read">,
  path: string,
  bytes_max: number,
): Buffer | undefined {
  try {
    const found = fs.stat(path);
    if (found?.kind !== "file" || found.size_bytes > bytes_max) return undefined;
    return fs.read(path);
  } catch {
    return undefined;
  }
}

/** Removes a folder with the files in it, one level deep; what is not there is fine. */
export function removeFolder(fs: FileSystem, path: string): void {
  if (fs.stat(path)?.kind !== "directory") return;
  for (const { name } of fs.list(path)) fs.remove(`${path}/${name}`);
  fs.removeDirectory(path);
}
