/** Whether a version lies in a range. Thousands of packages name the same few ranges of the same few versions. */
import satisfies from "semver/functions/satisfies.js";

const known = new Map<string, boolean>();
const KNOWN_MAX = 10_000;

/** Pre-releases count as versions like others. */
export function fits(version: string, range: string): boolean {
  const key = `${version} ${range}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size >= KNOWN_MAX) known.clear();
  const is_in = satisfies(version, range, { includePrerelease: true });
  known.set(key, is_in);
  return is_in;
}
