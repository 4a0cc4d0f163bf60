/** Every problem of a `manifest.json` of schema 2.0 in one reading: the packed form, in an archive or lying loose. */
import { MANIFEST_SCHEMA_VERSION, type Manifest, Manifest as ManifestShape } from "../contracts/index.ts";
import type { Fault } from "../kernel/index.ts";
import { parseDocument } from "./document.ts";
import { issuesOf, nameKnownKeys } from "./issues.ts";
import { isLegacy } from "./legacy.ts";
import type { LookAt } from "./plugin/entrypoint.ts";
import { checkPlugin } from "./plugin/rules.ts";
import { listOf, memberOf } from "./plugin/section.ts";
import { type Problem, placed, type Subject } from "./problems.ts";
import { repeatedKeys } from "./repeated-keys.ts";
import { shapeProblems } from "./shape-problems.ts";

export interface ManifestInspection {
  /** Absent when there is a problem. */
  readonly manifest?: Manifest;
  /** By line and column. */
  readonly problems: readonly Fault[];
  /** Of a schema version before 2.0: only its JSON was judged, `readManifest` does the rest. */
  readonly is_older: boolean;
}

/**
 * `judged`: how the user named the file, folder or archive; next steps name it so. `path`: the file, as findings show it.
 * Older schema versions are for `readManifest`, which upgrades them.
 */
export async function inspectManifest(
  bytes: Uint8Array,
  judged: string,
  path = "manifest.json",
): Promise<ManifestInspection> {
  const text = decode(bytes);
  const subject: Subject = { path, judged, text: text ?? "", syntax: "json" };
  const refused = async (problems: readonly Problem[]): Promise<ManifestInspection> => ({
    problems: await placed(subject, problems),
    is_older: false,
  });
  if (text === undefined)
    return refused([{ code: "METADATA_SYNTAX", message: "is not valid UTF-8", pointer: "/" }]);
  const { value, problems, repeats_keys } = parseDocument(text, path, "json");
  if (value === undefined) return refused(problems);
  const found = [...problems, ...(repeats_keys ? await repeatedKeys(text) : [])];
  if (isLegacy(value)) return { problems: await placed(subject, found), is_older: true };
  const { schema_version } = value;
  if (schema_version !== MANIFEST_SCHEMA_VERSION)
    return refused([...found, unknownSchema(schema_version, judged)]);
  const parsed = ManifestShape.safeParse(value, nameKnownKeys);
  if (!parsed.success)
    found.push(...shapeProblems(issuesOf(parsed.error, value), value, (pointer) => pointer));
  found.push(...(await checkPlugin(value, lookAmong(value))));
  if (!parsed.success || found.length > 0) return refused(found);
  return { manifest: parsed.data, problems: [], is_older: false };
}

function unknownSchema(declared: unknown, archive: string): Problem {
  const schema_version = String(declared).slice(0, 64);
  return {
    code: "MANIFEST_SCHEMA_UNKNOWN",
    message: declared === undefined ? "is missing" : `is ${schema_version}, which nobody here knows`,
    pointer: "/schema_version",
    details: { archive, schema_version },
  };
}

/** In an archive the plugin's files are the assets below its root. */
function lookAmong(manifest: Readonly<Record<string, unknown>>): LookAt {
  const root = String(memberOf(manifest["plugin"], "root"));
  const paths = new Set(listOf(manifest, "assets").map((asset) => memberOf(asset, "path")));
  return (path) => (paths.has(`${root}/${path}`) ? "file" : "nothing");
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
