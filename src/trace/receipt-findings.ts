/** What is wrong with a receipt that a trace cannot use. */
import type { Finding, PlaneTier } from "../contracts/index.ts";
import { type Installed, receiptDirectory, receiptPath } from "../receipts/index.ts";

export function misplacedReceipt({ receipt }: Installed, id: string, tier: PlaneTier): Finding {
  return {
    code: "TRACE_RECEIPT_ELSEWHERE",
    severity: "error",
    message: `${receiptPath(id, tier)} is the receipt of ${receipt.package_id} in ${receipt.plane_id}`,
    next_step: `Run "integrity-check --json" and restore ${receiptDirectory(id, tier)} from a backup.`,
    path: receiptPath(id, tier),
  };
}

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
