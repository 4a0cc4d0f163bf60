/** What the plane keeps about each plugin: its state, what operators granted, and its configuration. */
import { z } from "zod";
import {
  HexDigest,
  PackageId,
  PlaneTier,
  PrefixedDigest,
  Timestamp,
  Version,
  VersionRange,
} from "./atoms.ts";
import { Namespace, PluginCapability, PluginKind, Scope } from "./plugin.ts";

export const PLUGIN_STATES = ["registered", "installed", "enabled", "disabled"] as const;
export const PluginState = z.enum(PLUGIN_STATES);
export type PluginState = z.output<typeof PluginState>;

/** What an operator saw and allowed: stored apart from the manifest, bound to package, versions and, where pinned, digest. */
export const Grant = z.strictObject({
  grant_id: z.string().regex(/^GRANT-[0-9a-f]{32}$/),
  namespace: Namespace,
  package_id: PackageId,
  version_range: VersionRange,
  /** Archive digest the grant is pinned to; code that differs is a widening. */
  archive_hash: PrefixedDigest.nullable(),
  kind: PluginKind,
  capability: z.array(PluginCapability),
  runtime: z.enum(["python", "node"]),
  entrypoint: z.string(),
  scopes: z.array(Scope),
  granted_by: z.string(),
  granted_at: Timestamp,
  /** Digest of the words shown before it was given. */
  shown_digest: PrefixedDigest,
  transaction_id: z.string(),
});
export type Grant = z.output<typeof Grant>;

/** A second person's approval of scopes above the kind's profile. */
export const ElevationApproval = z.strictObject({
  approval_id: z.string().regex(/^APPROVAL-[0-9a-f]{32}$/),
  namespace: Namespace,
  package_id: PackageId,
  scopes: z.array(Scope).min(1),
  reason: z.string().min(8).max(1024),
  approved_by: z.string(),
  /** Of the approver's token; absent for `user:HMAC` tokens. */
  token_id: z.string().optional(),
  approved_at: Timestamp,
  expires_at: Timestamp,
  transaction_id: z.string(),
});
export type ElevationApproval = z.output<typeof ElevationApproval>;

/** `.holdfast/state/plugins/<namespace>/state.json`. */
export const PluginRecord = z
  .strictObject({
    record_version: z.literal(1),
    namespace: Namespace,
    package_id: PackageId,
    plane_id: PlaneTier,
    version: Version,
    manifest_hash: PrefixedDigest,
    archive_hash: PrefixedDigest.nullable(),
    state: PluginState,
    /** Why it is disabled: `manual_disable`, `permissions_expanded`, `approval_expired`, `approver_revoked`, or the operator's words. */
    reason: z.string().max(1024).optional(),
    registered_at: Timestamp,
    installed_at: Timestamp.optional(),
    enabled_at: Timestamp.optional(),
    disabled_at: Timestamp.optional(),
    grant: Grant.nullable(),
    approvals: z.array(ElevationApproval),
    /** Of `config.json` beside it; left out while nobody configured it. */
    config_digest: HexDigest.optional(),
    /** HMAC-SHA-256 over the canonical record without it, with the plane's secret: a hand edit is noticed. */
    seal: HexDigest,
  })
  .meta({ id: "PluginRecord", title: "State and grants of a plugin" });
export type PluginRecord = z.output<typeof PluginRecord>;

/** A secret is named, never written: an environment variable, or a file outside the plane. */
export const SecretReference = z.union([
  z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }),
  z.strictObject({ file: z.string().min(1).max(1024) }),
]);
export type SecretReference = z.output<typeof SecretReference>;

/** `.holdfast/state/plugins/<namespace>/config.json`; earlier ones lie beside it as `config-<version>.json`. */
export const StoredConfig = z
  .strictObject({
    config_version: z.int().min(1),
    namespace: Namespace,
    /** Only what an operator set; defaults stay in the manifest. */
    values: z.record(z.string(), z.json()),
    secrets: z.record(z.string(), SecretReference),
    set_by: z.string(),
    set_at: Timestamp,
    transaction_id: z.string(),
  })
  .meta({ id: "PluginConfigValues", title: "Configuration of a plugin, as an operator set it" });
export type StoredConfig = z.output<typeof StoredConfig>;
