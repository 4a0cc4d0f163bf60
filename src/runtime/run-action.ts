/** One call of one action: judged, given a slot, run behind the wall, recorded once, answered. */
import type { Effects } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { type Plane, reading } from "../plane/index.ts";
import { begin, finish } from "./accepted.ts";
import type { Actor } from "./actor.ts";
import type { Hosting } from "./hosting.ts";
import { make } from "./faults.ts";
import type { Limits, Wishes } from "./limits.ts";
import { type Prepared, prepare } from "./prepare.ts";
import { recordRefusal } from "./record.ts";
import { callOnce } from "./spawned.ts";

export interface RunRequest {
  readonly namespace: string;
  readonly action: string;
  /** A JSON value. */
  readonly input: unknown;
  readonly limits?: Wishes;
  readonly actor?: { readonly kind: string; readonly id?: string | undefined };
  /** The caller's own name for it; one is made otherwise. */
  readonly request_id?: string | undefined;
  /** Through which door it came. */
  readonly host: "cli" | "api" | "library";
  readonly token: string | undefined;
  /** Everything but the run itself: all checks, no slot, no process, no entry. */
  readonly dry_run?: boolean;
}

export interface RunResult {
  readonly namespace: string;
  readonly action: string;
  readonly run_id: string;
  readonly request_id: string;
  /** Id of the ledger entry. */
  readonly event_id: string;
  readonly actor: Actor;
  readonly duration_ms: number;
  readonly input_bytes: number;
  readonly output_bytes: number;
  readonly layer: string;
  readonly limits: Limits;
  readonly resources?: unknown;
  readonly denials: readonly unknown[];
  readonly result: unknown;
}

export const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;

/**
 * Exactly one ledger entry for each call that begins, `plugin.action_invoked` or `plugin.action_failed`; a refusal before that
 * leaves `plugin.action_refused`.
 * @throws what `prepare` throws; plugin_concurrency_limited, plugin_sandbox_missing; then plugin_action_timeout,
 * plugin_output_too_large, plugin_action_not_found, plugin_run_failed; LEDGER_* when the end cannot be recorded; the reason of
 * `effects.signal`
 */
export async function runAction(
  effects: Effects,
  plane: Plane,
  request: RunRequest,
  hosting: Hosting,
): Promise<RunResult> {
  const prepared = await accept(effects, plane, request);
  const begun = await refusing(effects, plane, request, () => begin(effects, plane, request, prepared, hosting));
  const ended = await callOnce(effects, plane, begun, hosting);
  return finish(effects, plane, begun, ended);
}

/** The checks alone. */
export async function accept(effects: Effects, plane: Plane, request: RunRequest): Promise<Prepared> {
  const { namespace, action, input, limits = {}, actor = { kind: "human" }, token } = request;
  return refusing(effects, plane, request, () => {
    requireRequestId(request);
    return reading(effects, plane, () =>
      prepare(effects, plane, { namespace, action, input, wishes: limits, actor, token }),
    );
  });
}

function requireRequestId({ request_id, namespace, action }: RunRequest): void {
  if (request_id === undefined || REQUEST_ID.test(request_id)) return;
  const problem = "request_id holds other characters than letters, digits and . _ : / -, or is too long";
  throw make("plugin_input_invalid", problem, { namespace, action, pointer: "request_id", problems: [problem] });
}

/** Refusals of tokens are recorded where tokens are judged. */
export async function refusing<T>(
  effects: Effects,
  plane: Plane,
  { namespace, action, request_id = "", host }: RunRequest,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Fault && !error.code.startsWith("AUTH_"))
      await recordRefusal(effects, plane, { namespace, action, request_id, host }, error);
    throw error;
  }
}

