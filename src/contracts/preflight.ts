/** The answer of `pkg preflight`: every check with its verdict, every finding with the exact place it concerns. */
import { z } from "zod";
import { Finding } from "./finding.ts";

/** In the order they are judged. A check that does not concern the subject is absent. */
export const PREFLIGHT_CHECKS = [
  "manifest",
  "host-range",
  "api-range",
  "node-range",
  "python-range",
  "plane-capabilities",
  "profile",
  "permissions",
  "permission-policy",
  "configuration",
  "dependencies",
  "tier-direction",
  "governance-chain",
  "version",
  "ownership",
  "signature-policy",
  "archive-safety",
  "advice",
] as const;
export const PreflightCheckId = z.enum(PREFLIGHT_CHECKS);
export type PreflightCheckId = z.output<typeof PreflightCheckId>;

export const PREFLIGHT_VERDICTS = ["pass", "fail", "not_run"] as const;

export const PreflightCheck = z.strictObject({
  id: PreflightCheckId,
  title: z.string(),
  verdict: z.enum(PREFLIGHT_VERDICTS),
  /** How many things it looked at; a pass has at least one. */
  examined: z.int().nonnegative(),
  /** Why it did not run. */
  reason: z.string().optional(),
});
export type PreflightCheck = z.output<typeof PreflightCheck>;

export const PREFLIGHT_SUBJECTS = ["source", "manifest", "archive", "installed"] as const;

const Counts = z.strictObject({
  checks: z.int(),
  passed: z.int(),
  failed: z.int(),
  not_run: z.int(),
  errors: z.int(),
  advice: z.int(),
});
export type PreflightCounts = z.output<typeof Counts>;

export const PreflightSubject = z.strictObject({
  /** What was judged, as the user named it. */
  subject: z.string(),
  /** `source`: a folder · `manifest`: a file alone · `archive` · `installed`: what lies in the plane under an id. */
  subject_kind: z.enum(PREFLIGHT_SUBJECTS),
  /** Null where the manifest cannot be read. */
  package_id: z.string().nullable(),
  version: z.string().nullable(),
  /** No error among the findings. */
  healthy: z.boolean(),
  /** True when every check that concerns the subject ran. */
  complete: z.boolean(),
  checks: z.array(PreflightCheck),
  /** Errors first, then by path, line and column. */
  findings: z.array(Finding),
  counts: Counts,
});
export type PreflightSubject = z.output<typeof PreflightSubject>;

/** A mend of `pkg preflight --fix`. */
export const PreflightFix = z.strictObject({
  path: z.string(),
  field: z.string(),
  code: z.string(),
  /** The problem that is no more. */
  message: z.string(),
});
export type PreflightFix = z.output<typeof PreflightFix>;

export const PreflightReport = z
  .strictObject({
    schema_version: z.literal("1.0"),
    /** Root of the plane it was held against; null where there is none. */
    plane: z.string().nullable(),
    /** What the ranges were held against; null where it was not asked for or not found. */
    runtime: z.strictObject({
      host: z.string(),
      api: z.string(),
      node: z.string(),
      python: z.string().nullable(),
    }),
    /** Every subject is healthy, and there is at least one unless no manifest changed. */
    healthy: z.boolean(),
    complete: z.boolean(),
    subjects: z.array(PreflightSubject),
    /** Summed over all subjects. */
    counts: Counts,
    /** With --changed: the commit it was held against, and how many files differ from it. */
    changed: z
      .strictObject({ base: z.string(), commit: z.string(), files_count: z.int().nonnegative() })
      .optional(),
    /** With --fix: what was mended, or would be, and the change as a unified diff. */
    fixes: z.array(PreflightFix).optional(),
    diff: z.string().optional(),
  })
  .meta({ id: "PreflightReport", title: "Answer of pkg preflight" });
export type PreflightReport = z.output<typeof PreflightReport>;
