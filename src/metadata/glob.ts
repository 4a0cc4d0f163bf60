/**
 * Path globs: `*` and `?` stay inside one folder, `**` crosses folders. Case-sensitive, no braces, no escapes.
 * Both levels remember one place to go back to, so no pattern, however hostile, takes more than length times length.
 */

export function matchesGlob(path: string, pattern: string): boolean {
  return matchesItems(
    path.split("/"),
    pattern.split("/"),
    (part, wanted) => matchesSegment(part, wanted),
    "**",
  );
}

const matchesSegment = (text: string, pattern: string): boolean =>
  matchesItems(
    Array.from(text),
    Array.from(pattern.replace(/\*+/g, "*")),
    (unit, wanted) => wanted === "?" || wanted === unit,
    "*",
  );

/** Greedy matching with one point of return: the newest `any`, which stands for zero or more items. */
export function matchesItems(
  items: readonly string[],
  pattern: readonly string[],
  equal: (item: string, wanted: string) => boolean,
  any: string,
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
