/** Folders and names of owned paths, for what is nearly one of them. */
import type { Cell } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { type IndexEffects, withIndex } from "./open.ts";
import { loadOwners, READER_BYTES_MAX } from "./owners.ts";

export interface OwnedNames {
  readonly folders: () => string[];
  readonly namesIn: (folder: string) => string[];
  readonly namesLike: (
    initials: readonly [string, string],
    length_min: number,
    length_max: number,
  ) => string[];
  readonly pathsNamed: (name: string, count_max: number) => string[];
  readonly pathsEnding: (text: string, count_max: number) => string[];
}

/** Undefined where the index cannot say or the registry has no rows. All lists are in code point order. */
export function ownedNames(effects: IndexEffects, root: string): OwnedNames | undefined {
  if (!hasRows(effects, root)) return undefined;
  const texts = (sql: string, ...cells: readonly Cell[]): string[] =>
    withIndex(
      effects,
      root,
      (database) => database.all(sql, ...cells).map((row) => String(row["found"])),
      () => [],
    );
  return {
    folders: () => texts("SELECT path AS found FROM owned_folder ORDER BY path"),
    namesIn: (folder) =>
      texts(
        "SELECT name AS found FROM owner WHERE path > ? AND path < ? AND folder = ? ORDER BY path",
        `${folder}/`,
        `${folder}0`,
        folder,
      ),
    namesLike: ([one, other], length_min, length_max) =>
      texts(
        "SELECT name AS found FROM owned_name WHERE length(name) BETWEEN ? AND ? AND substr(name, 1, 1) IN (?, ?) ORDER BY name",
        length_min,
        length_max,
        one,
        other,
      ),
    pathsNamed: (name, count_max) =>
      texts("SELECT path AS found FROM owner WHERE name = ? ORDER BY path LIMIT ?", name, count_max),
    pathsEnding: (text, count_max) =>
      texts(
        "SELECT path AS found FROM owner WHERE name = ? AND substr(path, -length(?)) = ? ORDER BY path LIMIT ?",
        text.slice(text.lastIndexOf("/") + 1),
        `/${text}`,
        `/${text}`,
        count_max,
      ),
  };
}

const hasRows = (effects: IndexEffects, root: string): boolean =>
  withIndex(
    effects,
    root,
    (database) => {
      try {
        return (
          loadOwners(effects, root, database, READER_BYTES_MAX) &&
          database.all("SELECT 1 FROM owner LIMIT 1").length > 0
        );
      } catch (error) {
        // A damaged registry is left to the files, where it becomes a finding.
        if (error instanceof Fault) return false;
        throw error;
      }
    },
    () => false,
  );
