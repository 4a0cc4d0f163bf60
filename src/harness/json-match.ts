/** What a JSON value must hold: a subset, patterns, and numbers within a tolerance. */

export interface Mismatch {
  readonly pointer: string;
  readonly expected: string;
  readonly actual: string;
}

const shown = (value: unknown): string =>
  (value === undefined ? "nothing" : JSON.stringify(value)).slice(0, 200);

/** Every field of `expected` is in `actual` with the same value; fields it does not name may be anything, items of lists may not. */
export function subsetMismatches(actual: unknown, expected: unknown, pointer = ""): Mismatch[] {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length)
      return [{ pointer: pointer || "/", expected: shown(expected), actual: shown(actual) }];
    return expected.flatMap((one, index) => subsetMismatches(actual[index], one, `${pointer}/${index}`));
  }
  if (isRecord(expected)) {
    if (!isRecord(actual))
      return [{ pointer: pointer || "/", expected: shown(expected), actual: shown(actual) }];
    return Object.entries(expected).flatMap(([key, one]) =>
      subsetMismatches(
        Object.hasOwn(actual, key) ? actual[key] : undefined,
        one,
        `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`,
      ),
    );
  }
  return Object.is(actual, expected) || actual === expected
    ? []
    : [{ pointer: pointer || "/", expected: shown(expected), actual: shown(actual) }];
}

/** Undefined where nothing is there. */
export function valueAt(value: unknown, pointer: string): unknown {
  let at = value;
  for (const raw of pointer.split("/").slice(1)) {
    const key = raw.replaceAll("~1", "/").replaceAll("~0", "~");
    if ((!isRecord(at) && !Array.isArray(at)) || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
