/** What the ledger says of runs: one entry for each that began, whatever became of it; refusals, counted where they repeat. */
import type { LedgerEntry, NewLedgerEntry } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { type Fault, type Json, sha256Hex } from "../kernel/index.ts";
import { appendEntries, appendOnce } from "../ledger/index.ts";
import { countRepeat, type Plane, planeStream } from "../plane/index.ts";
import type { Actor } from "./actor.ts";
import { makeRunDirectory, RUN_DIRECTORY, RUNS_STREAM } from "./places.ts";

type Needs = Pick<Effects, "fs" | "locks" | "clock" | "random">;

/** Contents of input and result are never in it: only how many bytes they had, and their digests. */
export interface RunFacts {
  readonly run_id: string;
  readonly request_id: string;
  readonly namespace: string;
  readonly action: string;
  readonly package_id: string;
  readonly version: string;
  readonly archive_hash: string;
  readonly code_digest: string;
  /** 0 while nobody configured it. */
  readonly config_version: number;
  readonly actor: Actor;
  readonly user: string;
  readonly host: string;
  /** ISO 8601 in UTC. */
  readonly started_at: string;
  readonly input_bytes: number;
  readonly input_digest: string;
  /** Of a run that the agent of another asked for. */
  readonly parent_run_id?: string;
  readonly parent_request_id?: string;
  readonly depth?: number;
  /** Of a turn. */
  readonly session_id?: string;
  readonly turn_number?: number;
  /** Of an agent: `sha256:` of the file that says who answers it. */
  readonly broker_config?: string;
  readonly limits: { readonly [name: string]: number };
  readonly scopes: readonly string[];
}

export interface RunEnd {
  readonly duration_ms: number;
  readonly layer: string;
  /** The approval of a layer weaker than bubblewrap. */
  readonly accepted?: string;
  readonly output_bytes?: number;
  readonly output_digest?: string;
  readonly evidence_digest?: string;
  readonly exit_code?: number | null;
  readonly resources?: Json;
  readonly denials?: readonly Json[];
  /** Denials that are not listed: a line of the ledger is bounded. */
  readonly denials_more?: number;
  /** What the kernel alone denied left no record: it could not be watched here. */
  readonly denials_unwatched?: true;
  /** Of a turn: ids of its entries in the ledgers of the session. */
  readonly turn_entries?: { readonly exec: string; readonly evidence: string };
  /** Of a failure. */
  readonly code?: string;
  readonly message?: string;
}

/** @throws LEDGER_* */
export async function recordEnd(
  effects: Needs,
  plane: Plane,
  facts: RunFacts,
  end: RunEnd,
): Promise<LedgerEntry> {
  // The key is the one `appendOnce` gives, so that who finds this run unsettled does not record it again.
  const metadata = { dedupe_key: `${facts.run_id}/0` };
  const entry = entryOf(facts, end);
  const { entries } = await appendEntries(effects, planeStream(plane, RUNS_STREAM), [
    { ...entry, metadata: { ...entry.metadata, ...metadata } },
  ]);
  return entries[0] as LedgerEntry;
}

/** The same for a run that somebody else may have recorded already. @throws LEDGER_* */
export async function recordOnce(effects: Needs, plane: Plane, facts: RunFacts, end: RunEnd): Promise<void> {
  const since_ms = Date.parse(facts.started_at) || 0;
  const stream = planeStream(plane, RUNS_STREAM);
  await appendOnce(effects, stream, [entryOf(facts, end)], facts.run_id, { since_ms });
}

function entryOf(facts: RunFacts, end: RunEnd): NewLedgerEntry {
  const failed = end.code !== undefined;
  const { namespace, action } = facts;
  return {
    event_type: failed ? "plugin.action_failed" : "plugin.action_invoked",
    submission_id: namespace,
    decision: failed ? "FAILED" : "DONE",
    reason: failed ? (end.message ?? "").slice(0, 1000).toWellFormed() : `${namespace} ${action}`,
    metadata: { ...facts, ...end, status: failed ? "failure" : "success" } as never,
  };
}

export interface RefusedRun {
  readonly namespace: string;
  readonly action: string;
  readonly request_id?: string | undefined;
  readonly host: string;
}

/** Names nobody knows are not counted apart: anyone can think of many. */
const NAMES_UNKNOWN: ReadonlySet<string> = new Set(["plugin_not_found", "plugin_action_not_declared"]);

/** A refusal that cannot be recorded still refuses. */
export async function recordRefusal(
  effects: Needs,
  plane: Plane,
  run: RefusedRun,
  fault: Fault,
): Promise<void> {
  const { code } = fault;
  const namespace = run.namespace.slice(0, 128).toWellFormed();
  const action = run.action.slice(0, 64).toWellFormed();
  const request_id = run.request_id?.slice(0, 128).toWellFormed() ?? "";
  try {
    const folder = makeRunDirectory(effects.fs, plane.root, RUN_DIRECTORY);
    const kind = NAMES_UNKNOWN.has(code) ? code : `${code}\n${namespace}\n${action}`;
    const { count, is_recorded } = countRepeat(
      effects,
      `${folder}/refusals.json`,
      sha256Hex(kind).slice(0, 16),
    );
    if (!is_recorded) return;
    // What does not fit a schema is told to the caller; a ledger is no place for pieces of an input.
    const reason = code === "plugin_input_invalid" ? "the input does not fit" : fault.message;
    await appendEntries(effects, planeStream(plane, RUNS_STREAM), [
      {
        event_type: "plugin.action_refused",
        submission_id: namespace,
        decision: "REFUSED",
        reason: reason.slice(0, 1000).toWellFormed(),
        metadata: { namespace, action, request_id, host: run.host, code, repeated: count },
      },
    ]);
  } catch {
    // Disk full, no permission: who was refused learns why all the same.
  }
}
