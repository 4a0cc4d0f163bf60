/** What `trace` answers. Keys of the older tool are kept (facts, trace section) and extended. */
import { z } from "zod";
import { Finding } from "./finding.ts";
import { TraceStatement } from "./trace-evidence.ts";
import { InstalledTrace, InventoryTrace, VerifyTrace } from "./trace-modes.ts";
import {
  TracedEvent,
  TracedFile,
  TracedPlugin,
  TracedReceipt,
  TracedWhy,
  TraceVerdict,
} from "./trace-parts.ts";
import {
  DiffTrace,
  ImpactTrace,
  PackageAtTrace,
  PlaneAtTrace,
  WhoTrace,
  WhyTrace,
} from "./trace-questions.ts";
import { CheckpointTrace, CodeTrace, PackageVersionTrace, TransactionTrace } from "./trace-subjects.ts";

export * from "./trace-evidence.ts";
export * from "./trace-modes.ts";
export * from "./trace-parts.ts";
export * from "./trace-questions.ts";
export * from "./trace-subjects.ts";

const Titled = z.strictObject({ id: z.string(), title: z.string() });
const TitledFramework = z.strictObject({ framework_id: z.string(), title: z.string() });
const Version = z.string().nullable();

export const PackageTrace = z.strictObject({
  package_id: z.string(),
  name: z.string(),
  version: z.string(),
  tier: z.string(),
  package_type: z.string(),
  /** Of the registry row; "not registered" without one. */
  status: z.string(),
  registered: z.boolean(),
  installed: z.boolean(),
  receipts: z.array(TracedReceipt),
  files: z.array(TracedFile),
  dependencies: z.array(
    z.strictObject({ id: z.string(), range: z.string(), installed_version: Version, satisfied: z.boolean() }),
  ),
  dependents: z.array(
    z.strictObject({
      id: z.string(),
      /** Null when it depends through others only. */
      range: z.string().nullable(),
      direct: z.boolean(),
      installed: z.boolean(),
      version: Version,
    }),
  ),
  /** Behind the first thousand; none with `--all`. */
  dependents_left_out: z.int().nonnegative(),
  why: TracedWhy,
  conflicts: z.array(z.strictObject({ id: z.string(), installed: z.boolean() })),
  spec: Titled.extend({ status: z.string() }).nullable(),
  framework: Titled.nullable(),
  specs: z.array(z.string()),
  frameworks: z.array(z.string()),
  /** Plane tier in capitals to "installed" or "not installed". */
  tier_status: z.record(z.string(), z.string()),
  /** Installed somewhere, and with the same manifest wherever it is; kernel packages: in every tier. */
  parity: z.boolean(),
  archive: z
    .strictObject({
      path: z.string(),
      present: z.boolean(),
      expected: z.string().nullable(),
      actual: z.string().nullable(),
      verified: z.boolean(),
    })
    .nullable(),
  /** Of a package that is a known plugin. */
  plugins: z.array(TracedPlugin).optional(),
  /** Newest first. */
  history: z.array(TracedEvent),
  history_left_out: z.int().nonnegative(),
  registry_row: z.record(z.string(), z.string()),
  next_step: z.string().nullable(),
});
export type PackageTrace = z.output<typeof PackageTrace>;

export const FileTrace = z.strictObject({
  path: z.string(),
  exists: z.boolean(),
  kind: z.string().nullable(),
  /** What the plane keeps at this place, in one phrase. */
  role: z.string(),
  ownership: z
    .strictObject({
      package: z.string(),
      spec_id: z.string().nullable(),
      spec_title: z.string().nullable(),
      framework_id: z.string().nullable(),
      framework_title: z.string().nullable(),
    })
    .nullable(),
  artifact_id: z.string().nullable(),
  purpose: z.string(),
  classification: z.string().nullable(),
  hash: z.strictObject({
    recorded: z.string().nullable(),
    current: z.string().nullable(),
    verified: z.boolean(),
  }),
  verdict: TraceVerdict.nullable(),
  origin: z.enum(["created", "adopted"]).nullable(),
  executable: z.boolean().nullable(),
  size_bytes: z.int().nonnegative().nullable(),
  installed: TracedReceipt.nullable(),
  why: TracedWhy.nullable(),
  /** Installed packages that depend on the owner, directly or through others. */
  dependents: z.array(z.string()),
  /** Behind the first thousand; none with `--all`. */
  dependents_left_out: z.int().nonnegative(),
  /** A package whose source tree or registered artifact covers the path although it does not own it. */
  source_of: z.string().nullable(),
  docstring: z.string().nullable(),
  functions: z.array(z.strictObject({ name: z.string(), purpose: z.string() })),
});
export type FileTrace = z.output<typeof FileTrace>;

export const DirectoryTrace = z.strictObject({
  path: z.string(),
  role: z.string(),
  source_of: z.string().nullable(),
  packages: z.array(z.strictObject({ package: z.string(), file_count: z.int().nonnegative() })),
  /** Behind the first thousand; none with `--all`. */
  packages_left_out: z.int().nonnegative(),
  /** The first thousand by path, with `--all` every one; of the others only the number is known here. */
  files: z.array(TracedFile),
  files_left_out: z.int().nonnegative(),
  total_files: z.int().nonnegative(),
});
export type DirectoryTrace = z.output<typeof DirectoryTrace>;

export const SpecTrace = z.strictObject({
  spec_id: z.string(),
  title: z.string(),
  status: z.string(),
  version: z.string(),
  registered: z.boolean(),
  framework: TitledFramework,
  framework_registered: z.boolean(),
  files: z.array(TracedFile),
  packages: z.array(z.string()),
  history: z.array(TracedEvent),
  history_left_out: z.int().nonnegative(),
});
export type SpecTrace = z.output<typeof SpecTrace>;

export const FrameworkTrace = z.strictObject({
  framework_id: z.string(),
  title: z.string(),
  status: z.string(),
  version: z.string(),
  registered: z.boolean(),
  /** Plane-relative path of its document. */
  document: z.string().nullable(),
  specs: z.array(
    z.strictObject({
      spec_id: z.string(),
      title: z.string(),
      framework_id: z.string(),
      status: z.string(),
      files: z.array(TracedFile),
    }),
  ),
  total_files: z.int().nonnegative(),
  packages: z.array(z.string()),
  history: z.array(TracedEvent),
  history_left_out: z.int().nonnegative(),
});
export type FrameworkTrace = z.output<typeof FrameworkTrace>;

export const ArtifactTrace = z.strictObject({
  artifact_id: z.string(),
  name: z.string(),
  entity_type: z.string(),
  purpose: z.string(),
  status: z.string(),
  spec_id: z.string().nullable(),
  dependencies: z.array(z.strictObject({ id: z.string(), known: z.boolean() })),
  dependents: z.array(z.string()),
  registry_row: z.record(z.string(), z.string()),
  /** The file it stands for; null when it names none or a folder. */
  file: FileTrace.nullable(),
});
export type ArtifactTrace = z.output<typeof ArtifactTrace>;

export const DigestTrace = z.strictObject({
  /** Bare hex. */
  digest: z.string(),
  matches: z.array(
    z.strictObject({
      kind: z.enum(["archive", "content", "manifest", "asset", "artifact", "ledger_entry", "ledger_mention"]),
      /** Plane-relative path, where there is one. */
      path: z.string().nullable(),
      package: z.string().nullable(),
      /** Where the record of this digest stands. */
      recorded_in: z.string(),
      /** Whether the bytes have this digest now; null where there are no bytes of their own to read. */
      verified: z.boolean().nullable(),
    }),
  ),
});
export type DigestTrace = z.output<typeof DigestTrace>;

const Neighbour = z.strictObject({ line: z.int().positive(), id: z.string(), event: z.string() }).nullable();

export const LedgerEntryTrace = TracedEvent.extend({
  submission_id: z.string(),
  metadata: z.record(z.string(), z.json()),
  previous_hash: z.string(),
  entry_hash: z.string(),
  /** The hash recomputed over the stored line equals the stated one, and the link to the line before holds. */
  hash_verified: z.boolean(),
  /** Covered by the head beside the keys. */
  covered: z.boolean(),
  /** Its path through the tiles ends at the root of the signed checkpoint; null while no checkpoint reaches it. */
  in_tree: z.boolean().nullable(),
  entries_count: z.int().nonnegative(),
  chain: z.strictObject({ previous: Neighbour, next: Neighbour }),
});
export type LedgerEntryTrace = z.output<typeof LedgerEntryTrace>;

export const UnknownTrace = z.strictObject({
  query: z.string(),
  message: z.string(),
  near: z.array(z.string()),
  /** Ledger entries about it, newest first: it may have been here. */
  history: z.array(TracedEvent),
  next_step: z.string(),
});
export type UnknownTrace = z.output<typeof UnknownTrace>;

const report = <T extends string, D extends z.ZodType>(type: T, data: D) =>
  z.strictObject({
    type: z.literal(type),
    found: z.boolean(),
    /** ISO 8601, where the answer is about another time than now. */
    at: z.string().nullable(),
    data,
    statements: z.array(TraceStatement),
    findings: z.array(Finding),
  });

export const TraceReport = z
  .discriminatedUnion("type", [
    report("package", PackageTrace),
    report("package_version", PackageVersionTrace),
    report("package_at", PackageAtTrace),
    report("plane_at", PlaneAtTrace),
    report("spec", SpecTrace),
    report("framework", FrameworkTrace),
    report("artifact", ArtifactTrace),
    report("file", FileTrace),
    report("directory", DirectoryTrace),
    report("digest", DigestTrace),
    report("ledger_entry", LedgerEntryTrace),
    report("checkpoint", CheckpointTrace),
    report("transaction", TransactionTrace),
    report("code", CodeTrace),
    report("why", WhyTrace),
    report("who", WhoTrace),
    report("diff", DiffTrace),
    report("impact", ImpactTrace),
    report("unknown", UnknownTrace),
  ])
  .meta({ id: "TraceReport", title: "Answer of trace about one subject" });
export type TraceReport = z.output<typeof TraceReport>;

/** Answer of `trace --html --out FILE`. */
export const WrittenPage = z.strictObject({
  /** Absolute path of the file. */
  path: z.string(),
  size_bytes: z.int().nonnegative(),
  /** Bare hex. */
  sha256: z.string(),
});
export type WrittenPage = z.output<typeof WrittenPage>;

/** Everything `trace --json` prints, faults aside. */
export const TraceAnswer = z
  .union([TraceReport, z.array(InstalledTrace), InventoryTrace, VerifyTrace, WrittenPage])
  .meta({ title: "Answer of trace" });
export type TraceAnswer = z.output<typeof TraceAnswer>;
