import type { FileSystem } from "../../effects/index.ts";
import type { Walked } from "./inventory-types.ts";

/** Bytes of a regular file found by the walk, at most `bytes_max` of them; undefined when there is none to read. */
export function readSeen(
  fs: Pick<FileSystem, "openRead">,
  { folder, files }: Pick<Walked, "folder" | "files">,
  path: string,
  bytes_max: number,
): Buffer | undefined {
  if (!files.has(path)) return undefined;
  try {
    const handle = fs.openRead(`${folder}/${path}`);
    try {
      // What was a file a moment ago may be a pipe by now.
      const { kind, size_bytes } = handle.stat();
      if (kind !== "file" || size_bytes > bytes_max) return undefined;
      const bytes = Buffer.alloc(size_bytes);
      let length = 0;
      for (let count = 1; count > 0 && length < bytes.length; length += count)
        count = handle.read(bytes.subarray(length));
      return bytes.subarray(0, length);
    } finally {
      handle.close();
    }
  } catch {
    return undefined;
  }
}

const JSON_BYTES_MAX = 4 << 20;

/** A JSON object; undefined when the file is not there, `null` when it holds something else. */
export function readObject(
  fs: Pick<FileSystem, "openRead">,
  walked: Pick<Walked, "folder" | "files">,
  path: string,
  bytes_max = JSON_BYTES_MAX,
): Record<string, unknown> | null | undefined {
  if (!walked.files.has(path)) return undefined;
  try {
    const bytes = readSeen(fs, walked, path, bytes_max);
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A text of at most 256 characters; null for anything else. */
export const textIn = (object: Record<string, unknown> | null | undefined, key: string): string | null => {
  const value =
    object !== null && object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof value === "string" && value !== "" && value.length <= 256 ? value : null;
};
