/** What a plugin's record becomes; pure. The states themselves are judged by the grants room. */
import type { Grant, Manifest, PlaneTier } from "../../contracts/index.ts";
import type { Plugin, UnsealedRecord } from "../../grants/index.ts";

/** The code a record speaks of. */
export interface Code {
  readonly manifest: Manifest;
  readonly manifest_hash: string;
  readonly archive_hash: string | null;
  readonly tier: PlaneTier;
}

export function unsealed({ record }: Plugin): UnsealedRecord {
  const { seal: _, ...rest } = record;
  return rest;
}

/** A record nobody had yet. */
export function registeredRecord(namespace: string, code: Code, now: string): UnsealedRecord {
  return {
    record_version: 1,
    namespace,
    ...codeFields(code),
    state: "registered",
    registered_at: now,
    grant: null,
    approvals: [],
  };
}

export const codeFields = ({ manifest, manifest_hash, archive_hash, tier }: Code) => ({
  package_id: manifest.package_id,
  plane_id: tier,
  version: manifest.version,
  manifest_hash,
  archive_hash,
});

/** The first time it was installed is kept. */
export function installedRecord(record: UnsealedRecord, now: string): UnsealedRecord {
  const { reason: _, ...rest } = record;
  return { ...rest, state: "installed", installed_at: record.installed_at ?? now };
}

export function enabledRecord(record: UnsealedRecord, grant: Grant, now: string): UnsealedRecord {
  const { reason: _, ...rest } = record;
  return { ...rest, state: "enabled", enabled_at: now, grant };
}

export const disabledRecord = (record: UnsealedRecord, reason: string, now: string): UnsealedRecord => ({
  ...record,
  state: "disabled",
  reason,
  disabled_at: now,
});

/** Whatever was granted goes with the files: what comes back is asked for anew. */
export function uninstalledRecord(record: UnsealedRecord): UnsealedRecord {
  const { installed_at: _i, enabled_at: _e, disabled_at: _d, reason: _r, ...rest } = record;
  return { ...rest, state: "registered", grant: null };
}
