/** Shapes that several answers of `trace` share. */
import { z } from "zod";

/** One verdict per governed path (design, G6); null where no rule of the plane applies to the path. */
export const TraceVerdict = z.enum(["match", "drift", "missing", "unowned", "source", "not_verifiable"]);
export type TraceVerdict = z.output<typeof TraceVerdict>;

/** One file as lists show it. `hash_verified`: its bytes were read now and equal what was recorded. */
export const TracedFile = z.strictObject({
  path: z.string(),
  purpose: z.string(),
  package: z.string().nullable(),
  spec_id: z.string().nullable(),
  sha256: z.string().nullable(),
  classification: z.string().nullable(),
  origin: z.enum(["created", "adopted"]).nullable(),
  executable: z.boolean().nullable(),
  hash_verified: z.boolean(),
  verdict: TraceVerdict.nullable(),
});
export type TracedFile = z.output<typeof TracedFile>;

/** One ledger line in short. */
export const TracedEvent = z.strictObject({
  event: z.string(),
  id: z.string(),
  timestamp: z.string(),
  user: z.string().nullable(),
  decision: z.string(),
  reason: z.string(),
  transaction_id: z.string().nullable(),
  /** Plane-relative path of the stream. */
  stream: z.string(),
  line: z.int().positive(),
});
export type TracedEvent = z.output<typeof TracedEvent>;

/** One receipt: this package in one plane tier. */
export const TracedReceipt = z.strictObject({
  package_id: z.string(),
  plane_id: z.string(),
  version: z.string(),
  installed_at: z.string(),
  installed_by: z.string(),
  transaction_id: z.string(),
  generation: z.int().nonnegative(),
  /** Plane-relative path of the receipt. */
  receipt: z.string(),
  manifest_hash: z.string(),
  archive_hash: z.string(),
  archive_profile: z.string(),
  file_count: z.int().nonnegative(),
  work_order_id: z.string().nullable(),
});
export type TracedReceipt = z.output<typeof TracedReceipt>;

/** Why a package is there: chains from packages nobody depends on down to this one. */
export const TracedWhy = z.strictObject({
  /** True when no installed package depends on it: somebody asked for it by name. */
  requested: z.boolean(),
  /** Shortest chain from each such package, each ending with this one. */
  chains: z.array(z.array(z.string())),
  chains_left_out: z.int().nonnegative(),
});
export type TracedWhy = z.output<typeof TracedWhy>;

/** What the plane keeps about the plugin of a package; its seal is for `integrity-check` to judge. */
export const TracedPlugin = z.strictObject({
  namespace: z.string(),
  version: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  granted: z
    .strictObject({
      by: z.string(),
      at: z.string(),
      version_range: z.string(),
      pinned: z.boolean(),
      scopes: z.array(z.string()),
    })
    .nullable(),
  /** Scopes above the profile of its kind that a second person stands for. */
  approvals: z.array(
    z.strictObject({
      approval_id: z.string(),
      by: z.string(),
      at: z.string(),
      expires_at: z.string(),
      reason: z.string(),
      scopes: z.array(z.string()),
    }),
  ),
});
export type TracedPlugin = z.output<typeof TracedPlugin>;
