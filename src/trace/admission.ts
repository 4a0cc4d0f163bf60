/** Who let a package in: the entry of its transaction in the ledger of packages, else what its receipt says. */
import type { Receipt, TracedAdmission } from "../contracts/index.ts";
import { type Line, linesAbout } from "./history.ts";
import type { Sight } from "./sight.ts";

/** Entries after which a package is in force. */
const ADMITTING = new Set(["INSTALLED", "UPDATED", "REVERTED"]);

export function admissionOf(sight: Sight, receipt: Receipt): TracedAdmission {
  const { transaction_id, generation, installed_at, installed_by, work_order_id } = receipt;
  const line = admittingLine(sight, receipt);
  return {
    user: line?.event.user ?? installed_by,
    at: line?.event.timestamp ?? installed_at,
    transaction_id,
    generation,
    work_order_id,
    entry: line?.event ?? null,
  };
}

/** The last entry of the receipt's own transaction that let this package in. */
export function admittingLine(
  sight: Sight,
  { transaction_id, package_id, plane_id }: Pick<Receipt, "transaction_id" | "package_id" | "plane_id">,
): Line | undefined {
  let found: Line | undefined;
  for (const line of linesAbout(sight, transaction_id)) {
    const { event, submission_id, metadata } = line;
    if (event.transaction_id !== transaction_id || !ADMITTING.has(event.event)) continue;
    if (submission_id !== package_id) continue;
    // Older entries name no tier.
    if ((metadata["plane_id"] ?? plane_id) === plane_id) found = line;
  }
  return found;
}
