/** Globs of the configuration, asked about every path: those without wildcards and those too short to match cost nothing. */
import { matchesGlob } from "../metadata/index.ts";

export class Patterns {
  readonly #plain: ReadonlySet<string>;
  readonly #globs: readonly { readonly pattern: string; readonly fixed: string; readonly depth: number }[];
  readonly #all: readonly string[];

  constructor(patterns: readonly string[]) {
    this.#all = patterns;
    this.#plain = new Set(patterns.filter((pattern) => !/[*?]/.test(pattern)));
    this.#globs = patterns
      .filter((pattern) => /[*?]/.test(pattern))
      .map((pattern) => ({
        pattern,
        fixed: fixedPart(pattern),
        // Only `**` matches at any depth.
        depth: pattern.split("/").includes("**") ? 0 : pattern.split("/").length,
      }));
  }

  /** Whether a pattern matches this very path. */
  cover(path: string): boolean {
    if (this.#plain.has(path)) return true;
    if (this.#globs.length === 0) return false;
    const depth = depthOf(path);
    return this.#globs.some(
      (one) =>
        (one.depth === 0 || one.depth === depth) &&
        path.startsWith(one.fixed) &&
        matchesGlob(path, one.pattern),
    );
  }

  /** Whether something inside this folder could match, judged by the part of a pattern before its first wildcard. */
  mayLieBelow(folder: string): boolean {
    return this.#all.some((pattern) => {
      const fixed = fixedPart(pattern);
      return (
        fixed.startsWith(`${folder}/`) ||
        (fixed !== pattern && `${folder}/`.startsWith(fixed.slice(0, fixed.lastIndexOf("/") + 1)))
      );
    });
  }
}

const fixedPart = (pattern: string): string => /^[^*?]*(?=[*?])/.exec(pattern)?.[0] ?? pattern;

function depthOf(path: string): number {
  let depth = 1;
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) depth += 1;
  return depth;
}
