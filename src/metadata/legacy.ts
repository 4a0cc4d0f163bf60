/**
 * Legacy manifests 1.0, 1.1 and 1.2 (facts, formats section) read and upgraded to 2.0.
 * Nothing decides on a legacy field after this file.
 */
import type { ArchiveFile } from "./layout.ts";

type Raw = Record<string, unknown>;

const LEGACY = new Set(["1.0", "1.1", "1.2"]);
const CLASSES: Record<string, string> = {
  module: "code",
  other: "data",
  documentation: "doc",
  spec_asset: "doc",
  spec: "doc",
  prompt: "data",
};
const KNOWN_CLASSES = new Set([
  "code",
  "config",
  "schema",
  "policy",
  "framework",
  "test",
  "doc",
  "data",
  "state",
]);
const KNOWN_TYPES = new Set([
  "library",
  "agent",
  "plugin",
  "framework",
  "spec",
  "policy",
  "gate",
  "tool",
  "baseline",
  "standard",
]);

export const isLegacy = (raw: Raw): boolean => LEGACY.has(text(raw["schema_version"]) ?? "");

/** A `manifest.json` lying in a source tree: 2.0 fields are taken over, legacy ones translated, generated ones dropped. */
export function legacySource(raw: Raw): { raw: Raw; legacy: boolean } {
  const legacy = isLegacy(raw) || raw["schema_version"] === undefined;
  const {
    schema_version: _s,
    assets: _a,
    manifest_hash: _h,
    package_id,
    ...rest
  } = legacy ? common(raw) : raw;
  return { raw: defined({ ...rest, id: package_id ?? rest["id"] }), legacy };
}

/** Upgrades an archived legacy manifest; sizes, modes and absent digests come from the archive itself. */
export function upgradeManifest(raw: Raw, files: ReadonlyMap<string, ArchiveFile>): Raw {
  const listed = Array.isArray(raw["assets"]) ? (raw["assets"] as Raw[]) : undefined;
  const paths =
    listed ?? (Array.isArray(raw["artifact_paths"]) ? raw["artifact_paths"] : []).map((path) => ({ path }));
  const assets = (paths as Raw[]).map((asset) => {
    const path = text(asset["path"])?.replace(/^\//, "") ?? "";
    const file = files.get(path);
    return {
      path,
      sha256:
        text(asset["sha256"]) ?? (file === undefined ? `sha256:${"0".repeat(64)}` : `sha256:${file.sha256}`),
      size_bytes: file?.size_bytes ?? 0,
      executable: file?.executable ?? false,
      classification: classOf(text(asset["classification"]), path),
    };
  });
  return defined({ ...common(raw), schema_version: "2.0", assets });
}

function common(raw: Raw): Raw {
  const dependencies = raw["dependencies"] ?? raw["deps"];
  const type = text(raw["package_type"]) ?? "library";
  const id = raw["package_id"] ?? raw["id"];
  return defined({
    package_id: id,
    name: raw["name"] ?? id,
    version: raw["version"] ?? "0.0.0",
    tier: raw["tier"],
    package_type: KNOWN_TYPES.has(type) ? type : "library",
    plane_id: typeof raw["plane_id"] === "string" ? raw["plane_id"].toLowerCase() : "ho3",
    spec_id: raw["spec_id"],
    framework_id: raw["framework_id"],
    license: raw["license"] === "" ? undefined : raw["license"],
    dependencies: Array.isArray(dependencies) ? dependencies.map(dependencyOf) : undefined,
    conflicts: raw["conflicts"],
    capabilities: raw["capabilities"],
    metadata: raw["metadata"],
  });
}

/** `ID`, `ID@1.0.0`, `ID@>=1.0`: the legacy text forms; `===` is an exact version. */
function dependencyOf(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const [, id = value, range = ""] = /^(PKG(?:-[A-Z0-9]+)+)\s*@?\s*(.*)$/.exec(value.trim()) ?? [];
  return { id, range: range === "" ? "*" : range.replace(/^={2,3}/, "") };
}

function classOf(declared: string | undefined, path: string): string {
  if (declared !== undefined && KNOWN_CLASSES.has(declared)) return declared;
  if (declared !== undefined && CLASSES[declared] !== undefined) return CLASSES[declared];
  return path.endsWith(".py") ? "code" : "data";
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

function defined(raw: Raw): Raw {
  return Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined && value !== null));
}
