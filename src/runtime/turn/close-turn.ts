/**
 * A turn after it ran: what it wrote, what it tried besides, and its two entries in the ledgers of the session. All of it by
 * this process: the agent can reach neither.
 */
import type { NewLedgerEntry } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { type Json, prefixed, sha256Hex, sha256Stream } from "../../kernel/index.ts";
import { appendEntries, appendOnce } from "../../ledger/index.ts";
import { type Plane, planeStream } from "../../plane/index.ts";
import { evidenceDigest } from "../evidence-digest.ts";
import type { RunEnd, RunFacts } from "../record.ts";
import { type OpenTurn, removeUnwritten } from "./open-turn.ts";
import { evidenceStream, execStream } from "./session-places.ts";

export interface TurnWrite {
  /** Plane-relative. */
  readonly path: string;
  /** `sha256:` of its bytes. */
  readonly hash: string;
  readonly size: number;
}

/** What is told of a turn, in its entry and to the caller. */
export interface TurnDone {
  readonly session_id: string;
  readonly turn_number: number;
  readonly writes: readonly TurnWrite[];
  /** Ids of the entries in the ledgers of the session. */
  readonly entries?: { readonly exec: string; readonly evidence: string };
}

export interface SeenTurn extends TurnDone {
  /** Declared outputs that were not written. */
  readonly missing: readonly string[];
  /** Why it does not count, in the codes of `modules.agent_runtime`; undefined where it does. */
  readonly problem: { readonly code: string; readonly text: string } | undefined;
}

/** `denials`: what was seen to be refused while it ran. */
export function lookAtTurn(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  { session_id, turn_number, outputs }: OpenTurn,
  denials: readonly Json[],
): SeenTurn {
  const missing = removeUnwritten(fs, plane.root, outputs);
  const written = outputs.filter(({ path }) => !missing.includes(path));
  const writes = written.map(({ path }) => writeOf(fs, plane.root, path));
  return { session_id, turn_number, writes, missing, problem: problemOf(missing, denials) };
}

function problemOf(missing: readonly string[], denials: readonly Json[]): SeenTurn["problem"] {
  const [first] = violationsIn(denials);
  if (first !== undefined)
    return {
      code: "CAPABILITY_VIOLATION",
      text: `tried what it was not granted (${first.operation} of ${first.path})`,
    };
  if (missing.length === 0) return undefined;
  return { code: "WRITE_SURFACE_MISMATCH", text: `did not write ${missing.join(", ")}, which it declared` };
}

function writeOf(fs: Effects["fs"], root: string, path: string): TurnWrite {
  const handle = fs.openBeneath(root, path.split("/"));
  try {
    const digest = sha256Stream();
    const buffer = new Uint8Array(1 << 20);
    let size = 0;
    for (let count = handle.read(buffer, 0); count > 0; count = handle.read(buffer, size)) {
      digest.update(buffer.subarray(0, count));
      size += count;
    }
    return { path, hash: prefixed(digest.digest("hex")), size };
  } finally {
    handle.close();
  }
}

interface Violation {
  readonly operation: string;
  readonly path: string;
}

const OPERATIONS: Readonly<Record<string, string>> = {
  "files.read": "read",
  "files.write": "write",
  subprocess: "execute",
  network: "network",
  tool: "tool",
};

/** What passed a ceiling is told by the run itself. */
function violationsIn(denials: readonly Json[]): Violation[] {
  return denials.flatMap((denial) => {
    const { rule, subject } = denial as { rule?: unknown; subject?: unknown };
    const operation =
      typeof rule === "string" && Object.hasOwn(OPERATIONS, rule) ? OPERATIONS[rule] : undefined;
    return operation === undefined ? [] : [{ operation, path: String(subject) }];
  });
}

const VIOLATIONS_MAX = 20;

export interface TurnEnd {
  readonly package_id: string;
  readonly run_id: string;
  readonly layer: string;
  readonly duration_ms: number;
  readonly input: unknown;
  /** Digest of the result, or of the error. */
  readonly result_hash: string;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly denials: readonly Json[];
  /** Tools that were called, with their counts. */
  readonly external_calls: readonly Json[];
}

/** The form of `modules.agent_runtime.LedgerWriter`, so that one reader serves both. @throws LEDGER_* */
export async function recordTurn(
  effects: Pick<Effects, "fs" | "locks" | "clock" | "random">,
  plane: Plane,
  seen: SeenTurn,
  end: TurnEnd,
): Promise<NonNullable<TurnDone["entries"]>> {
  const { session_id, turn_number } = seen;
  const query_hash = queryHash(end.input);
  const { package_id, run_id, duration_ms, result_hash, error } = end;
  const status = error === undefined ? "ok" : "error";
  const about = { turn_number, package_id, run_id, query_hash, result_hash, duration_ms };
  const entryOf = (event_type: string, decision: string, metadata: object): NewLedgerEntry => ({
    event_type,
    submission_id: session_id,
    decision,
    reason: error?.code ?? "",
    metadata: metadata as never,
  });
  const violations = violationsIn(end.denials)
    .slice(0, VIOLATIONS_MAX)
    .map(({ operation, path }) => violationEntry(session_id, turn_number, operation, path));
  const message = error === undefined ? {} : { error_message: error.message.slice(0, 500).toWellFormed() };
  const done = entryOf("agent_turn", status, { ...about, status, ...message });
  const exec = await appendEntries(effects, planeStream(plane, execStream(session_id)), [
    ...violations,
    done,
  ]);
  const exec_id = exec.entries.at(-1)?.id ?? "";
  const proof = entryOf("turn_evidence", "", {
    ...about,
    input_hash: query_hash,
    output_hash: result_hash,
    declared_reads: [],
    declared_writes: seen.writes,
    missing_writes: seen.missing,
    external_calls: end.external_calls,
    refused_operations: violations.length,
    enforced_by: end.layer,
    exec_entry_id: exec_id,
  });
  const evidence = await appendEntries(effects, planeStream(plane, evidenceStream(session_id)), [proof]);
  return { exec: exec_id, evidence: evidence.entries[0]?.id ?? "" };
}

/** A turn whose host was killed before it could write its entries; at most once for each run. @throws LEDGER_* */
export async function recordLostTurn(
  effects: Pick<Effects, "fs" | "locks" | "clock" | "random">,
  plane: Plane,
  facts: RunFacts,
  end: RunEnd,
): Promise<void> {
  const { session_id, turn_number = 1, package_id, run_id } = facts;
  if (session_id === undefined || end.turn_entries !== undefined) return;
  const metadata = { turn_number, package_id, run_id, status: "error", error_message: end.message ?? "" };
  const reason = end.code ?? "plugin_run_failed";
  const entry = { event_type: "agent_turn", submission_id: session_id, decision: "error", reason, metadata };
  const since_ms = Date.parse(facts.started_at) || 0;
  await appendOnce(effects, planeStream(plane, execStream(session_id)), [entry], run_id, { since_ms });
}

const violationEntry = (
  session_id: string,
  turn_number: number,
  operation: string,
  path: string,
): NewLedgerEntry => {
  const message = `${operation} of ${path} was refused`;
  const violation = {
    error_type: "CapabilityViolation",
    message,
    operation,
    path,
    details: { reason: "not_granted" },
  };
  return {
    event_type: "capability_violation",
    submission_id: session_id,
    decision: "refused",
    reason: message.slice(0, 500),
    metadata: { turn_number, violation },
  };
};

/** Of the query alone, where the input has one that is text: what another host of the agent would hash. */
function queryHash(input: unknown): string {
  const query =
    typeof input === "object" && input !== null ? (input as { query?: unknown }).query : undefined;
  return typeof query === "string" ? prefixed(sha256Hex(query)) : evidenceDigest(JSON.stringify(input));
}
