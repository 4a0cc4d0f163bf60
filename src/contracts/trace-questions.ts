/** Answers of `trace --why`, `--who`, `--diff`, `--impact` and `--at`. */
import { z } from "zod";
import { PackageTier, PlaneTier } from "./atoms.ts";
import { TracedEvent } from "./trace-parts.ts";

const Version = z.string().nullable();
const Digest = z.string().nullable();
const Size = z.int().nonnegative().nullable();

/** One declared dependency. `to_version`: what is installed of it, null when nothing is. */
export const TracedEdge = z.strictObject({
  from: z.string(),
  to: z.string(),
  range: z.string(),
  to_version: Version,
  satisfied: z.boolean(),
});
export type TracedEdge = z.output<typeof TracedEdge>;

export const WhyTrace = z.strictObject({
  from: z.string(),
  to: z.string(),
  /** Shortest first, then by id. Each begins with `from`, ends with `to` and passes no package twice. */
  paths: z.array(z.array(z.string())),
  /** How many there are. Where `paths_count_exact` is false the search was ended and there are at least as many. */
  paths_count: z.int().nonnegative(),
  paths_count_exact: z.boolean(),
  paths_left_out: z.int().nonnegative(),
  /** Dependencies on the listed paths, by `from` and `to`. */
  edges: z.array(TracedEdge),
  /** Ids of packages that need each other in a circle between the two. */
  cycle: z.array(z.string()),
  /** No path leads from `from` to `to`, but one leads back. */
  only_the_other_way: z.boolean(),
});
export type WhyTrace = z.output<typeof WhyTrace>;

/** Who let a package in: the ledger entry of its transaction, else what its receipt says. */
export const TracedAdmission = z.strictObject({
  user: z.string().nullable(),
  at: z.string(),
  transaction_id: z.string(),
  generation: z.int().nonnegative().nullable(),
  work_order_id: z.string().nullable(),
  /** Null when no ledger entry tells of it. */
  entry: TracedEvent.nullable(),
});
export type TracedAdmission = z.output<typeof TracedAdmission>;

export const TracedOwner = z.strictObject({
  package: z.string(),
  plane_id: z.string(),
  version: z.string(),
  classification: z.string().nullable(),
  origin: z.enum(["created", "adopted"]).nullable(),
  sha256: Digest,
  size_bytes: Size,
  executable: z.boolean().nullable(),
  /** Plane-relative path of the receipt; null where only a registry or the ledger says so. */
  receipt: z.string().nullable(),
  admission: TracedAdmission.nullable(),
});
export type TracedOwner = z.output<typeof TracedOwner>;

export const WhoTrace = z.strictObject({
  path: z.string(),
  exists: z.boolean(),
  /** What the plane keeps at this place, in one phrase. */
  role: z.string(),
  /** More than one is damage (design, G4). */
  owners: z.array(TracedOwner),
  /** A package whose source tree covers the path although it does not own it. */
  source_of: z.string().nullable(),
});
export type WhoTrace = z.output<typeof WhoTrace>;

const FileSide = z.strictObject({
  sha256: z.string(),
  size_bytes: z.int().nonnegative(),
  executable: z.boolean(),
  classification: z.string(),
});

export const DiffedFile = z.strictObject({
  path: z.string(),
  /** `mode`: same bytes, but executable bit or classification differ. */
  change: z.enum(["added", "removed", "changed", "mode"]),
  before: FileSide.nullable(),
  after: FileSide.nullable(),
  /** For an added file: a removed path that had the same bytes. */
  moved_from: z.string().nullable(),
  /** Unified diff, with `--text`; null where it was not asked for or the bytes are no short text. */
  text: z.string().nullable(),
});
export type DiffedFile = z.output<typeof DiffedFile>;

export const DiffTrace = z.strictObject({
  package_id: z.string(),
  from: z.string(),
  to: z.string(),
  /** Plane-relative paths of the archives or receipts that were compared. */
  from_source: z.string(),
  to_source: z.string(),
  files: z.array(DiffedFile),
  added_count: z.int().nonnegative(),
  removed_count: z.int().nonnegative(),
  changed_count: z.int().nonnegative(),
  unchanged_count: z.int().nonnegative(),
  before_bytes: z.int().nonnegative(),
  after_bytes: z.int().nonnegative(),
  dependencies: z.array(z.strictObject({ id: z.string(), before: Version, after: Version })),
  /** Other members of the manifest that differ. */
  fields: z.array(z.strictObject({ field: z.string(), before: z.json(), after: z.json() })),
});
export type DiffTrace = z.output<typeof DiffTrace>;

export const ImpactedPackage = z.strictObject({
  id: z.string(),
  version: Version,
  tier: PackageTier.or(z.literal("")),
  installed: z.boolean(),
  direct: z.boolean(),
  /** The next package on its shortest way to the subject. */
  through: z.string(),
  /** What a direct dependent asks for. */
  range: z.string().nullable(),
  /** Stored versions other than the installed one that a direct dependent would accept. */
  other_versions: z.array(z.string()),
  /** A direct dependent that no other stored version would satisfy. */
  only_this: z.boolean(),
});
export type ImpactedPackage = z.output<typeof ImpactedPackage>;

export const ImpactTrace = z.strictObject({
  subject: z.string(),
  kind: z.enum(["package", "spec", "framework"]),
  installed: z.boolean(),
  version: Version,
  /** What stops working, lowest package tier first: the order in which it would be noticed. */
  packages: z.array(ImpactedPackage),
  /** Files that would go. */
  files: z.array(z.strictObject({ path: z.string(), sha256: Digest, size_bytes: Size })),
  /** Specs whose documents or only implementation would go. */
  specs: z.array(z.string()),
  /** Frameworks whose documents would go. */
  frameworks: z.array(z.string()),
  /** Packages that comply with one of those. */
  users: z.array(z.strictObject({ id: z.string(), of: z.string() })),
  /** Installed packages that nothing else would need any more. */
  left_alone: z.array(z.string()),
});
export type ImpactTrace = z.output<typeof ImpactTrace>;

/** A package in one plane tier, as it was in force at a time. */
export const TracedStanding = z.strictObject({
  package_id: z.string(),
  plane_id: PlaneTier,
  version: z.string(),
  admission: TracedAdmission,
});
export type TracedStanding = z.output<typeof TracedStanding>;

/** Answer of `trace --at` alone. */
export const PlaneAtTrace = z.strictObject({
  /** Entries of the package ledger that were applied. */
  entries_applied: z.int().nonnegative(),
  last_entry: TracedEvent.nullable(),
  packages: z.array(TracedStanding),
});
export type PlaneAtTrace = z.output<typeof PlaneAtTrace>;

/** Answer of `trace --explain ID --at`. */
export const PackageAtTrace = z.strictObject({
  package_id: z.string(),
  /** Null where the bytes of the manifest in force then are no longer kept. */
  tier: z.string().nullable(),
  standings: z.array(TracedStanding),
  files: z.array(z.strictObject({ path: z.string(), sha256: Digest, size_bytes: Size })).nullable(),
  dependencies: z.array(TracedEdge),
  dependents: z.array(TracedEdge),
  /** What happened to it next, after that time. */
  next: TracedEvent.nullable(),
});
export type PackageAtTrace = z.output<typeof PackageAtTrace>;
