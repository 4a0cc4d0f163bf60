/** Path globs: `*` and `?` stay inside one folder, `**` crosses folders. Case-sensitive, no braces, no escapes. */

const cache = new Map<string, RegExp>();

export function matchesGlob(path: string, pattern: string): boolean {
  let compiled = cache.get(pattern);
  if (compiled === undefined) {
    compiled = compile(pattern);
    cache.set(pattern, compiled);
  }
  return compiled.test(path);
}

function compile(pattern: string): RegExp {
  const source = pattern
    .split("/")
    .map((segment) =>
      segment === "**"
        ? "**"
        : segment
            .replace(/[.+^${}()|[\]\\]/g, "\\$&")
            .replace(/\*+/g, "[^/]*")
            .replace(/\?/g, "[^/]"),
    )
    .join("/")
    .replaceAll("**/", "(?:[^/]+/)*")
    .replace(/(^|\/)\*\*$/, (_, lead: string) => `${lead}.*`);
  return new RegExp(`^${source}$`, "u");
}
