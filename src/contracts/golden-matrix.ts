/** On what a plugin was really run: plugin version × host program × API version × Python. */
import { z } from "zod";
import { HexDigest, PackageId, Version, VersionRange } from "./atoms.ts";
import { GoldenProblem, GoldenReport, GoldenVerdict } from "./golden.ts";
import { ScenarioPackage } from "./scenario.ts";

const Word = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/, "must be lower-case words joined by . _ or -");

/** `host.toml` of a host program; docs/golden-matrix.md says what such a program is asked. */
export const MatrixHost = z.strictObject({
  name: Word,
  version: Version,
  apis: z.array(Version).min(1).max(64).describe("Versions of the API it serves."),
  command: z
    .array(z.string().min(1).max(1024))
    .min(1)
    .max(64)
    .describe('Words that start it, from its own folder; "node" and "python3" are found.'),
});
export type MatrixHost = z.output<typeof MatrixHost>;

/** A cell that may be left out, and who answers for it. */
export const MatrixWaiver = z.strictObject({
  cell: z.string().min(1).max(512).describe("Glob over names of cells."),
  owner: z.string().trim().min(1).max(128),
  reason: z.string().trim().min(8).max(1024),
  expires: z.iso.date().describe("Last day on which it holds, in UTC."),
});
export type MatrixWaiver = z.output<typeof MatrixWaiver>;

/** `golden/waivers.toml`. */
export const MatrixWaivers = z.strictObject({ waive: z.array(MatrixWaiver).max(1000).default([]) });

/** A matrix as TOML: versions of one plugin, and where they are run. */
export const MatrixFile = z
  .strictObject({
    schema_version: z.literal("1.0"),
    name: Word,
    packages: z.record(Word, ScenarioPackage).describe("Each a version of the same plugin."),
    settings: z.record(z.string().max(256), z.json()).default({}).describe("Configuration in every cell."),
    hosts: z
      .array(z.string().min(1).max(128))
      .optional()
      .describe("Default: what the ranges and edges need."),
    apis: z.array(z.string().min(1).max(64)).optional().describe("Default: what the ranges and edges need."),
    pythons: z
      .array(z.string().min(1).max(64))
      .optional()
      .describe("Default: what the ranges and edges need."),
    waive: z.array(MatrixWaiver).max(1000).default([]),
  })
  .meta({ id: "GoldenMatrixFile", title: "Matrix of the golden harness" });
export type MatrixFile = z.output<typeof MatrixFile>;

/** One cell before it is run. */
export const MatrixPoint = z.strictObject({
  /** `1.0.0 workbench@2.0.0 api@1.0.0 python@3.11.7`. */
  id: z.string(),
  version: Version,
  host: z.strictObject({ name: z.string(), version: Version }),
  api: z.string(),
  /** Version found, or the words asked for where there is none; null for what runs in no Python. */
  python: z.string().nullable(),
  /** Fields of compat whose range it lies outside of; empty inside the declared ranges. */
  outside: z.array(z.string()),
});
export type MatrixPoint = z.output<typeof MatrixPoint>;

export const MatrixCell = MatrixPoint.extend({
  verdict: GoldenVerdict,
  waived: z
    .strictObject({ owner: z.string(), reason: z.string(), expires: z.string() })
    .nullable()
    .describe("Who answers for it not being run."),
  /** Who refused it. */
  refused_by: z.enum(["preflight", "install", "host"]).nullable(),
  /** Whether it gave the right answers; null where it was not tried. */
  works: z.boolean().nullable(),
  /** Program that really ran the plugin. */
  interpreter: z.string().nullable(),
  checks: z.int(),
  duration_ms: z.number(),
  problems: z.array(GoldenProblem),
});
export type MatrixCell = z.output<typeof MatrixCell>;

export const MatrixFinding = z.strictObject({
  code: z.enum([
    "FAILED_INSIDE_RANGE",
    "RAN_OUTSIDE_RANGE",
    "RANGE_TOO_NARROW",
    "CELL_NOT_RUN",
    "WAIVER_EXPIRED",
    "WAIVER_UNUSED",
    "NOTHING_RAN",
  ]),
  severity: z.enum(["error", "warning", "note"]),
  subject: z.string(),
  message: z.string(),
  next_step: z.string(),
});
export type MatrixFinding = z.output<typeof MatrixFinding>;

/** What of a declared range could be run here: inside it, just below, just above. */
export const MatrixEdge = z.strictObject({
  version: Version,
  axis: z.enum(["host", "api", "python"]),
  range: z.string().nullable(),
  inside: z.array(z.string()),
  below: z.string().nullable(),
  above: z.string().nullable(),
});
export type MatrixEdge = z.output<typeof MatrixEdge>;

export const GoldenMatrix = z
  .strictObject({
    schema_version: z.literal("1.0"),
    package_id: PackageId,
    harness: GoldenReport.shape.harness,
    programs_digest: HexDigest.describe(
      "sha256 over what was run beside the harness: the host programs, and the archives of the versions.",
    ),
    host_digests: z
      .record(z.string().max(200), HexDigest)
      .describe("sha256 of each host program, by name@version; the product itself is the harness."),
    environment: GoldenReport.shape.environment,
    began_at: z.string(),
    duration_ms: z.number(),
    shard: z.string().nullable(),
    swept_folders: z.int(),
    versions: z.array(
      z.strictObject({
        version: Version,
        digest: HexDigest,
        compat: z.record(z.string(), VersionRange),
      }),
    ),
    edges: z.array(MatrixEdge),
    waivers: z.array(MatrixWaiver),
    /** All cells of the whole, in order, whichever of them this shard ran. */
    planned: z.array(MatrixPoint),
    totals: z.strictObject({
      cells: z.int(),
      pass: z.int(),
      refused_as_declared: z.int(),
      fail: z.int(),
      infra_failure: z.int(),
      not_run: z.int(),
      waived: z.int(),
      checks: z.int(),
    }),
    healthy: z.boolean(),
    findings: z.array(MatrixFinding),
    cells: z.array(MatrixCell),
  })
  .meta({ id: "GoldenMatrix", title: "Result of golden matrix" });
export type GoldenMatrix = z.output<typeof GoldenMatrix>;
