/** A cheap sieve before the edit distance. */

const COMPARED_COUNT_MAX = 5_000;

/**
 * The texts worth the edit distance of `nearest`: letters in surplus are a lower bound of it, found at a hundredth of its cost.
 * In a plane of a hundred thousand paths that are all alike, only the most alike are compared.
 */
export function mostAlike(query: string, texts: readonly string[]): string[] {
  const limit = Math.max(2, Math.floor(query.length / 3));
  const wanted = letterCounts(query.toLowerCase());
  const by_surplus: string[][] = Array.from({ length: limit + 1 }, () => []);
  for (const text of texts) {
    if (Math.abs(text.length - query.length) <= limit)
      by_surplus[surplusOf(text.toLowerCase(), wanted, limit)]?.push(text);
  }
  return by_surplus.flat().slice(0, COMPARED_COUNT_MAX);
}

const left = new Int16Array(64);

/** Letters of `text` that `wanted` has not, counted up to one more than `limit`. */
function surplusOf(text: string, wanted: Int16Array, limit: number): number {
  left.set(wanted);
  let surplus = 0;
  for (let i = 0; i < text.length && surplus <= limit; i++) {
    const slot = text.charCodeAt(i) & 63;
    const count = left[slot] ?? 0;
    if (count > 0) left[slot] = count - 1;
    else surplus++;
  }
  return surplus;
}

function letterCounts(text: string): Int16Array {
  const counts = new Int16Array(64);
  for (let i = 0; i < text.length; i++)
    counts[text.charCodeAt(i) & 63] = (counts[text.charCodeAt(i) & 63] ?? 0) + 1;
  return counts;
}
