/**
 * One call of a tool that is an action of another plugin: a run like any other, in its own sandbox, with its own grant, its own
 * limits and its own entry, which names the run that asked. The token of the caller has to allow it too.
 */
import type { ActionTool } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { Fault } from "../../kernel/index.ts";
import type { BrokerCall, Brokered, Spent } from "../../sandbox/index.ts";
import type { RunRequest, RunResult } from "../run-request.ts";
import { toolError, UNSPENT } from "./tool-errors.ts";

/** The run that asks. */
export interface AskingRun {
  readonly run_id: string;
  readonly request_id: string;
  readonly namespace: string;
  /** 0 for a run that a person or host asked for. */
  readonly depth: number;
  readonly host: RunRequest["host"];
  readonly token: string | undefined;
}

/** Runs an action as `runAction` does. */
export type RunOther = (effects: Effects, request: RunRequest) => Promise<RunResult>;

export async function callActionTool(
  effects: Effects,
  asking: AskingRun,
  { tool, run, depth_max }: { readonly tool: ActionTool; readonly run: RunOther; readonly depth_max: number },
  { tool: name, input, left, signal }: BrokerCall,
): Promise<Brokered> {
  const depth = asking.depth + 1;
  if (depth > depth_max)
    return toolError(
      "tool_too_deep",
      `${name} would be run ${depth} of runs that ask for runs; ${depth_max} are allowed`,
      UNSPENT,
    );
  const { run_id, request_id, namespace, host, token } = asking;
  const price = tool.cost_units_per_call;
  let spent: Spent = UNSPENT;
  const request: RunRequest = {
    namespace: tool.namespace,
    action: tool.action,
    input,
    actor: { kind: "agent", id: namespace },
    host,
    token,
    parent: {
      run_id,
      request_id,
      depth,
      // Whoever asks pays: what it may spend is what is left of the one that asks.
      left: { tokens: left.tokens, cost_units: left.cost_units - price },
      onSpent: (taken) => {
        spent = taken;
      },
    },
  };
  const total = (): Spent => ({ tokens: spent.tokens, cost_units: spent.cost_units + price });
  try {
    const both = AbortSignal.any([effects.signal, signal]);
    const { result } = await run({ ...effects, signal: both }, request);
    return { ...total(), result };
  } catch (error) {
    return refusal(name, error, total());
  }
}

/** What another plugin said is not for this one; what is wrong with the input is. */
function refusal(name: string, error: unknown, spent: Spent): Brokered {
  const code = error instanceof Fault ? error.code : "stopped";
  const message = error instanceof Fault ? error.message : "";
  if (code === "plugin_input_invalid") return toolError("tool_input_invalid", `${name}: ${message}`, spent);
  if (code === "plugin_input_too_large")
    return toolError("tool_input_too_large", `${name}: ${message}`, spent);
  if (code === "plugin_output_too_large")
    return toolError("tool_output_too_large", `${name}: ${code}`, spent);
  if (code === "plugin_action_timeout") return toolError("tool_timeout", `${name}: ${code}`, spent);
  const is_down = /^(plugin_not_|plugin_action_not_declared|plugin_permission_|plugin_concurrency_|AUTH_)/;
  return toolError(is_down.test(code) ? "tool_unavailable" : "tool_failed", `${name}: ${code}`, spent);
}
