/** A problem of shape: an unknown key with the nearest known one, a section of a later version, or a wrong value. */
import { distance } from "fastest-levenshtein";
import { type Issue, MISSING } from "./issues.ts";
import { childOf, parentOf } from "./pointer.ts";
import type { Problem } from "./problems.ts";

/** All of them, less what is missing only because its name is misspelt. */
export function shapeProblems(issues: readonly Issue[], inFile: (pointer: string) => string): Problem[] {
  const misspelt = new Set(
    issues.flatMap(({ field, known }) => {
      const nearest = known === undefined ? undefined : nearestOf(lastOf(field), known);
      return nearest === undefined ? [] : [childOf(parentOf(field), nearest)];
    }),
  );
  return issues
    .filter(({ field, message }) => message !== MISSING || !misspelt.has(field))
    .map((issue) => problemOf(issue, inFile(issue.field)));
}

function problemOf({ field, message, known }: Issue, pointer: string): Problem {
  if (known === undefined) return { code: "METADATA_INVALID", message, pointer };
  const nearest = nearestOf(lastOf(field), known);
  return {
    code: "METADATA_FIELD_UNKNOWN",
    message: nearest === undefined ? message : `${message}; the nearest is ${nearest}`,
    pointer,
    of: "key",
    ...(nearest === undefined ? {} : { details: { nearest } }),
  };
}

const lastOf = (field: string): string => field.slice(field.lastIndexOf("/") + 1);

/** The known name with the fewest edits, when at most half of the letters differ. */
function nearestOf(word: string, known: readonly string[]): string | undefined {
  const plain = word.slice(0, 64).toLowerCase();
  const ranked = known
    .map((name) => ({ name, edits: distance(plain, name.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits || (a.name < b.name ? -1 : 1));
  const best = ranked[0];
  return best !== undefined && best.edits <= Math.max(plain.length, best.name.length) / 2
    ? best.name
    : undefined;
}
