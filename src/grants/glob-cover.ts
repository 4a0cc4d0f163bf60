/**
 * Whether one glob allows everything another allows. Sound, not complete: a yes is always right, and a no may be too strict
 * where only several globs together would do. Globs as `matchesGlob` of the metadata room reads them: `*` and `?` within one
 * folder, `**` across folders, no escapes.
 */
import { matchesItems } from "../metadata/index.ts";

/** True only if every path that `inner` matches is matched by `outer`. */
export function globCovers(outer: string, inner: string): boolean {
  return matchesItems(inner.split("/"), outer.split("/"), segmentCovers, "**");
}

/** The same within one name. */
export function segmentCovers(inner: string, outer: string): boolean {
  // A whole `**` crosses folders, which nothing within one name allows.
  if (inner === "**") return false;
  const items = Array.from(inner.replace(/\*+/g, "*"));
  const wanted = Array.from(outer.replace(/\*+/g, "*"));
  return matchesItems(
    items,
    wanted,
    // A star of the inner one stands for any text, so only a star of the outer one may take it.
    (item, pattern) => item !== "*" && (pattern === "?" || pattern === item),
    "*",
  );
}
