import { distance } from "fastest-levenshtein";

/** The known name with the fewest edits, when at most half of the letters differ. */
export function nearestOf(word: string, known: readonly string[]): string | undefined {
  const plain = word.slice(0, 64).toLowerCase();
  const ranked = known
    .map((name) => ({ name, edits: distance(plain, name.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits || (a.name < b.name ? -1 : 1));
  const best = ranked[0];
  return best !== undefined && best.edits <= Math.max(plain.length, best.name.length) / 2
    ? best.name
    : undefined;
}
