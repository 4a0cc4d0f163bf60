/** Files beside an archive that vouch for it. */
import type { FileSystem } from "../effects/index.ts";

export const signaturePath = (archive_path: string): string => `${archive_path}.sig`;
export const provenancePath = (archive_path: string): string => `${archive_path}.intoto.jsonl`;

const FILE_BYTES_MAX = 1 << 20;

/** Undefined when there is none; null when something is there that cannot be such a file. */
export function readSidecarText(fs: FileSystem, path: string): string | null | undefined {
  const found = fs.stat(path);
  if (found === undefined) return undefined;
  if (found.kind !== "file" || found.size_bytes > FILE_BYTES_MAX) return null;
  try {
    return fs.readText(path);
  } catch {
    return null;
  }
}
