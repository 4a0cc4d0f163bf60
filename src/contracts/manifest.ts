import { z } from "zod";
import {
  CellText,
  Classification,
  FrameworkId,
  PackageId,
  PackageTier,
  PlaneTier,
  PrefixedDigest,
  SpecId,
  Version,
  VersionRange,
} from "./atoms.ts";
import { Health } from "./health.ts";
import { PackedPlugin, PluginSection } from "./plugin.ts";

export const MANIFEST_SCHEMA_VERSION = "2.0";

export const PackageType = z.enum([
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
export type PackageType = z.output<typeof PackageType>;

export const Dependency = z.strictObject({ id: PackageId, range: VersionRange });
export type Dependency = z.output<typeof Dependency>;

/** Semver ranges of what the package runs on. */
export const Compat = z.strictObject({
  host: VersionRange.optional(),
  api: VersionRange.optional(),
  python: VersionRange.optional(),
  node: VersionRange.optional(),
});

const Patterns = z.array(z.string().min(1).max(512)).max(1024);
export const Capabilities = z.strictObject({
  read: Patterns.default([]),
  write: Patterns.default([]),
  execute: Patterns.default([]),
  forbidden: Patterns.default([]),
});

/** One file of a package. `path` is plane-relative; its safety is judged by the archive room's path rules. */
export const Asset = z.strictObject({
  path: z.string().min(1).max(1024),
  sha256: PrefixedDigest,
  size_bytes: z.int().nonnegative(),
  executable: z.boolean(),
  classification: Classification,
});
export type Asset = z.output<typeof Asset>;

export const Manifest = z
  .strictObject({
    schema_version: z.literal(MANIFEST_SCHEMA_VERSION),
    package_id: PackageId,
    name: CellText.min(1),
    version: Version,
    tier: PackageTier,
    package_type: PackageType,
    plane_id: PlaneTier,
    spec_id: SpecId.optional(),
    framework_id: FrameworkId.optional(),
    license: CellText.optional(),
    compat: Compat.default({}),
    dependencies: z.array(Dependency).max(1000).default([]),
    conflicts: z.array(PackageId).max(1000).default([]),
    assets: z.array(Asset).min(1).max(200_000),
    capabilities: Capabilities.optional(),
    health: Health.optional(),
    plugin: PackedPlugin.optional(),
    metadata: z.record(z.string(), z.json()).default({}),
  })
  .meta({ id: "Manifest", title: "Package manifest 2.0" });
export type Manifest = z.output<typeof Manifest>;

/** What an author writes in the source tree, whichever file holds it; everything else is generated. */
export const SourceMetadata = z
  .strictObject({
    id: PackageId.optional().describe("Id of the package, such as PKG-T3-NOTES-001."),
    name: CellText.min(1).optional().describe("Name for people."),
    version: Version.optional().describe("Semantic version."),
    tier: PackageTier.optional().describe("A package depends only on its own tier or lower."),
    package_type: PackageType.optional().describe(
      "Default: plugin where there is a plugin section, else library.",
    ),
    plane_id: PlaneTier.optional().describe("Tier of planes it is installed to; default ho3."),
    spec_id: SpecId.optional().describe("Spec pack it implements."),
    framework_id: FrameworkId.optional().describe("Framework it complies with."),
    license: CellText.optional().describe("Licence, as SPDX names it."),
    owner: CellText.optional().describe("Who answers for it."),
    target: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .describe(
        "Plane-relative folder the files go to; default: modules/ and the name of the source folder.",
      ),
    compat: Compat.optional().describe("Semver ranges of what it runs on."),
    dependencies: z.array(Dependency).optional().describe("Packages it needs, with ranges."),
    conflicts: z.array(PackageId).optional().describe("Packages that may not be there with it."),
    capabilities: Capabilities.optional().describe("What its files may touch, by plane-relative patterns."),
    health: Health.optional().describe("Checks run before an install is committed."),
    plugin: PluginSection.optional().describe("What makes it a plugin."),
    include: z
      .array(z.strictObject({ from: z.string().min(1), to: z.string().min(1) }))
      .optional()
      .describe("Further files: from is relative to the plane or the source folder, to is plane-relative."),
    classify: z
      .array(z.strictObject({ match: z.string().min(1), as: Classification }))
      .optional()
      .describe("Class of files by glob over target-relative paths; the first match wins."),
    metadata: z
      .record(z.string(), z.json())
      .optional()
      .describe("Anything else; kept, not hashed, without effect."),
  })
  .meta({ id: "SourceMetadata", title: "Metadata of a source, as its author writes it" });
export type SourceMetadata = z.output<typeof SourceMetadata>;
