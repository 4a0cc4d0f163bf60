/** What an agent is told where a tool gives no result. Never holds an address, a secret or what another plugin said. Pure. */
import type { Brokered, Spent } from "../../sandbox/index.ts";

export type ToolErrorCode =
  /** Nobody answers it on this plane, or whoever does cannot be asked now. */
  | "tool_unavailable"
  /** Answered, and did not do it. */
  | "tool_failed"
  | "tool_input_invalid"
  | "tool_input_too_large"
  | "tool_output_too_large"
  | "tool_timeout"
  /** Runs calling runs calling runs. */
  | "tool_too_deep";

/** Nothing was sent, so nothing was spent. */
export const UNSPENT: Spent = { tokens: 0, cost_units: 0 };

export const toolError = (
  code: ToolErrorCode,
  message: string,
  spent: { readonly [unit in keyof Spent]?: number | undefined },
  next_step?: string,
): Brokered => ({
  ...spent,
  error: { code, message, ...(next_step === undefined ? {} : { next_step }) },
});
