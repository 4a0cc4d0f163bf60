/** What is wrong with a receipt that a trace cannot use, besides its content. */
import type { Finding, PlaneTier } from "../contracts/index.ts";
import { receiptDirectory, receiptPath } from "../receipts/index.ts";

/** One in a folder that this user may not enter, or on a disk that fails. */
export function closedReceipt(id: string, tier: PlaneTier, code: string): Finding {
  return {
    code: "TRACE_RECEIPT_UNREADABLE",
    severity: "error",
    message: `${receiptPath(id, tier)} cannot be read (${code})`,
    next_step: `Give this user access to ${receiptDirectory(id, tier)}, or run "integrity-check" as one who has it.`,
    path: receiptPath(id, tier),
    package_id: id,
  };
}
