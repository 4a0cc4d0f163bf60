/** The files an author may write the metadata in, and what each says in the terms of SourceMetadata. */
import { legacySource } from "./legacy.ts";
import type { Syntax } from "./place.ts";
import { isWithin, moved } from "./pointer.ts";

export type Raw = Record<string, unknown>;

export interface Extract {
  /** In the terms of SourceMetadata; not judged yet. */
  readonly raw: Raw;
  /** Upgraded from an older form; counted as `legacy_metadata_read`. */
  readonly legacy: boolean;
  /** Which pointers of `raw` stand elsewhere in the file; the first that fits counts. */
  readonly elsewhere: readonly (readonly [pointer: string, in_file: string])[];
}

export interface Form {
  readonly syntax: Syntax;
  /** Undefined when the file says nothing about this product. */
  readonly extract: (document: Raw) => Extract | undefined;
}

/** In reading order. */
export const FORMS: Readonly<Record<string, Form>> = {
  "pyproject.toml": { syntax: "toml", extract: fromPyproject },
  "package.json": { syntax: "json", extract: fromPackageJson },
  "holdfast.toml": {
    syntax: "toml",
    extract: (document) => ({ raw: document, legacy: false, elsewhere: [] }),
  },
  "manifest.json": { syntax: "json", extract: fromManifest },
};

/** A pointer of the metadata as a pointer of the file it came from. */
export function inFile({ elsewhere }: Extract, pointer: string): string {
  const found = elsewhere.find(([outer]) => isWithin(pointer, outer));
  return found === undefined ? pointer : moved(pointer, found[0], found[1]);
}

function fromPyproject(document: Raw): Extract | undefined {
  const own = member(member(document, "tool"), "holdfast");
  if (own === undefined) return undefined;
  const project = member(document, "project") ?? {};
  const python = project["requires-python"];
  const defaults = {
    name: [project["name"], "/project/name"],
    version: [project["version"], "/project/version"],
    license: [licenceText(project["license"]), "/project/license"],
    compat: [
      typeof python === "string" ? { python: semverOfPep440(python) } : undefined,
      "/project/requires-python",
    ],
  } as const;
  return withDefaults(own, defaults, "/tool/holdfast");
}

function fromPackageJson(document: Raw): Extract | undefined {
  const own = member(document, "holdfast");
  if (own === undefined) return undefined;
  const engine = member(document, "engines")?.["node"];
  const defaults = {
    name: [document["name"], "/name"],
    version: [document["version"], "/version"],
    license: [document["license"], "/license"],
    compat: [typeof engine === "string" ? { node: engine } : undefined, "/engines/node"],
  } as const;
  return withDefaults(withoutSchemaLine(own), defaults, "/holdfast");
}

function fromManifest(document: Raw): Extract {
  const { raw, legacy } = legacySource(withoutSchemaLine(document));
  return { raw, legacy, elsewhere: [["/id", "/package_id"]] };
}

/** `$schema` tells editors where completions come from and says nothing to us: the one key that is read and ignored. */
function withoutSchemaLine(own: Raw): Raw {
  return Object.fromEntries(Object.entries(own).filter(([key]) => key !== "$schema"));
}

function withDefaults(
  own: Raw,
  defaults: Readonly<Record<string, readonly [value: unknown, in_file: string]>>,
  prefix: string,
): Extract {
  const given = Object.entries(defaults).filter(
    ([field, [value]]) => value !== undefined && own[field] === undefined,
  );
  return {
    raw: { ...own, ...Object.fromEntries(given.map(([field, [value]]) => [field, value])) },
    legacy: false,
    elsewhere: [
      ...given.map(([field, [, in_file]]): [string, string] => [`/${field}`, in_file]),
      ["/", prefix],
    ],
  };
}

/** A table inside a table; undefined when there is none. */
function member(document: Raw | undefined, key: string): Raw | undefined {
  const value = document !== undefined && Object.hasOwn(document, key) ? document[key] : undefined;
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Raw) : undefined;
}

const licenceText = (value: unknown): unknown =>
  typeof value === "object" && value !== null ? (value as Raw)["text"] : value;

/**
 * PEP 440 clauses separated by commas as semver comparators separated by spaces: `==3.11.*` is `3.11.x`, `~=3.9` is
 * `>=3.9 <4`, `~=3.9.1` is `~3.9.1`. What semver cannot say, such as `!=`, is left as it is and refused later by name.
 */
function semverOfPep440(range: string): string {
  return range
    .split(",")
    .map((clause) => {
      const text = clause.replace(/\s+/g, "");
      const compatible = /^~=(\d+)\.(\d+)$/.exec(text);
      if (compatible !== null) return `>=${compatible[1]}.${compatible[2]} <${Number(compatible[1]) + 1}`;
      return text.replace(/^===?/, "").replace(/^~=/, "~").replace(/\.\*$/, ".x");
    })
    .join(" ");
}
