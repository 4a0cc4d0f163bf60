/** Where a field stands in a file: line and column, both from 1, as editors count (columns in UTF-16 units). */
import type { Place, Seen, Syntax } from "./place.ts";
import { parentOf } from "./pointer.ts";

export interface Wanted {
  /** In the file's own terms: `/tool/holdfast/plugin/kind` in a `pyproject.toml`. */
  readonly pointer: string;
  /** The key, for a field that should not be there; else the value. */
  readonly of: "key" | "value";
}

/**
 * The places of many fields in one walk through the file. A field that is not there has the place of the nearest one
 * around it; a file that cannot be walked has its beginning.
 */
export async function locate(text: string, syntax: Syntax, wanted: readonly Wanted[]): Promise<Place[]> {
  if (wanted.length === 0) return [];
  const around = new Set<string>(["/"]);
  for (const { pointer } of wanted) for (let at = pointer; !around.has(at); at = parentOf(at)) around.add(at);
  const seen =
    syntax === "json"
      ? (await import("./json-places.ts")).walkJson(text, around).places
      : (await import("./toml-places.ts")).walkToml(text, around);
  return wanted.map((one) => nearest(one, seen));
}

function nearest({ pointer, of }: Wanted, seen: ReadonlyMap<string, Seen>): Place {
  for (let at = pointer; at !== "/"; at = parentOf(at)) {
    const found = seen.get(at);
    if (found !== undefined) return at === pointer ? found[of] : found.value;
  }
  return seen.get("/")?.value ?? { line: 1, column: 1 };
}
