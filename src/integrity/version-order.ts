/** Order of versions by semver 2.0.0, section 11, for valid ones. Its own few lines: what checks a plane starts often, and at once. */
import { compareCodePoints } from "../kernel/index.ts";

/** Negative where `a` is the lower one; build metadata does not count. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  const by_core = compareIdentifiers(left.core, right.core);
  if (by_core !== 0) return by_core;
  // A version comes after its own prereleases.
  if (left.prerelease.length === 0 || right.prerelease.length === 0)
    return right.prerelease.length - left.prerelease.length;
  return compareIdentifiers(left.prerelease, right.prerelease);
}

function partsOf(version: string): {
  readonly core: readonly string[];
  readonly prerelease: readonly string[];
} {
  const [text = ""] = version.split("+");
  const dash = text.indexOf("-");
  if (dash < 0) return { core: text.split("."), prerelease: [] };
  return { core: text.slice(0, dash).split("."), prerelease: text.slice(dash + 1).split(".") };
}

function compareIdentifiers(left: readonly string[], right: readonly string[]): number {
  for (const [index, a] of left.entries()) {
    const b = right[index];
    if (b === undefined) return 1;
    const order = compareOne(a, b);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Numbers come before words; digits without leading zeros compare by their length first, however many there are. */
function compareOne(a: string, b: string): number {
  const [is_left, is_right] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (is_left !== is_right) return is_left ? -1 : 1;
  return (is_left ? a.length - b.length : 0) || compareCodePoints(a, b);
}
