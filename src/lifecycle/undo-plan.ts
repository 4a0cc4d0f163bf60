/** Taking back a change of no packages, file by file, from what it displaced. Reads the plane, changes nothing. */
import type { RegistryName } from "../contracts/index.ts";
import { REGISTRY_NAMES } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import {
  type KeptGeneration,
  type ReversibleChange,
  reversibleChanges,
  type Transaction,
} from "../journal/index.ts";
import { type Fault, prefixed } from "../kernel/index.ts";
import { digestOf, GENERATION_PATH, type Plane, registryPath } from "../plane/index.ts";
import type { WantedFile } from "./restored-check.ts";
import { deedOf, notPossible } from "./undo-kinds.ts";
import { afterOf } from "./undo-notes.ts";

export interface UndoPlan {
  /** In the order in which they are to be applied: the reverse of how they were made. */
  readonly files: readonly {
    readonly path: string;
    readonly action: "put back" | "remove";
    /** The kept file, plane-relative. */
    readonly from: string | undefined;
    /** Bare hex of what lies there now. */
    readonly now: string | undefined;
  }[];
  /** Folders that were made; each goes when it is empty. */
  readonly folders: readonly string[];
  readonly wanted: readonly WantedFile[];
  readonly registry_digests: Readonly<Partial<Record<RegistryName, string>>>;
  readonly problems: readonly Fault[];
}

export function planUndo({ fs }: Pick<Effects, "fs">, plane: Plane, kept: KeptGeneration): UndoPlan {
  const { root } = plane;
  const deed = deedOf(kept);
  const after = afterOf(kept.notes);
  if (after === undefined)
    throw notPossible(deed, "what it left was not written down, since an earlier version made it");
  const changes = reversibleChanges(fs, root, kept.generation).filter(({ path }) => path !== GENERATION_PATH);
  const problems: Fault[] = [];
  const wanted: WantedFile[] = [];
  const registry_digests: Partial<Record<RegistryName, string>> = {};
  const folders: string[] = [];
  const files: UndoPlan["files"][number][] = [];
  for (const change of changes.reverse()) {
    const { path, kind, displaced } = change;
    // A folder that was removed comes back with the files in it.
    if (kind === "make_directory") folders.push(path);
    if (kind === "make_directory" || kind === "remove_directory") continue;
    const now = digestOf(fs, `${root}/${path}`);
    const problem = problemOf(change, after.get(path), now, fs.stat(`${root}/${path}`) !== undefined);
    if (problem !== undefined) problems.push(notPossible(deed, problem));
    files.push({ path, action: displaced === undefined ? "remove" : "put back", from: displaced?.file, now });
    if (displaced === undefined) continue;
    const sha256 = displaced.sha256 ?? digestOf(fs, `${root}/${displaced.file}`) ?? "";
    wanted.push({ path, sha256: prefixed(sha256), executable: (displaced.mode & 0o100) !== 0 });
    const name = REGISTRY_NAMES.find((one) => registryPath(one) === path);
    if (name !== undefined) registry_digests[name] = sha256;
  }
  return { files, folders, wanted, registry_digests, problems };
}

function problemOf(
  { path, had, displaced }: ReversibleChange,
  left: string | null | undefined,
  now: string | undefined,
  is_there: boolean,
): string | undefined {
  if (left === undefined) return `what it left at ${path} was not written down`;
  if (left === null ? is_there : now !== left) return `${path} was changed since`;
  return had && displaced === undefined ? `what stood at ${path} is not kept any more` : undefined;
}

export function stageUndo(transaction: Transaction, { files, folders }: UndoPlan): void {
  for (const { path, from, now } of files) {
    if (from === undefined) transaction.remove(path, now);
    else transaction.put(path, { kept: from }, now);
  }
  for (const path of folders) transaction.removeDirectory(path);
}
