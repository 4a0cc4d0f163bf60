/** Writing a plugin's record: sealed, one of the files of its transaction, with the one event that vouches for it. */
import type { Grant, Manifest } from "../../contracts/index.ts";
import {
  type PluginEvent,
  pluginManifestPath,
  recordBytes,
  recordPath,
  type Standing,
  sealed,
  type UnsealedRecord,
} from "../../grants/index.ts";
import type { Transaction } from "../../journal/index.ts";
import { type Json, prefixed, prettyJson, sha256Hex, spacedJson } from "../../kernel/index.ts";
import { GOVERNANCE_STREAM } from "../../plane/index.ts";
import type { LedgerNote } from "../transact.ts";

export interface RecordChange {
  readonly record: UnsealedRecord;
  readonly previous_state: Standing;
  /** Bare hex of the record that stands there; undefined when there is none. */
  readonly before_digest: string | undefined;
  readonly event: PluginEvent;
  readonly user: string;
  /** Written when given: where the record speaks of another manifest than before. */
  readonly manifest?: Manifest;
  readonly metadata?: LedgerNote["metadata"];
}

/** @param key of the seal */
export function stageRecord(transaction: Transaction, key: string, change: RecordChange): LedgerNote {
  const { record, manifest, before_digest } = change;
  const { namespace } = record;
  const bytes = recordBytes(sealed(record, key));
  transaction.put(recordPath(namespace), { bytes, mode: 0o644 }, before_digest);
  if (manifest !== undefined) {
    const text = Buffer.from(prettyJson(manifest as unknown as Json));
    transaction.put(pluginManifestPath(namespace), { bytes: text, mode: 0o644 });
  }
  return eventOf(change, sha256Hex(bytes));
}

function eventOf(
  { record, previous_state, event, user, metadata }: RecordChange,
  record_digest: string,
): LedgerNote {
  const { namespace, package_id, version, state, reason, manifest_hash, archive_hash, grant } = record;
  const why = reason === undefined ? "" : ` (${reason})`;
  return {
    stream: GOVERNANCE_STREAM,
    event_type: event,
    submission_id: namespace,
    decision: state.toUpperCase(),
    reason: `${package_id} ${version}: ${namespace} is ${state}${why}`,
    metadata: {
      user,
      namespace,
      package_id,
      version,
      previous_state,
      state,
      reason: reason ?? null,
      manifest_hash,
      archive_hash,
      grant_digest: grantDigest(grant),
      record_digest,
      ...metadata,
    },
  };
}

export const grantDigest = (grant: Grant | null): string | null =>
  grant === null ? null : prefixed(sha256Hex(spacedJson(grant)));
