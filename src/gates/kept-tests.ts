/**
 * What of all recordings is judged for one requirement. A recording holds what one run found, often one cell or one shard; so a
 * later one says nothing of the tests it does not hold, and a failure stands until that very test passes in that very cell.
 */
import type { EvidenceTest } from "../contracts/index.ts";
import type { Book, Evidence } from "./book.ts";
import { OWN_HOST } from "./report-tests.ts";
import { isAbout, isInCell, type Requirement } from "./requirements.ts";

export interface Kept {
  readonly evidence: Evidence;
  readonly test: EvidenceTest;
}

/** A harness that failed said nothing of the package, and neither did what passed without a step or a check. */
const isKnown = ({ verdict, steps, checks }: EvidenceTest): boolean =>
  verdict === "fail" ||
  ((verdict === "pass" || verdict === "refused-as-declared") && steps > 0 && checks > 0);

/** Everything that says something of it, newest recording first. */
export const knownTests = ({ evidence }: Book, wanted: Requirement): Kept[] =>
  evidence.flatMap((one) =>
    one.facts.tests
      .filter((test) => isAbout(wanted, test) && isInCell(wanted.cell, test.cell) && isKnown(test))
      .map((test) => ({ evidence: one, test })),
  );

/** The product itself runs in the version that is there: what an older one found is asked of the newer. */
export const hostKey = (host: string): string => (host.startsWith(`${OWN_HOST}@`) ? OWN_HOST : host);

const testKey = ({ test: { scenario, cell } }: Kept): string =>
  JSON.stringify([scenario, hostKey(cell.host), cell.api, cell.python]);

export const sameTest = (one: Kept, other: Kept): boolean => testKey(one) === testKey(other);

/** Where any cell will do one good result is enough, and the patch of a Python that was replaced cannot be run again. */
const goodKey = ({ cell: wanted }: Requirement, { test: { scenario, cell } }: Kept): string => {
  const minor = cell.python.split(".").slice(0, 2).join(".");
  return JSON.stringify(
    wanted === null ? [scenario] : [scenario, hostKey(cell.host), cell.api, wanted.python ?? minor],
  );
};

const isGood = ({ test }: Kept): boolean => test.verdict !== "fail";

/** Of each test in each cell the newest result; a good one only as long as no newer good one stands for it. Newest first. */
export function keptTests(book: Book, wanted: Requirement): Kept[] {
  const newest = newestOf(knownTests(book, wanted), testKey);
  const good = new Set(newestOf(newest.filter(isGood), (one) => goodKey(wanted, one)));
  return newest.filter((one) => !isGood(one) || good.has(one));
}

/** All of the newest recording that has the key: one that holds a test twice does not choose. */
function newestOf(all: readonly Kept[], keyOf: (one: Kept) => string): Kept[] {
  const lines = new Map<string, number>();
  for (const one of all) {
    const key = keyOf(one);
    lines.set(key, Math.max(lines.get(key) ?? 0, one.evidence.entry_line));
  }
  return all.filter((one) => lines.get(keyOf(one)) === one.evidence.entry_line);
}
