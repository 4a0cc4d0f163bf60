/** Applies edits to the text of a manifest, each only when the new text reads as exactly the edited document. */
import { isDeepStrictEqual } from "node:util";
import { parseToml } from "../../metadata/index.ts";
import { type Edit, edited } from "./edit.ts";
import { editJson } from "./json-edit.ts";
import { editToml } from "./toml-edit.ts";

export type Syntax = "json" | "toml";

/** The new text; undefined where it would read as anything else than the edit means. */
export function fixText(text: string, syntax: Syntax, edit: Edit): string | undefined {
  try {
    const wanted = edited(read(text, syntax), edit);
    if (wanted === undefined) return undefined;
    const next = syntax === "json" ? editJson(text, edit) : editToml(text, edit);
    return next !== undefined && next !== text && isDeepStrictEqual(plain(read(next, syntax)), plain(wanted))
      ? next
      : undefined;
  } catch {
    return undefined;
  }
}

const read = (text: string, syntax: Syntax): unknown =>
  syntax === "json" ? JSON.parse(text.replace(/^\uFEFF/, "")) : parseToml(text, "holdfast.toml");

/** Parsers mark tables in ways of their own; what is compared is the data. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value, sortedKeys));

/** A list whose last item goes may go with it: `[[table]]` has no other way to be empty. */
const sortedKeys = (_key: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([, inner]) => !Array.isArray(inner) || inner.length > 0)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      )
    : value;
