/** Answers of `trace` about the whole plane. */
import { z } from "zod";
import { Finding } from "./finding.ts";

/** One row of `trace --installed`. */
export const InstalledTrace = z.strictObject({
  package_id: z.string(),
  version: z.string(),
  file_count: z.int().nonnegative(),
  manifest_hash: z.string(),
  installed_at: z.string(),
  /** Plane tier in capitals. */
  tier: z.string(),
  package_tier: z.string(),
  installed_by: z.string(),
  transaction_id: z.string(),
  generation: z.int().nonnegative(),
});
export type InstalledTrace = z.output<typeof InstalledTrace>;

/** Answer of `trace --inventory`. */
export const InventoryTrace = z.strictObject({
  frameworks: z.array(
    z.strictObject({ framework_id: z.string(), title: z.string(), status: z.string(), spec_count: z.int() }),
  ),
  specs: z.array(
    z.strictObject({ spec_id: z.string(), title: z.string(), framework_id: z.string(), status: z.string() }),
  ),
  packages: z.array(
    z.strictObject({
      package_id: z.string(),
      version: z.string(),
      status: z.string(),
      installed: z.array(z.string()),
      file_count: z.int(),
    }),
  ),
  /** Owned files. */
  total_files: z.int().nonnegative(),
  /** Files in governed roots that nobody owns and no source tree covers. */
  orphans: z.array(z.string()),
  health: z.strictObject({ healthy: z.boolean(), message: z.string() }),
  findings: z.array(Finding),
});
export type InventoryTrace = z.output<typeof InventoryTrace>;

/** Answer of `trace --verify`. */
export const VerifyTrace = z.strictObject({
  passed: z.boolean(),
  checks: z.array(
    z.strictObject({
      name: z.string(),
      passed: z.boolean(),
      message: z.string(),
      details: z.array(z.string()).optional(),
    }),
  ),
  message: z.string(),
});
export type VerifyTrace = z.output<typeof VerifyTrace>;
