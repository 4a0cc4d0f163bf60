/** Which of the versions there are a declared range asks to be tried: those inside, and the nearest on either side. */
import semver from "semver";

/** Pre-releases count, as they do where a package is installed. */
export const inRange = (version: string, range: string | undefined): boolean =>
  range === undefined || semver.satisfies(version, range, { includePrerelease: true });

export interface Edges {
  readonly inside: readonly string[];
  /** The nearest there is below everything inside; null where there is none. */
  readonly below: string | null;
  readonly above: string | null;
}

/** @param there versions, in any order; a range that is undefined holds all of them */
export function edgesOf(range: string | undefined, there: readonly string[]): Edges {
  const sorted = semver.sort([...new Set(there)]);
  const inside = sorted.filter((version) => inRange(version, range));
  if (range === undefined) return { inside, below: null, above: null };
  const below = sorted.filter((version) => semver.ltr(version, range));
  const above = sorted.filter((version) => semver.gtr(version, range));
  return { inside, below: below.at(-1) ?? null, above: above[0] ?? null };
}

/** Of what is inside the two ends; with the edges, in order. */
export function toTry({ inside, below, above }: Edges, all_inside: boolean): string[] {
  const ends = all_inside ? inside : [inside[0], inside.at(-1)];
  return [...new Set([below, ...ends, above])].filter((one) => one !== null && one !== undefined);
}
