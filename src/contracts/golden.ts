/** What the golden harness found: one report of many scenarios, the same whichever machine or shard it came from. */
import { z } from "zod";
import { HexDigest } from "./atoms.ts";

/** `infra-failure`: the harness or the machine failed, and nothing is known of the package. */
export const VERDICTS = ["pass", "fail", "refused-as-declared", "infra-failure", "not-run"] as const;
export const GoldenVerdict = z.enum(VERDICTS);
export type GoldenVerdict = z.output<typeof GoldenVerdict>;

export const GoldenProblem = z.strictObject({
  code: z.string(),
  message: z.string(),
  /** What it concerns: a path, a pointer, a process, a port. */
  subject: z.string().optional(),
  expected: z.string().optional(),
  actual: z.string().optional(),
  next_step: z.string(),
});
export type GoldenProblem = z.output<typeof GoldenProblem>;

/** What a step did, with everything that may vary replaced: the same for every run of a plugin that is deterministic. */
export const GoldenTrace = z.strictObject({
  /** What an action answered; null for every other step. */
  output: z.json(),
  /** `stream: type subject` of each entry. */
  events: z.array(z.string()),
  /** `+ path`, `- path` or `~ path` of what changed, but for records of the plane. */
  changes: z.array(z.string()),
});
export type GoldenTrace = z.output<typeof GoldenTrace>;

export const GoldenStep = z.strictObject({
  id: z.string(),
  do: z.string(),
  verdict: GoldenVerdict,
  duration_ms: z.number(),
  exit_code: z.int().nullable(),
  fault: z.string().nullable(),
  /** Failure point that was reached, `activate.file.rename#3=EIO`. */
  injected: z.string().nullable(),
  /** How much was looked at, by name. */
  counts: z.record(z.string(), z.int()),
  problems: z.array(GoldenProblem),
  /** Null for a step that was not done. */
  trace: GoldenTrace.nullable(),
});
export type GoldenStep = z.output<typeof GoldenStep>;

export const GoldenPackage = z.strictObject({
  package_id: z.string(),
  version: z.string(),
  digest: HexDigest,
});
export type GoldenPackage = z.output<typeof GoldenPackage>;

export const GoldenScenario = z.strictObject({
  name: z.string(),
  title: z.string(),
  canonical: z.boolean(),
  required: z.boolean(),
  /** sha256 over the scenario as read. */
  scenario_digest: HexDigest,
  verdict: GoldenVerdict,
  duration_ms: z.number(),
  packages: z.array(GoldenPackage),
  steps: z.array(GoldenStep),
});
export type GoldenScenario = z.output<typeof GoldenScenario>;

export const GoldenReport = z
  .strictObject({
    schema_version: z.literal("1.0"),
    /** Of the program that ran it; evidence of another harness is stale. */
    harness: z.strictObject({ version: z.string(), digest: HexDigest }),
    environment: z.strictObject({
      os: z.string(),
      arch: z.string(),
      node: z.string(),
      python: z.string().nullable(),
      host: z.string(),
      api: z.string(),
    }),
    began_at: z.string(),
    duration_ms: z.number(),
    shard: z.string().nullable(),
    /** All scenarios of the whole, in order, whichever of them this shard ran. */
    planned: z.array(z.strictObject({ name: z.string(), scenario_digest: HexDigest })).optional(),
    /** Folders of runs that were killed, removed before this one began. */
    swept_folders: z.int().optional(),
    totals: z.strictObject({
      scenarios: z.int(),
      steps: z.int(),
      passed: z.int(),
      failed: z.int(),
      checks: z.int(),
    }),
    scenarios: z.array(GoldenScenario),
  })
  .meta({ id: "GoldenReport", title: "Report of golden run" });
export type GoldenReport = z.output<typeof GoldenReport>;
