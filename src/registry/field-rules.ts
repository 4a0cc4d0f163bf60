/** What a cell of a known column may hold. A rule says what is wrong, or nothing. */
import {
  ARCHES,
  CLASSIFICATIONS,
  FrameworkId,
  PACKAGE_STATUSES,
  PACKAGE_TIERS,
  PackageId,
  PLANE_TIERS,
  PLATFORMS,
  PrefixedDigest,
  type RegistryName,
  SOURCE_TYPES,
  SpecId,
  Version,
} from "../contracts/index.ts";
import { parseDependencies } from "./deps.ts";

/** `of` reads another cell of the same row. */
export type Rule = (cell: string, of: (column: string) => string) => string | undefined;

interface Schema {
  safeParse(value: unknown): { success: boolean };
}

const like =
  (schema: Schema, wanted: string): Rule =>
  (cell) =>
    schema.safeParse(cell).success ? undefined : `must be ${wanted}`;
const oneOf = (texts: readonly string[]): Rule => {
  const allowed = new Set(texts);
  return (cell) => (allowed.has(cell) ? undefined : `must be one of ${texts.join(", ")}`);
};
const filled: Rule = (cell) => (cell === "" ? "must not be empty" : undefined);
const optional =
  (rule: Rule): Rule =>
  (cell, of) =>
    cell === "" ? undefined : rule(cell, of);

/** Packages that need not exist yet as bytes. */
const UNBUILT = new Set(["proposed", "draft"]);
const unlessUnbuilt =
  (rule: Rule): Rule =>
  (cell, of) =>
    cell === "" && UNBUILT.has(of("status")) ? undefined : rule(cell, of);

const PATH_BYTES_MAX = 1024;
/** A plane-relative path with nothing in it that could lead outside. */
const safePath: Rule = (cell) => {
  const is_safe =
    cell !== "" &&
    !cell.includes("\\") &&
    Buffer.byteLength(cell) <= PATH_BYTES_MAX &&
    cell.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  return is_safe ? undefined : "must be a path inside the plane, without \\, //, . or ..";
};

/** Registries, indexes and repositories are named by address, so only files are held to be paths; an archive may be fetched. */
const packageSource: Rule = (cell, of) => {
  const type = of("source_type");
  if (type === "tar" && /^https?:\/\/[^\s/]+\/\S+$/i.test(cell)) return undefined;
  return type === "tar" || type === "local" ? safePath(cell, of) : filled(cell, of);
};

const packageDigest: Rule = (cell, of) => {
  if (/^[0-9a-fA-F]{64}$/.test(cell)) return undefined;
  return cell === "" && of("source_type") === "local" ? undefined : "must be 64 hex digits";
};

const idList: Rule = (cell) => {
  const { problems } = parseDependencies(cell);
  return problems.length === 0 ? undefined : problems.join("; ");
};

const packageId = like(PackageId, "a package id such as PKG-T1-NAME-001");
const version = like(Version, "a semantic version such as 1.2.0");
const digest = like(PrefixedDigest, "sha256: and 64 lower-case hex digits");
const plane = optional(oneOf(PLANE_TIERS));

const RULES: Record<RegistryName, Readonly<Record<string, Rule>>> = {
  packages_registry: {
    id: packageId,
    version,
    source: unlessUnbuilt(packageSource),
    source_type: unlessUnbuilt(oneOf(SOURCE_TYPES)),
    digest: unlessUnbuilt(packageDigest),
    platform: optional(oneOf(PLATFORMS)),
    arch: optional(oneOf(ARCHES)),
    deps: idList,
    conflicts: idList,
    status: oneOf(PACKAGE_STATUSES),
    tier: optional(oneOf(PACKAGE_TIERS)),
  },
  packages_state: {
    package_id: packageId,
    status: filled,
    manifest_hash: optional(digest),
    plane_id: oneOf(PLANE_TIERS),
    assets_count: optional((cell) =>
      /^(0|[1-9]\d{0,8})$/.test(cell) ? undefined : "must be a whole number",
    ),
  },
  file_ownership: {
    file_path: safePath,
    owner_package_id: packageId,
    sha256: digest,
    classification: oneOf(CLASSIFICATIONS),
  },
  specs_registry: {
    spec_id: like(SpecId, "a spec id such as SPEC-NAME-001"),
    framework_id: like(FrameworkId, "a framework id such as FMWK-100"),
    version: optional(version),
    plane_id: plane,
  },
  frameworks_registry: {
    framework_id: like(FrameworkId, "a framework id such as FMWK-100"),
    version: optional(version),
    plane_id: plane,
  },
  control_plane_registry: { id: filled },
};

export const rulesFor = (name: RegistryName): readonly (readonly [column: string, rule: Rule])[] =>
  Object.entries(RULES[name]);
