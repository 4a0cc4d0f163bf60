/** Generations somebody marked good: what led away from them is kept, so that there is a way back. */
import type { FileSystem } from "../effects/index.ts";
import { GOOD_PATH } from "../plane/index.ts";
import { make } from "./faults.ts";

export interface Good {
  readonly generation: number;
  readonly marked_by: string;
  readonly at: string;
  readonly note: string;
}

/** Oldest first. @throws MEMORY_DAMAGED */
export function readGood(fs: FileSystem, root: string): Good[] {
  const path = `${root}/${GOOD_PATH}`;
  if (fs.stat(path) === undefined) return [];
  let value: unknown;
  try {
    value = JSON.parse(fs.readText(path));
  } catch {
    value = undefined;
  }
  if (
    Array.isArray(value) &&
    value.every((one: Partial<Good> | null) => Number.isSafeInteger(one?.generation))
  )
    return value as Good[];
  throw make("MEMORY_DAMAGED", `${GOOD_PATH} is not a list of generations`, { path: GOOD_PATH });
}
