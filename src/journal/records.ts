/**
 * What a transaction writes down before it acts. One folder per transaction under `.holdfast/state/transactions/<id>/`:
 *
 *   journal.jsonl   one record a line, each durable before the step it describes
 *   changes.jsonl   every change in the order it is applied, durable before `planned`
 *   staged/<n>      new bytes of change n, durable before `planned`
 *   aside/<n>       what stood at the path of change n
 *
 * The only commit point is the durable record `committed`: before it recovery undoes, after it recovery redoes.
 */

/** One path to change. Paths are plane-relative. `before_mode` is what stood there, absent when nothing did. */
export type Change =
  | { readonly kind: "make_directory"; readonly path: string }
  | { readonly kind: "put"; readonly path: string; readonly before: boolean }
  | { readonly kind: "remove"; readonly path: string }
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

export type JournalRecord =
  | Begun
  | { readonly state: "phase"; readonly phase: string; readonly at_ms: number }
  | { readonly state: "planned"; readonly changes: number }
  | { readonly state: "committed"; readonly generation: number; readonly follow_ups: readonly FollowUp[] }
  | { readonly state: "undone"; readonly reason: string; readonly follow_ups: readonly FollowUp[] };
