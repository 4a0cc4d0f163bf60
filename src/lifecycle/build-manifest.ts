/** From what an author wrote and what lies on disk to Manifest 2.0. Pure. */
import type {
  Asset,
  Manifest,
  PackageTier,
  PackedPlugin,
  PluginSection,
  SourceMetadata,
} from "../contracts/index.ts";
import { Manifest as ManifestShape, PACKAGE_TIERS, PackageId } from "../contracts/index.ts";
import { prefixed, sortedBy } from "../kernel/index.ts";
import { classify, firstIssue, makeMetadataFault } from "../metadata/index.ts";
import { checkRanges } from "../preflight/index.ts";
import { checkShippedWheels } from "../python/index.ts";
import type { SourceFile } from "./collect.ts";
import { make } from "./faults.ts";
import { refuseAll } from "./refuse.ts";

/** Used when a tree declares no version at all. */
const FIRST_VERSION = "0.1.0";

/** The id given on the command line must agree with the declared one. @throws METADATA_ID_MISSING, METADATA_ID_MISMATCH */
export function decideId(metadata: SourceMetadata, given: string | undefined, source: string): string {
  const declared = metadata.id;
  if (declared !== undefined && given !== undefined && declared !== given) {
    throw makeMetadataFault(
      "METADATA_ID_MISMATCH",
      `the source declares ${declared}, the command names ${given}`,
      { declared, given },
    );
  }
  const id = declared ?? given;
  if (id === undefined)
    throw makeMetadataFault("METADATA_ID_MISSING", `${source} declares no package id`, { path: source });
  const parsed = PackageId.safeParse(id);
  if (parsed.success) return id;
  throw makeMetadataFault("METADATA_INVALID", `id ${firstIssue(parsed.error).message}`, {
    path: source,
    field: "/id",
  });
}

export function buildManifest(
  metadata: SourceMetadata,
  package_id: string,
  target: string,
  files: readonly SourceFile[],
  src?: string,
): Manifest {
  const assets = sortedBy(
    files.map(
      ({ path, digest }): Asset => ({
        path,
        sha256: prefixed(digest.sha256),
        size_bytes: digest.size_bytes,
        executable: digest.executable,
        classification: classify(
          path.startsWith(`${target}/`) ? path.slice(target.length + 1) : path,
          metadata.classify,
        ),
      }),
    ),
    (asset) => asset.path,
  );
  const { id: _i, owner: _o, target: _t, include: _n, classify: _c, plugin, ...carried } = metadata;
  const parsed = ManifestShape.safeParse({
    ...carried,
    ...(plugin === undefined ? {} : { plugin: packedPlugin(plugin, target) }),
    schema_version: "2.0",
    package_id,
    name: metadata.name ?? target.slice(target.lastIndexOf("/") + 1),
    version: metadata.version ?? FIRST_VERSION,
    tier: metadata.tier ?? tierOfId(package_id),
    package_type: metadata.package_type ?? (plugin === undefined ? "library" : "plugin"),
    plane_id: metadata.plane_id ?? "ho3",
    assets,
  });
  if (parsed.success) {
    // A range that is none would be refused at every install; the author hears of it now.
    refuseAll([...checkRanges(parsed.data, src), ...checkShippedWheels(parsed.data)]);
    return parsed.data;
  }
  const { field, message } = firstIssue(parsed.error);
  throw make("MANIFEST_NOT_BUILT", `the manifest of ${package_id} cannot be built: ${field} ${message}`, {
    package_id,
    field,
  });
}

/** The section as an archive carries it. */
export const packedPlugin = (plugin: PluginSection, target: string): PackedPlugin => ({
  ...plugin,
  root: target,
});

/** `PKG-T1-…` names its tier; any other id starts at T2, the tier of modules. */
export function tierOfId(package_id: string): PackageTier {
  const named = package_id.split("-")[1];
  return PACKAGE_TIERS.find((tier) => tier === named) ?? "T2";
}
