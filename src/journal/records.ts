/**
 * What a transaction writes down before it acts. One folder per transaction:
 *
 *   journal.jsonl   one record a line, each durable before the step it describes
 *   changes.jsonl   every change in the order it is applied, durable before `planned`
 *   staged/<n>      new bytes of change n, durable before `planned`
 *   aside/<n>       what stood at the path of change n
 *   owner.lock      held by the process that prepares it, until the plane lock protects it
 *
 * Its life: `.holdfast/state/preparing/<id>/` before the plane is locked, `transactions/<id>/` under the lock, and once
 * committed and recorded `generations/<number>/`, where the displaced files wait for a rollback.
 *
 * The only commit point is the durable record `committed`: before it recovery undoes, after it recovery redoes.
 */

/** A file as it was before: enough to see that it came back, and by `sha256` (bare hex, where known) to find it again. */
export interface Was {
  readonly sha256?: string;
  readonly size_bytes: number;
  readonly mode: number;
  readonly inode: string;
  readonly mtime_ns: string;
}

/** One path to change. Paths are plane-relative. `was` is absent when nothing stood there. */
export type Change =
  | { readonly kind: "make_directory"; readonly path: string }
  /** `source`: the bytes come by rename from this kept file instead of `staged/<n>`. */
  | { readonly kind: "put"; readonly path: string; readonly was?: Was; readonly source?: string }
  | { readonly kind: "remove"; readonly path: string; readonly was?: Was }
  | { readonly kind: "remove_directory"; readonly path: string; readonly mode: number };

/** An entry to be appended to a ledger stream once the transaction is committed, idempotent by its key. */
export interface FollowUp {
  readonly stream: string;
  readonly dedupe_key: string;
  readonly event_type: string;
  readonly submission_id: string;
  readonly decision: string;
  readonly reason: string;
  readonly metadata: { readonly [key: string]: unknown };
}

export interface Begun {
  readonly state: "begun";
  readonly transaction_id: string;
  readonly operation: string;
  readonly subject: string;
  readonly user: string;
  readonly at_ms: number;
}

/** What the caller wants to find again in a kept generation; the journal does not look into it. */
export type Notes = { readonly [key: string]: unknown };

/** One package a change is about to bring; `from_version` is null where none was there, `version` where it leaves. */
export interface AttemptedPackage {
  readonly package_id: string;
  readonly version: string | null;
  readonly from_version: string | null;
}

export type JournalRecord =
  | Begun
  | {
      readonly state: "phase";
      readonly phase: string;
      readonly at_ms: number;
      /** In the first phase that knows them. */
      readonly attempted?: readonly AttemptedPackage[];
    }
  | { readonly state: "planned"; readonly changes: number; readonly notes: Notes }
  | {
      readonly state: "committed";
      readonly generation: number;
      readonly follow_ups: readonly FollowUp[];
      readonly at_ms: number;
    }
  | { readonly state: "undone"; readonly reason: string; readonly follow_ups: readonly FollowUp[] };

/** One phase of a transaction as users see it. Durations in whole milliseconds. */
export interface PhaseTime {
  readonly phase: string;
  readonly at_ms: number;
  readonly duration_ms: number;
}
