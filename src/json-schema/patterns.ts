/** Patterns of strangers, in time in line with the text whatever the pattern: RE2, not JavaScript's own expressions. */
import { RE2JS } from "re2js";

const PATTERN_UNITS_MAX = 512;

export interface Pattern {
  readonly test: (text: string) => boolean;
  readonly toString: () => string;
}

/** Throws when the pattern is too long or not one RE2 can run (look-around, back references). */
export function compilePattern(pattern: string): Pattern {
  if (pattern.length > PATTERN_UNITS_MAX) throw new Error(`is longer than ${PATTERN_UNITS_MAX} characters`);
  const compiled = RE2JS.compile(pattern);
  return {
    test: (text) => compiled.matcher(text).find(),
    // The validator keeps what it has compiled by this text: two patterns with the same one would be one pattern.
    toString: () => pattern,
  };
}
