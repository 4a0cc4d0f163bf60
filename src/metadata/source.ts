/**
 * Source metadata: one reader for every form an author may write (design, "Source metadata").
 * `pyproject.toml` [tool.holdfast], `package.json` key `holdfast`, `holdfast.toml`, `manifest.json`.
 */
import type { SourceMetadata } from "../contracts/index.ts";
import { SourceMetadata as SourceMetadataShape } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { make, raise } from "./faults.ts";
import { firstIssue } from "./issues.ts";
import { legacySource } from "./legacy.ts";
import { parseToml } from "./toml.ts";

export interface SourceReading {
  readonly metadata: SourceMetadata;
  /** File names that contributed, in reading order. */
  readonly forms: readonly string[];
  /** Legacy manifests read; each is counted as `legacy_metadata_read`. */
  readonly legacy_reads: number;
}

type Raw = Record<string, unknown>;

interface Form {
  readonly file: string;
  readonly metadata: SourceMetadata;
  readonly legacy: boolean;
}

const READERS: Record<string, (text: string, path: string) => { raw: Raw; legacy: boolean } | undefined> = {
  "pyproject.toml": (text, path) => plain(fromPyproject(parseToml(text, path))),
  "package.json": (text, path) => plain(fromPackageJson(parseJson(text, path))),
  "holdfast.toml": (text, path) => plain(parseToml(text, path)),
  "manifest.json": (text, path) => legacySource(parseJson(text, path)),
};

/** @throws METADATA_SYNTAX, METADATA_INVALID, METADATA_CONFLICT */
export function readSource(fs: FileSystem, source_directory: string): SourceReading {
  const forms: Form[] = [];
  for (const [file, read] of Object.entries(READERS)) {
    const path = `${source_directory}/${file}`;
    if (fs.stat(path)?.kind !== "file") continue;
    const found = read(decode(fs, path, file), file);
    if (found === undefined) continue;
    const parsed = SourceMetadataShape.safeParse(found.raw);
    if (!parsed.success) {
      const { field, message } = firstIssue(parsed.error);
      throw make("METADATA_INVALID", `${file} ${field}: ${message}`, { path: file, field });
    }
    forms.push({ file, metadata: parsed.data, legacy: found.legacy });
  }
  return {
    metadata: merge(forms),
    forms: forms.map((form) => form.file),
    legacy_reads: forms.filter((form) => form.legacy).length,
  };
}

function merge(forms: readonly Form[]): SourceMetadata {
  const merged: Record<string, unknown> = {};
  const origin = new Map<string, string>();
  for (const form of forms) {
    for (const [field, value] of Object.entries(form.metadata)) {
      if (value === undefined) continue;
      const before = origin.get(field);
      if (before !== undefined && JSON.stringify(merged[field]) !== JSON.stringify(value)) {
        const forms_named = [before, form.file];
        throw make("METADATA_CONFLICT", `${forms_named.join(" and ")} disagree on ${field}`, {
          path: form.file,
          field,
          forms: forms_named,
        });
      }
      merged[field] = value;
      origin.set(field, form.file);
    }
  }
  return merged;
}

const plain = (raw: Raw | undefined): { raw: Raw; legacy: boolean } | undefined =>
  raw === undefined ? undefined : { raw, legacy: false };

function fromPyproject(document: Raw): Raw | undefined {
  const own = (document["tool"] as Raw | undefined)?.["holdfast"] as Raw | undefined;
  if (own === undefined) return undefined;
  const project = (document["project"] ?? {}) as Raw;
  const python = project["requires-python"];
  return withDefaults(own, {
    name: project["name"],
    version: project["version"],
    license: licenceText(project["license"]),
    compat: typeof python === "string" ? { python: semverOfPep440(python) } : undefined,
  });
}

function fromPackageJson(document: Raw): Raw | undefined {
  const own = document["holdfast"] as Raw | undefined;
  if (own === undefined) return undefined;
  const engines = (document["engines"] ?? {}) as Raw;
  return withDefaults(own, {
    name: document["name"],
    version: document["version"],
    license: document["license"],
    compat: typeof engines["node"] === "string" ? { node: engines["node"] } : undefined,
  });
}

function withDefaults(own: Raw, defaults: Raw): Raw {
  const given = Object.entries(defaults).filter(
    ([field, value]) => value !== undefined && own[field] === undefined,
  );
  return { ...own, ...Object.fromEntries(given) };
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

function parseJson(text: string, path: string): Raw {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Raw;
  } catch (error) {
    return raise("METADATA_SYNTAX", `${path} is not valid JSON: ${(error as Error).message}`, { path });
  }
  return raise("METADATA_SYNTAX", `${path} is not a JSON object`, { path });
}

function decode(fs: FileSystem, path: string, file: string): string {
  try {
    return fs.readText(path);
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_ENCODING_INVALID_ENCODED_DATA") throw error;
    return raise("METADATA_SYNTAX", `${file} is not valid UTF-8`, { path: file });
  }
}
