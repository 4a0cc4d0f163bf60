/** Every problem of a `manifest.json` of schema 2.0 in one reading: the packed form, in an archive or lying loose. */
import { type Manifest, Manifest as ManifestShape } from "../contracts/index.ts";
import type { Fault } from "../kernel/index.ts";
import { parseDocument } from "./document.ts";
import { issuesOf, nameKnownKeys } from "./issues.ts";
import type { LookAt } from "./plugin/entrypoint.ts";
import { checkPackageType, checkPluginSection } from "./plugin/rules.ts";
import { listOf, memberOf } from "./plugin/section.ts";
import { type Problem, placed, type Subject } from "./problems.ts";
import { shapeProblems } from "./shape-problems.ts";

export interface ManifestInspection {
  /** Absent when there is a problem. */
  readonly manifest?: Manifest;
  /** By line and column. */
  readonly problems: readonly Fault[];
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
  if (text === undefined) {
    const subject: Subject = { path, judged, text: "", syntax: "json" };
    return {
      problems: await placed(subject, [
        { code: "METADATA_SYNTAX", message: "is not valid UTF-8", pointer: "/" },
      ]),
    };
  }
  const subject: Subject = { path, judged, text, syntax: "json" };
  const { value, problems } = parseDocument(text, path, "json");
  const found: Problem[] = [...problems];
  if (value === undefined) return { problems: await placed(subject, found) };
  const { walkJson } = await import("./json-places.ts");
  for (const { key, place, pointer } of walkJson(text, new Set()).duplicates)
    found.push({
      code: "METADATA_KEY_DUPLICATE",
      message: `repeats the key ${JSON.stringify(key)}`,
      pointer,
      place,
    });
  const parsed = ManifestShape.safeParse(value, nameKnownKeys);
  if (!parsed.success)
    found.push(...shapeProblems(issuesOf(parsed.error, value), value, (pointer) => pointer));
  found.push(...(await checkPluginSection(value["plugin"], lookAmong(value))), ...checkPackageType(value));
  return {
    ...(parsed.success && found.length === 0 ? { manifest: parsed.data } : {}),
    problems: await placed(subject, found),
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
