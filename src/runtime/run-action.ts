/** One call of one action: judged, given a slot, run behind the wall, recorded once, answered. */
import type { Effects } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { type Plane, reading } from "../plane/index.ts";
import type { Spent } from "../sandbox/index.ts";
import { abandon, begin, finish } from "./accepted.ts";
import type { Ended } from "./begun.ts";
import { brokeringFor } from "./broker/brokering.ts";
import { make } from "./faults.ts";
import type { Hosting } from "./hosting.ts";
import { type Prepared, prepare } from "./prepare.ts";
import { recordRefusal } from "./record.ts";
import type { RunRequest, RunResult } from "./run-request.ts";
import { collect, type StartProcess, startProcess } from "./spawned.ts";

const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;

/**
 * Exactly one ledger entry for each call that begins, `plugin.action_invoked` or `plugin.action_failed`; a refusal before that
 * leaves `plugin.action_refused`.
 * @throws what `prepare` throws; plugin_concurrency_limited, SANDBOX_*; then plugin_action_timeout,
 * plugin_output_too_large, plugin_action_not_found, plugin_run_failed; LEDGER_* when the end cannot be recorded; the reason of
 * `effects.signal`
 */
export async function runAction(
  effects: Effects,
  plane: Plane,
  request: RunRequest,
  hosting: Hosting,
): Promise<RunResult> {
  return runPrepared(effects, plane, request, await accept(effects, plane, request), hosting);
}

/** What was accepted, in a process of its own. */
export async function runPrepared(
  effects: Effects,
  plane: Plane,
  request: RunRequest,
  prepared: Prepared,
  hosting: Hosting,
  start: StartProcess = startProcess,
): Promise<RunResult> {
  const begun = await refusing(effects, plane, request, () => begin(effects, plane, request, prepared));
  let running: Awaited<ReturnType<StartProcess>>;
  const runOther = (own: Effects, other: RunRequest) => runAction(own, plane, other, hosting);
  const { declared } = begun;
  const brokering = brokeringFor(effects, plane, { request, begun, declared }, hosting, runOther);
  try {
    running = await refusing(effects, plane, request, () => start(effects, plane, begun, hosting, brokering));
  } catch (error) {
    abandon(effects, plane, begun);
    throw error;
  }
  const ended = await collect(running);
  request.parent?.onSpent(spentIn(ended));
  // The wall could not be built, so the program did not run.
  if (ended.thrown instanceof Fault && ended.thrown.code === "SANDBOX_NOT_STARTED") {
    abandon(effects, plane, begun);
    await recordRefusal(effects, plane, request, ended.thrown);
    throw ended.thrown;
  }
  return finish(effects, plane, begun, ended);
}

function spentIn({ resources }: Ended): Spent {
  const { tokens = 0, cost_units = 0 } = (resources ?? {}) as Partial<Spent>;
  return { tokens, cost_units };
}

/** The checks alone: no slot, no process, no entry but of a refusal. */
export async function accept(effects: Effects, plane: Plane, request: RunRequest): Promise<Prepared> {
  const { namespace, action, input, limits = {}, actor = { kind: "human" }, token } = request;
  return refusing(effects, plane, request, async () => {
    requireRequestId(request);
    return reading(effects, plane, () =>
      prepare(effects, plane, { namespace, action, input, wishes: limits, actor, token }),
    );
  });
}

function requireRequestId({ request_id, namespace, action }: RunRequest): void {
  if (request_id === undefined || REQUEST_ID.test(request_id)) return;
  const problem = "request_id must be 1 to 128 letters, digits and . _ : / -";
  throw make("plugin_input_invalid", problem, {
    namespace,
    action,
    pointer: "request_id",
    problems: [problem],
  });
}

/** Refusals of tokens are recorded where tokens are judged. */
export async function refusing<T>(
  effects: Effects,
  plane: Plane,
  request: RunRequest,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Fault && !error.code.startsWith("AUTH_"))
      await recordRefusal(effects, plane, request, error);
    throw error;
  }
}
