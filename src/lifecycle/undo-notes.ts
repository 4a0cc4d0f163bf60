/** What a change of no packages writes down so that `pkg undo` can tell whether all is still as it left it. */
import type { Effects } from "../effects/index.ts";
import type { Notes, Transaction } from "../journal/index.ts";
import { digestOf, GENERATION_PATH } from "../plane/index.ts";

/** Bare hex by plane-relative path; null for what is gone. */
export type After = ReadonlyMap<string, string | null>;

/** Packages are found again by their receipts. */
export const changesPackages = (notes: Notes | undefined): boolean =>
  Array.isArray(notes?.["packages"]) && notes["packages"].length > 0;

export function undoNotes({ fs }: Pick<Effects, "fs">, transaction: Transaction, notes: Notes = {}): Notes {
  if (changesPackages(notes)) return notes;
  const after = transaction.changes.flatMap((change, index): [string, string | null][] => {
    if (change.path === GENERATION_PATH) return [];
    if (change.kind === "remove") return [[change.path, null]];
    const file = transaction.newFile(index);
    return file === undefined ? [] : [[change.path, digestOf(fs, file) ?? null]];
  });
  return { ...notes, after };
}

/** Undefined for a change of packages, and for one made before this was written down. */
export function afterOf(notes: Notes): After | undefined {
  const value = notes["after"];
  if (!Array.isArray(value)) return undefined;
  const entries = value.filter(
    (one): one is [string, string | null] =>
      Array.isArray(one) && typeof one[0] === "string" && (one[1] === null || typeof one[1] === "string"),
  );
  return entries.length === value.length ? new Map(entries) : undefined;
}
