/** Whether a turn counts, and its record in the session, which the end of the run names. */
import type { Effects } from "../../effects/index.ts";
import { Fault, type Json } from "../../kernel/index.ts";
import type { Plane } from "../../plane/index.ts";
import type { Begun, Ended } from "../begun.ts";
import { evidenceDigest } from "../evidence-digest.ts";
import { failed, type Good, recordedMessage } from "../verdict.ts";
import { lookAtTurn, recordTurn, type SeenTurn, type TurnDone } from "./close-turn.ts";

interface Closed {
  readonly verdict: Good | Fault;
  readonly turn?: TurnDone;
}

/** What is no turn is as it was judged. A turn that cannot be recorded in its session does not count. Never throws a LEDGER_* fault. */
export async function closeTurn(
  effects: Effects,
  plane: Plane,
  begun: Begun,
  {
    ended,
    judged,
    duration_ms,
  }: { readonly ended: Ended; readonly judged: Good | Fault; readonly duration_ms: number },
): Promise<Closed> {
  if (begun.turn === undefined) return { verdict: judged };
  const seen = lookAtTurn(effects, plane, begun.turn, ended.denials);
  const verdict = judgedTurn(begun, judged, seen);
  const { session_id, turn_number, writes } = seen;
  const done = { session_id, turn_number, writes };
  try {
    const entries = await recordTurn(
      effects,
      plane,
      seen,
      endOf(begun, ended, seen, { verdict, duration_ms }),
    );
    return { verdict, turn: { ...done, entries } };
  } catch (error) {
    if (!(error instanceof Fault) || !error.code.startsWith("LEDGER_")) throw error;
    const problem = `cannot be recorded in its session: ${error.code}`;
    return { verdict: failed(begun, problem, { turn_error: "LEDGER_UNAVAILABLE" }), turn: done };
  }
}

function judgedTurn(begun: Begun, judged: Good | Fault, { problem }: SeenTurn): Good | Fault {
  // How it ended says more than what it had written until then.
  if (judged instanceof Fault || problem === undefined) return judged;
  return failed(begun, problem.text, { turn_error: problem.code });
}

function endOf(
  begun: Begun,
  ended: Ended,
  { problem }: SeenTurn,
  { verdict, duration_ms }: { readonly verdict: Good | Fault; readonly duration_ms: number },
) {
  const { facts, prepared } = begun;
  const { tools = {} } = (ended.resources ?? {}) as { tools?: Readonly<Record<string, object>> };
  const external_calls = Object.entries(tools).map(([tool, use]): Json => ({ tool, ...use }));
  const about = {
    package_id: facts.package_id,
    run_id: facts.run_id,
    layer: ended.layer,
    duration_ms,
    input: prepared.input,
    denials: ended.denials,
    external_calls,
  };
  if (!(verdict instanceof Fault)) {
    const result_hash = evidenceDigest(JSON.stringify(verdict.result));
    return { ...about, result_hash, error: undefined };
  }
  const own = verdict.details["turn_error"];
  const code = typeof own === "string" ? own : (problem?.code ?? verdict.code);
  const error = { code, message: recordedMessage(begun, verdict) };
  return { ...about, result_hash: evidenceDigest(JSON.stringify(error)), error };
}
