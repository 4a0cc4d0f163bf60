/** Where the plane keeps what belongs to runs. Plane-relative. */
import type { FileSystem } from "../effects/index.ts";
import { STATE_DIRECTORY } from "../plane/index.ts";

export const RUNS_STREAM = "ledger/runs.jsonl";
export const RUN_DIRECTORY = `${STATE_DIRECTORY}/run`;

/** A namespace is made of letters, digits and `.`, `_`, `-`, and begins with a letter or digit. */
export const runDirectory = (namespace: string): string => `${RUN_DIRECTORY}/${namespace}`;
export const logDirectory = (namespace: string): string => `${runDirectory(namespace)}/logs`;

/** Makes what is missing of a folder below `.holdfast/state`, for its owner alone; absolute. */
export function makeRunDirectory(
  fs: Pick<FileSystem, "stat" | "makeDirectory">,
  root: string,
  directory: string,
): string {
  const names = directory.split("/");
  for (let depth = 1; depth <= names.length; depth++) {
    const path = `${root}/${names.slice(0, depth).join("/")}`;
    if (fs.stat(path) !== undefined) continue;
    try {
      fs.makeDirectory(path, depth <= 2 ? 0o755 : 0o700);
    } catch (error) {
      // Another process made it at the same moment.
      if ((error as { code?: string }).code !== "EEXIST") throw error;
    }
  }
  return `${root}/${directory}`;
}
