/**
 * Folders an uninstall takes away. A folder one package made may still be in use by another; it is then remembered and
 * goes with the last user, so that leaving in any order ends with the tree there was before.
 */
import { checkEntryPath } from "../archive/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { comparePaths, prettyJson } from "../kernel/index.ts";
import { STATE_DIRECTORY } from "../plane/index.ts";
import { make } from "./faults.ts";

export const INHERITED_PATH = `${STATE_DIRECTORY}/directories.json`;

export interface Pruning {
  /** Deepest first; each empty by the time its turn comes. */
  readonly directories: readonly string[];
  /** New content of the memory of folders still in use; undefined when it stays as it is. */
  readonly inherited: Buffer | undefined;
}

/** @param candidates folders the leaving packages made @param leaving files that go in the same transaction */
export function planPruning(
  fs: FileSystem,
  root: string,
  candidates: readonly string[],
  leaving: ReadonlySet<string>,
): Pruning {
  const before = readInherited(fs, root);
  const all = [...new Set([...candidates, ...before])].sort((a, b) => comparePaths(b, a));
  const gone = new Set<string>();
  const directories: string[] = [];
  const staying: string[] = [];
  for (const path of all) {
    if (fs.stat(`${root}/${path}`)?.kind !== "directory") continue;
    const names = fs.list(`${root}/${path}`).map(({ name }) => `${path}/${name}`);
    if (names.every((name) => leaving.has(name) || gone.has(name))) {
      gone.add(path);
      directories.push(path);
    } else staying.push(path);
  }
  staying.reverse();
  const unchanged = JSON.stringify(staying) === JSON.stringify(before);
  return { directories, inherited: unchanged ? undefined : Buffer.from(prettyJson(staying)) };
}

/** @throws STATE_DAMAGED for anything but a list of folders inside the plane */
function readInherited(fs: FileSystem, root: string): string[] {
  const path = `${root}/${INHERITED_PATH}`;
  if (fs.stat(path) === undefined) return [];
  let value: unknown;
  try {
    value = JSON.parse(fs.readText(path));
  } catch {
    value = undefined;
  }
  const sound =
    Array.isArray(value) &&
    value.every((one) => typeof one === "string" && checkEntryPath(one) === undefined);
  if (sound) return value as string[];
  throw make("MEMORY_DAMAGED", `${INHERITED_PATH} is not a list of folders of the plane`, {
    path: INHERITED_PATH,
  });
}
