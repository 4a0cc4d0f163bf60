/**
 * Evidence that a package passed: in-toto Statement v1 with the predicate test-result v0.1
 * (https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md). What its fields cannot hold stands
 * under `holdfast_golden`; readers pass over members they do not know.
 */
import { z } from "zod";
import { HexDigest, PackageId, Version } from "./atoms.ts";
import { GoldenReport, GoldenVerdict } from "./golden.ts";

export const TEST_RESULT_TYPE = "https://in-toto.io/attestation/test-result/v0.1";

/** On what it ran. */
export const EvidenceCell = z.object({
  /** Program and version: `holdfast@0.1.0`. */
  host: z.string().max(200),
  api: z.string().max(64),
  /** Empty where there was no Python. */
  python: z.string().max(64),
});
export type EvidenceCell = z.output<typeof EvidenceCell>;

export const EvidenceTest = z.object({
  /** Scenario and cell, as in passedTests and failedTests. */
  name: z.string().max(512),
  scenario: z.string().max(128),
  canonical: z.boolean(),
  scenario_digest: HexDigest,
  cell: EvidenceCell,
  /** sha256 of the host program, where it was not the product itself. */
  host_digest: HexDigest.optional(),
  verdict: GoldenVerdict,
  steps: z.int().min(0),
  checks: z.int().min(0),
});
export type EvidenceTest = z.output<typeof EvidenceTest>;

export const GoldenFacts = z.object({
  package_id: z.string().max(128),
  version: z.string().max(64),
  harness: z.object({ version: z.string().max(64), digest: HexDigest }),
  /** What a matrix ran beside the harness; absent for what only the product ran. */
  programs_digest: HexDigest.optional(),
  platform: z.object({ os: z.string().max(64), arch: z.string().max(64), node: z.string().max(64) }),
  began_at: z.iso.datetime(),
  duration_ms: z.number(),
  /** sha256 of the report it was made from, as canonical JSON. */
  report_digest: HexDigest,
  tests: z.array(EvidenceTest).max(100_000),
});
export type GoldenFacts = z.output<typeof GoldenFacts>;

/** What a command prints with --json in place of its report, where it was refused. */
export const Refusal = z.object({
  error: z.object({
    code: z
      .string()
      .max(64)
      .regex(/^[A-Z][A-Z0-9_]*$/),
    message: z.string().min(1).max(4096),
    next_step: z.string().min(1).max(4096),
  }),
});

/** What evidence takes of the result of golden matrix; everything else in it stays as it is. */
export const MatrixResult = z.looseObject({
  package_id: PackageId,
  harness: GoldenReport.shape.harness,
  programs_digest: HexDigest,
  host_digests: z.record(z.string().max(200), HexDigest),
  environment: GoldenReport.shape.environment,
  began_at: z.iso.datetime(),
  duration_ms: z.number(),
  versions: z.array(z.looseObject({ version: Version, digest: HexDigest })).max(1000),
  cells: z
    .array(
      z.looseObject({
        id: z.string().min(1).max(512),
        version: Version,
        host: z.looseObject({ name: z.string().max(64), version: Version }),
        api: z.string().max(64),
        python: z.string().max(64).nullable(),
        verdict: GoldenVerdict,
        checks: z.int().min(0),
      }),
    )
    .max(100_000),
});
export type MatrixResult = z.output<typeof MatrixResult>;

export const TestResultStatement = z.object({
  _type: z.literal("https://in-toto.io/Statement/v1"),
  subject: z.array(z.object({ name: z.string(), digest: z.object({ sha256: HexDigest }) })).length(1),
  predicateType: z.literal(TEST_RESULT_TYPE),
  predicate: z.object({
    result: z.enum(["PASSED", "WARNED", "FAILED"]),
    configuration: z.array(
      z.object({ name: z.string().optional(), digest: z.record(z.string(), z.string()).optional() }),
    ),
    passedTests: z.array(z.string()).default([]),
    warnedTests: z.array(z.string()).default([]),
    failedTests: z.array(z.string()).default([]),
    holdfast_golden: GoldenFacts,
  }),
});
export type TestResultStatement = z.output<typeof TestResultStatement>;
