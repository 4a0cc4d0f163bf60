/** Every problem of a `manifest.json` of schema 2.0 in one reading: the packed form, in an archive or lying loose. */
import { type Manifest, Manifest as ManifestShape } from "../contracts/index.ts";
import type { Fault } from "../kernel/index.ts";
import { parseDocument } from "./document.ts";
import { issuesOf, nameKnownKeys } from "./issues.ts";
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
  if (!parsed.success) found.push(...shapeProblems(issuesOf(parsed.error, value), (pointer) => pointer));
  return {
    ...(parsed.success && found.length === 0 ? { manifest: parsed.data } : {}),
    problems: await placed(subject, found),
  };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
