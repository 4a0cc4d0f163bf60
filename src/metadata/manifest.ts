/** Manifests: reading them from archives, hashing them, and holding an archive against what its manifest declares. */
import { type Manifest, Manifest as ManifestShape } from "../contracts/index.ts";
import { compactAsciiJson, type Fault, prefixed, sha256Hex } from "../kernel/index.ts";
import { make, raise } from "./faults.ts";
import { issuesOf } from "./issues.ts";
import type { ArchiveFile } from "./layout.ts";
import { isLegacy, upgradeManifest } from "./legacy.ts";

export interface ManifestReading {
  readonly manifest: Manifest;
  readonly manifest_hash: string;
  readonly legacy: boolean;
}

/** @throws MANIFEST_SYNTAX, MANIFEST_SCHEMA_UNKNOWN, MANIFEST_INVALID */
export function readManifest(
  bytes: Uint8Array,
  files: ReadonlyMap<string, ArchiveFile>,
  archive: string,
): ManifestReading {
  const raw = parseObject(bytes, archive);
  const schema_version = String(raw["schema_version"]);
  const legacy = isLegacy(raw);
  if (!legacy && schema_version !== "2.0") {
    throw make("MANIFEST_SCHEMA_UNKNOWN", `the manifest of ${archive} has schema_version ${schema_version}`, {
      archive,
      schema_version,
    });
  }
  const parsed = ManifestShape.safeParse(legacy ? upgradeManifest(raw, files) : raw);
  if (!parsed.success) {
    const problems = issuesOf(parsed.error);
    const field = problems[0]?.field ?? "/";
    throw make(
      "MANIFEST_INVALID",
      `the manifest of ${archive} is not valid: ${field} ${problems[0]?.message ?? ""}`,
      {
        path: "manifest.json",
        field,
        problems: problems.slice(0, 50).map((problem) => `${problem.field}: ${problem.message}`),
      },
    );
  }
  return { manifest: parsed.data, manifest_hash: manifestHash(parsed.data), legacy };
}

/** `sha256:` of the compact, sorted, ASCII-escaped JSON, defaults filled in, without `metadata`. */
export function manifestHash(manifest: Manifest): string {
  const { metadata: _, ...hashed } = manifest;
  return prefixed(sha256Hex(compactAsciiJson(hashed)));
}

/** Every declared asset present and equal, none undeclared. Complete list. */
export function checkAssets(
  manifest: Manifest,
  files: ReadonlyMap<string, ArchiveFile>,
  archive: string,
): Fault[] {
  const problems: Fault[] = [];
  const declared = new Set<string>();
  for (const asset of manifest.assets) {
    const { path } = asset;
    if (declared.has(path))
      problems.push(make("ASSET_DUPLICATE", `asset ${path} is declared twice`, { path, archive }));
    declared.add(path);
    const file = files.get(path);
    if (file === undefined) {
      problems.push(make("ASSET_MISSING", `declared asset ${path} is not in the archive`, { path, archive }));
      continue;
    }
    const pairs = [
      ["sha256", asset.sha256, prefixed(file.sha256)],
      ["size_bytes", String(asset.size_bytes), String(file.size_bytes)],
      ["executable", String(asset.executable), String(file.executable)],
    ] as const;
    for (const [field, expected, actual] of pairs) {
      if (expected === actual) continue;
      problems.push(
        make("ASSET_MISMATCH", `asset ${path} differs from its declaration in ${field}`, {
          path,
          field,
          expected,
          actual,
        }),
      );
    }
  }
  for (const path of files.keys()) {
    if (!declared.has(path))
      problems.push(
        make("ASSET_UNDECLARED", `file ${path} is not declared in the manifest`, { path, archive }),
      );
  }
  return problems;
}

function parseObject(bytes: Uint8Array, archive: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return raise("MANIFEST_SYNTAX", `the manifest of ${archive} is not valid JSON`, {
      archive,
      problem: problem.slice(0, 200),
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return raise("MANIFEST_SYNTAX", `the manifest of ${archive} is not a JSON object`, {
      archive,
      problem: "not an object",
    });
  }
  return value as Record<string, unknown>;
}
