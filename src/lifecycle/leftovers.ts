/** Config and state files that stayed because somebody edited them: whose they were, so that a reinstall takes them up again. */
import { checkEntryPath } from "../archive/index.ts";
import type { FileSystem } from "../effects/index.ts";
import type { Transaction } from "../journal/index.ts";
import { comparePaths, prettyJson } from "../kernel/index.ts";
import { LEFTOVERS_PATH } from "../plane/index.ts";
import { make } from "./faults.ts";

/** Path to package id. */
export type Leftovers = ReadonlyMap<string, string>;

/** Those that are still there. @throws MEMORY_DAMAGED */
export function readLeftovers(fs: FileSystem, root: string): Leftovers {
  const path = `${root}/${LEFTOVERS_PATH}`;
  if (fs.stat(path) === undefined) return new Map();
  let value: unknown;
  try {
    value = JSON.parse(fs.readText(path));
  } catch {
    value = undefined;
  }
  const is_sound =
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(value).every(([one, id]) => typeof id === "string" && checkEntryPath(one) === undefined);
  if (!is_sound)
    throw make("MEMORY_DAMAGED", `${LEFTOVERS_PATH} is not a list of files of the plane`, {
      path: LEFTOVERS_PATH,
    });
  const entries = Object.entries(value as Record<string, string>);
  return new Map(entries.filter(([one]) => fs.stat(`${root}/${one}`) !== undefined));
}

/** Plans the memory as it will be; nothing when it stays as it is. */
export function stageLeftovers(
  fs: FileSystem,
  root: string,
  transaction: Transaction,
  change: { readonly taken: ReadonlySet<string>; readonly left: Leftovers },
): void {
  const before = readLeftovers(fs, root);
  const after = new Map([...[...before].filter(([path]) => !change.taken.has(path)), ...change.left]);
  const sorted = [...after].sort(([a], [b]) => comparePaths(a, b));
  const text = prettyJson(Object.fromEntries(sorted));
  const path = `${root}/${LEFTOVERS_PATH}`;
  const found = fs.stat(path) === undefined ? undefined : fs.readText(path);
  if (found === text || (found === undefined && sorted.length === 0)) return;
  if (sorted.length === 0) transaction.remove(LEFTOVERS_PATH);
  else transaction.put(LEFTOVERS_PATH, { bytes: Buffer.from(text), mode: 0o644 });
}
