/** Answers of `trace --explain` for versions, transactions, checkpoints and codes. */
import { z } from "zod";
import { TracedEvent, TracedReceipt } from "./trace-parts.ts";

/** `ID@version`. */
export const PackageVersionTrace = z.strictObject({
  package_id: z.string(),
  version: z.string(),
  /** Where this very version is installed now. */
  receipts: z.array(TracedReceipt),
  /** The registry names this version. */
  registered: z.boolean(),
  archive: z
    .strictObject({
      path: z.string(),
      /** Bare hex, of the bytes now. */
      sha256: z.string(),
      size_bytes: z.int().nonnegative(),
      /** Equal to what receipt, registry or sidecar records; null where none does. */
      verified: z.boolean().nullable(),
    })
    .nullable(),
  /** From its manifest; null when neither receipt nor archive is there to read it from. */
  manifest: z
    .strictObject({
      name: z.string(),
      tier: z.string(),
      package_type: z.string(),
      manifest_hash: z.string(),
      spec_id: z.string().nullable(),
      framework_id: z.string().nullable(),
      dependencies: z.array(z.strictObject({ id: z.string(), range: z.string() })),
      files: z.array(
        z.strictObject({
          path: z.string(),
          sha256: z.string(),
          size_bytes: z.int().nonnegative(),
          executable: z.boolean(),
          classification: z.string(),
        }),
      ),
    })
    .nullable(),
  /** When it was in force, oldest first. `until` is null while it is. */
  in_force: z.array(
    z.strictObject({ plane_id: z.string(), from: TracedEvent, until: TracedEvent.nullable() }),
  ),
  other_versions: z.array(z.string()),
  /** Entries that name this version, newest first. */
  history: z.array(TracedEvent),
  history_left_out: z.int().nonnegative(),
});
export type PackageVersionTrace = z.output<typeof PackageVersionTrace>;

export const TracedChange = z.strictObject({
  path: z.string(),
  change: z.enum(["added", "changed", "removed", "folder_made", "folder_removed"]),
  /** Of what stood there before. */
  before_sha256: z.string().nullable(),
  before_bytes: z.int().nonnegative().nullable(),
  /** Plane-relative path of the displaced file; null when it is not kept or a rollback took it. */
  kept_as: z.string().nullable(),
});
export type TracedChange = z.output<typeof TracedChange>;

export const TransactionTrace = z.strictObject({
  transaction_id: z.string(),
  /** What it came to, from its last ledger entry or receipt. */
  outcome: z.string(),
  operation: z.string().nullable(),
  user: z.string().nullable(),
  generation: z.int().nonnegative().nullable(),
  committed_at: z.string().nullable(),
  packages: z.array(z.string()),
  /** How it changed packages, from the kept generation. */
  steps: z.array(
    z.strictObject({
      package_id: z.string(),
      plane_id: z.string(),
      from: z.string().nullable(),
      to: z.string().nullable(),
    }),
  ),
  timeline: z.array(z.strictObject({ phase: z.string(), duration_ms: z.int().nonnegative() })),
  /** The displaced files are kept, so that a rollback needs neither store nor network. */
  kept: z.boolean(),
  changes: z.array(TracedChange),
  /** Receipts still in force. */
  receipts: z.array(TracedReceipt),
  /** Oldest first. */
  entries: z.array(TracedEvent),
});
export type TransactionTrace = z.output<typeof TransactionTrace>;

/** A signed tree head, as C2SP writes it. */
export const CheckpointTrace = z.strictObject({
  path: z.string(),
  origin: z.string(),
  tree_size: z.int().nonnegative(),
  /** Bare hex. */
  root_hash: z.string(),
  signatures: z.array(z.strictObject({ name: z.string(), key_id: z.string() })),
  /** Plane-relative path of the stream; null where none fits. */
  stream: z.string().nullable(),
  /** The entry the head ends with. */
  last_entry: TracedEvent.nullable(),
  /** The tree over the stream's lines has this root now; null where no stream fits. */
  root_verified: z.boolean().nullable(),
});
export type CheckpointTrace = z.output<typeof CheckpointTrace>;

/** A code of a fault or finding. */
export const CodeTrace = z.strictObject({
  code: z.string(),
  kind: z.enum(["fault", "finding"]),
  /** Room of the sources it comes from. */
  room: z.string(),
  /** Of a fault. */
  exit_code: z.int().nonnegative().nullable(),
  exit_meaning: z.string().nullable(),
  /** The sentences it comes with; what stands in <> is filled in. */
  messages: z.array(z.string()),
  next_steps: z.array(z.string()),
  /** Ledger entries that carry it, newest first. */
  history: z.array(TracedEvent),
  history_left_out: z.int().nonnegative(),
});
export type CodeTrace = z.output<typeof CodeTrace>;
