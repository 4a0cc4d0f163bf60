/** What a call of a tool costs. Pure. */
import type { BrokerTool } from "../../contracts/index.ts";
import type { Spent } from "../../sandbox/index.ts";

type Priced = { readonly cost_units_per_call: number; readonly cost_units_per_1000_tokens?: number };

/** Undefined where it depends on tokens that nobody knows. Rounded up, so that many small calls are not free. */
export function costOf(tool: Priced, tokens: number | undefined): number | undefined {
  const { cost_units_per_call, cost_units_per_1000_tokens: price = 0 } = tool;
  if (price === 0) return cost_units_per_call;
  return tokens === undefined ? undefined : cost_units_per_call + Math.ceil((tokens * price) / 1000);
}

/** An endpoint that counts tokens takes one at least. */
export function leastOf(tool: BrokerTool): Spent {
  if (tool.kind === "action") return { tokens: 0, cost_units: tool.cost_units_per_call };
  const tokens = tool.tokens_per_call ?? 1;
  return { tokens, cost_units: costOf(tool, tokens) ?? 0 };
}
