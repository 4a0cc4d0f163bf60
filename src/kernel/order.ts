/**
 * Orders that depend on no locale. JavaScript's `<` compares UTF-16 units, which differs from code points above U+FFFF.
 */

/** Compares by Unicode code point: -1, 0 or 1. */
export function compareCodePoints(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0;
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // A surrogate stands for a code point above every non-surrogate unit.
    const high = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
    return high(x) < high(y) ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}

/** Compares slash-separated paths component by component, each by code point, so `a/b` sorts before `a b`. */
export function comparePaths(a: string, b: string): -1 | 0 | 1 {
  const left = a.split("/");
  const right = b.split("/");
  const end = Math.min(left.length, right.length);
  for (let i = 0; i < end; i++) {
    const order = compareCodePoints(left[i] ?? "", right[i] ?? "");
    if (order !== 0) return order;
  }
  if (left.length === right.length) return 0;
  return left.length < right.length ? -1 : 1;
}

/** Sorts a copy by a text key, code point order. */
export function sortedBy<T>(items: Iterable<T>, key: (item: T) => string): T[] {
  return [...items].sort((a, b) => compareCodePoints(key(a), key(b)));
}

/** Candidates nearest to `wanted` by edit distance, best first; for "did you mean". */
export function nearest(wanted: string, candidates: Iterable<string>, count_max = 3): string[] {
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  return [...candidates]
    .map((text) => ({ text, distance: editDistance(wanted.toLowerCase(), text.toLowerCase(), limit) }))
    .filter((entry) => entry.distance <= limit)
    .sort((a, b) => a.distance - b.distance || compareCodePoints(a.text, b.text))
    .slice(0, count_max)
    .map((entry) => entry.text);
}

/** One more than `limit` for everything beyond it. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  const row = Uint16Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0] ?? 0;
    let least = (row[0] = i);
    for (let j = 1; j <= b.length; j++) {
      const above = row[j] ?? 0;
      const cost = a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1;
      const here = Math.min(above + 1, (row[j - 1] ?? 0) + 1, diagonal + cost);
      row[j] = here;
      diagonal = above;
      if (here < least) least = here;
    }
    if (least > limit) return limit + 1;
  }
  return row[b.length] ?? limit + 1;
}
