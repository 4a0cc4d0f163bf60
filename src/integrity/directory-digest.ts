/**
 * One digest for a folder, over the names and bytes of everything in it: sha256 of the lines
 * `<64 hex>  <path in the folder>\n` (`x` for the second space where executable), sorted by path.
 */
import { compareCodePoints, sha256Hex } from "../kernel/index.ts";

/** `files`: path relative to the folder, slashes; order does not matter. Lower-case hex. */
export function directoryDigest(
  files: Iterable<{ readonly path: string; readonly sha256: string; readonly executable: boolean }>,
): string {
  const lines = [...files]
    .sort((a, b) => compareCodePoints(a.path, b.path))
    .map(({ path, sha256, executable }) => `${sha256} ${executable ? "x" : " "}${path}\n`);
  return sha256Hex(lines.join(""));
}
