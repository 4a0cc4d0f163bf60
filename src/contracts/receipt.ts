import { z } from "zod";
import {
  Classification,
  HexDigest,
  PackageId,
  PackageTier,
  PlaneTier,
  PrefixedDigest,
  Timestamp,
  Version,
} from "./atoms.ts";
import { InstalledEnvironment } from "./environment.ts";

/** `created`: the package put it there. `adopted`: identical unowned bytes were there before and stay after uninstall. */
export const Origin = z.enum(["created", "adopted"]);
export type Origin = z.output<typeof Origin>;

export const ReceiptFile = z.strictObject({
  path: z.string().min(1),
  sha256: PrefixedDigest,
  size_bytes: z.int().nonnegative(),
  executable: z.boolean(),
  classification: Classification,
  origin: Origin,
  /** Permission bits of an adopted file, where they are not what an install gives; a restore puts them back. */
  mode: z
    .string()
    .regex(/^0[0-7]{3}$/)
    .optional(),
});
export type ReceiptFile = z.output<typeof ReceiptFile>;

/** What was installed: `installed/<ID>/receipt.json`, beside a copy of the manifest. */
export const Receipt = z
  .strictObject({
    receipt_version: z.literal("2.0"),
    package_id: PackageId,
    version: Version,
    tier: PackageTier,
    package_type: z.string(),
    plane_id: PlaneTier,
    origin: z.literal("INSTALLER"),
    installed_at: Timestamp,
    installed_by: z.string(),
    transaction_id: z.string(),
    generation: z.int().nonnegative(),
    manifest_hash: PrefixedDigest,
    archive_hash: PrefixedDigest,
    content_digest: HexDigest,
    archive_profile: z.enum(["canonical", "plain"]),
    assets_count: z.int().nonnegative(),
    work_order_id: z.string().nullable(),
    files: z.array(ReceiptFile),
    /** New defaults laid beside config and state files that were edited: `<path>.new`. */
    new_defaults: z.array(z.strictObject({ path: z.string().min(1), sha256: PrefixedDigest })).optional(),
    /** Absent for a package that locks no wheels. */
    environment: InstalledEnvironment.optional(),
    /** Folders this install made, deepest last; uninstall prunes those left empty. */
    directories_created: z.array(z.string()),
    /** Bytecode that lay beside the files before the install and is therefore left by uninstall. */
    cache_before: z.array(z.string()),
    /** Ledger heads in force when the transaction began. */
    ledger_heads: z.record(
      z.string(),
      z.strictObject({ entries: z.int().nonnegative(), entry_hash: z.string() }),
    ),
    /** By stream: the signed checkpoint in force then, as C2SP writes it. Older receipts have none. */
    ledger_checkpoints: z.record(z.string(), z.string()).optional(),
  })
  .meta({ id: "Receipt", title: "Install receipt 2.0" });
export type Receipt = z.output<typeof Receipt>;
