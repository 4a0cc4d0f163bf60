/** Which problems have one safe mend, and which edit that is. */
import type { Fault } from "../../kernel/index.ts";
import { type Edit, type Path, pathOf } from "./edit.ts";

/** A misspelt name is mended only when it is this close: what is further away may be another thing. */
const SPELLING_EDITS_MAX = 2;

/** @param field pointer in the terms of the file @param distance edits between two words */
export function editFor(
  { code, details }: Pick<Fault, "code" | "details">,
  field: string,
  distance: (a: string, b: string) => number,
): Edit | undefined {
  const at = pathOf(field);
  const { nearest, section } = details;
  if (code === "METADATA_FIELD_UNKNOWN" && typeof nearest === "string")
    return distance(String(at.at(-1)).toLowerCase(), nearest.toLowerCase()) <= SPELLING_EDITS_MAX
      ? { kind: "rename", at, to: nearest }
      : undefined;
  // The older generations name their sections otherwise.
  if (code === "PLUGIN_SECTION_UNDECLARED" && typeof section === "string" && at.at(-2) === "plugin")
    return { kind: "add", at: [...at.slice(0, -1), "capability"], text: section };
  if (code === "ELEVATION_NEEDLESS" || code === "PLUGIN_FIELD_DEAD") return { kind: "remove", at };
  if (code === "ADVICE_LIST_UNTIDY") return { kind: "tidy", at };
  // Of two equal words in a list one is enough; two actions with one id are two different things.
  if (code === "METADATA_DUPLICATE" && isWordOfList(at)) return { kind: "tidy", at: at.slice(0, -1) };
  return undefined;
}

const LISTS = [
  "capability",
  "requires",
  "read",
  "write",
  "execute",
  "forbidden",
  "network",
  "environment",
  "tools",
  "permissions",
];
const isWordOfList = (at: Path): boolean =>
  typeof at.at(-1) === "number" && LISTS.includes(String(at.at(-2)));
