/** Evidence beside an archive: how its tests ended, one signed statement a line. */
import type { FileSystem } from "../effects/index.ts";

const EVIDENCE = ".golden.jsonl";
const FILE_BYTES_MAX = 64 << 20;

export const evidencePath = (archive_path: string): string => `${archive_path}${EVIDENCE}`;
export const isEvidence = (path: string): boolean => path.endsWith(`.tar.gz${EVIDENCE}`);

/** Undefined where there is none, or something that cannot be such a file. */
export function readEvidenceText(fs: FileSystem, path: string): string | undefined {
  const found = fs.stat(path);
  if (found?.kind !== "file" || found.size_bytes > FILE_BYTES_MAX) return undefined;
  try {
    return fs.readText(path);
  } catch {
    return undefined;
  }
}
