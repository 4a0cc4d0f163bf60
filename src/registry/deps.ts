import validRange from "semver/ranges/valid.js";
import { type Dependency, PackageId } from "../contracts/index.ts";

/** `^1.0`, `>=1.0.0 <2`, and the `==` and `===` of older registries. */
const ITEM = /^([^@^~<>=\s]+)(?:@|(?=[\^~<>=]))?(.*)$/s;

export interface ParsedDependencies {
  readonly dependencies: readonly Dependency[];
  /** One text for each item that cannot be read. */
  readonly problems: readonly string[];
}

/**
 * Reads a `deps` or `conflicts` cell: package ids separated by commas, each with an optional `@range`
 * (older registries write the range right behind the id). No range means any version, `*`.
 */
export function parseDependencies(cell: string): ParsedDependencies {
  const dependencies: Dependency[] = [];
  const problems: string[] = [];
  const seen = new Set<string>();
  if (cell.trim() === "") return { dependencies, problems };
  for (const item of cell.split(",").map((part) => part.trim())) {
    const [, id = "", written = ""] = ITEM.exec(item) ?? [];
    const range = written.trim().replace(/^={2,3}/, "=") || "*";
    if (!PackageId.safeParse(id).success)
      problems.push(`${JSON.stringify(item)} does not start with a package id`);
    else if (validRange(range, { includePrerelease: true }) === null) {
      problems.push(`${JSON.stringify(item)} has a range that is no semantic version range`);
    } else if (seen.has(id)) problems.push(`${id} is named twice`);
    else {
      seen.add(id);
      dependencies.push({ id, range });
    }
  }
  return { dependencies, problems };
}

/** The `deps` cell for a manifest's dependencies, in the order given; a range of `*` is left out. */
export function renderDependencies(dependencies: readonly Dependency[]): string {
  return dependencies.map(({ id, range }) => (range === "*" ? id : `${id}@${range}`)).join(",");
}
