/** The files an author may write the metadata in, and what each says in the terms of SourceMetadata. */
import type { Extract, Raw } from "./extract.ts";
import { legacySource } from "./legacy.ts";
import type { Syntax } from "./place.ts";
import type { LookAt } from "./plugin/entrypoint.ts";
import { isGeneration, readGeneration } from "./plugin/generations.ts";

export interface Form {
  readonly syntax: Syntax;
  /** Undefined when the file says nothing about this product. */
  readonly extract: (document: Raw, lookAt: LookAt) => Extract | undefined;
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
  "plugin.json": {
    syntax: "json",
    // Others use this name, too.
    extract: (document, lookAt) => (isGeneration(document) ? fromManifest(document, lookAt) : undefined),
  },
};

/** Whether a file of this name is read as metadata. */
export const isManifestFile = (name: string): boolean => Object.hasOwn(FORMS, name);

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

function fromManifest(document: Raw, lookAt: LookAt): Extract {
  const own = withoutSchemaLine(document);
  if (isGeneration(own)) return readGeneration(own, lookAt);
  const { raw, legacy } = legacySource(own);
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
