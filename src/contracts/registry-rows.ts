/** Columns of the CSV registries, in file order. Rows keep unknown columns; these are the ones we read and write. */

export const REGISTRY_COLUMNS = {
  packages_registry: [
    "id",
    "name",
    "entity_type",
    "category",
    "version",
    "source",
    "source_type",
    "digest",
    "signature",
    "attestation_path",
    "attestation_digest",
    "attestation_signature_path",
    "platform",
    "arch",
    "deps",
    "conflicts",
    "license",
    "artifact_path",
    "output_type",
    "output_path",
    "status",
    "selected",
    "priority",
    "owner",
    "created_at",
    "source_spec_id",
    "content_hash",
    "tier",
  ],
  packages_state: [
    "package_id",
    "status",
    "manifest_hash",
    "package_type",
    "plane_id",
    "assets_count",
    "installed_at",
    "uninstalled_at",
  ],
  file_ownership: ["file_path", "owner_package_id", "sha256", "classification", "installed_at"],
  specs_registry: ["spec_id", "title", "framework_id", "status", "version", "plane_id", "created_at"],
  frameworks_registry: ["framework_id", "title", "status", "version", "plane_id", "created_at"],
  control_plane_registry: [
    "id",
    "name",
    "entity_type",
    "category",
    "purpose",
    "artifact_path",
    "status",
    "selected",
    "priority",
    "dependencies",
    "output_type",
    "output_path",
    "version",
    "owner",
    "created_at",
    "source_spec_id",
    "content_hash",
    "config",
  ],
} as const;

export type RegistryName = keyof typeof REGISTRY_COLUMNS;
export const REGISTRY_NAMES = Object.keys(REGISTRY_COLUMNS) as RegistryName[];

/** The columns that together name a row. packages_state holds one row per package and plane tier. */
export const REGISTRY_KEYS: Record<RegistryName, readonly string[]> = {
  packages_registry: ["id"],
  packages_state: ["package_id", "plane_id"],
  file_ownership: ["file_path"],
  specs_registry: ["spec_id"],
  frameworks_registry: ["framework_id"],
  control_plane_registry: ["id"],
};

/** Column name to cell text. A missing cell reads as the empty text. */
export type Row = Readonly<Record<string, string>>;

export const PACKAGE_STATUSES = [
  "proposed",
  "draft",
  "validated",
  "active",
  "superseded",
  "deprecated",
  "retired",
  "archived",
  "yanked",
] as const;
export const SOURCE_TYPES = ["git", "pypi", "tar", "oci", "local"] as const;
export const PLATFORMS = ["any", "linux", "darwin"] as const;
export const ARCHES = ["any", "x86_64", "arm64"] as const;
