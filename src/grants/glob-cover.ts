/**
 * Whether one glob allows everything another allows. Sound, not complete: a yes is always right, and a no may be too strict
 * where only several globs together would do. Globs as `matchesGlob` of the metadata room reads them: `*` and `?` within one
 * folder, `**` across folders, no escapes.
 */

/** True only if every path that `inner` matches is matched by `outer`. */
export function globCovers(outer: string, inner: string): boolean {
  return coversItems(inner.split("/"), outer.split("/"), "**", segmentCovers);
}

/** The same within one name. */
export function segmentCovers(inner: string, outer: string): boolean {
  // A whole `**` crosses folders, which nothing within one name allows.
  if (inner === "**") return false;
  const items = Array.from(inner.replace(/\*+/g, "*"));
  const wanted = Array.from(outer.replace(/\*+/g, "*"));
  return coversItems(
    items,
    wanted,
    "*",
    // A star of the inner one stands for any text, so only a star of the outer one may take it.
    (item, pattern) => item !== "*" && (pattern === "?" || pattern === item),
  );
}

/** Greedy matching with one point of return: the newest `any`, which takes zero or more items, stars among them. */
function coversItems(
  items: readonly string[],
  pattern: readonly string[],
  any: string,
  equal: (item: string, wanted: string) => boolean,
): boolean {
  let item = 0;
  let at = 0;
  let any_at = -1;
  let resume = 0;
  while (item < items.length) {
    const wanted = pattern[at];
    if (wanted === any) {
      any_at = at++;
      resume = item;
    } else if (wanted !== undefined && equal(items[item] ?? "", wanted)) {
      item += 1;
      at += 1;
    } else if (any_at >= 0) {
      at = any_at + 1;
      item = ++resume;
    } else return false;
  }
  while (pattern[at] === any) at += 1;
  return at === pattern.length;
}
