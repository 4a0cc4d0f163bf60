/** The answer of `pkg preflight`: every check with its verdict, every finding with the exact place it concerns. */
import { z } from "zod";
import { Finding } from "./finding.ts";

export const PREFLIGHT_VERDICTS = ["pass", "fail", "not_run"] as const;

export const PreflightCheck = z.strictObject({
  /** Stable name, such as `host-range`. */
  id: z.string(),
  title: z.string(),
  verdict: z.enum(PREFLIGHT_VERDICTS),
  /** How many things it looked at; a pass has at least one. */
  examined: z.int().nonnegative(),
  /** Why it did not run. */
  reason: z.string().optional(),
});
export type PreflightCheck = z.output<typeof PreflightCheck>;

export const PreflightReport = z
  .strictObject({
    schema_version: z.literal("1.0"),
    /** What was judged, as the user named it. */
    subject: z.string(),
    subject_kind: z.enum(["source", "manifest", "archive", "installed"]),
    package_id: z.string().nullable(),
    version: z.string().nullable(),
    plane: z.boolean(),
    healthy: z.boolean(),
    /** True when every check ran. */
    complete: z.boolean(),
    checks: z.array(PreflightCheck),
    findings: z.array(Finding),
    counts: z.strictObject({
      checks: z.int(),
      passed: z.int(),
      failed: z.int(),
      not_run: z.int(),
      errors: z.int(),
      advice: z.int(),
    }),
  })
  .meta({ id: "PreflightReport", title: "Answer of pkg preflight" });
export type PreflightReport = z.output<typeof PreflightReport>;
