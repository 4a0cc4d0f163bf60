import type { NewLedgerEntry, PlaneTier } from "../contracts/index.ts";

/** First entry of a tier's stream. A lower tier names the last hash of the stream above it, so their order is fixed. */
export function genesisEntry(about: {
  tier: PlaneTier;
  parent?: { stream: string; entry_hash: string };
}): NewLedgerEntry {
  const { tier, parent } = about;
  return {
    event_type: "GENESIS",
    submission_id: `GENESIS-${tier.toUpperCase()}`,
    decision: "GENESIS",
    reason: `start of the ${tier} ledger`,
    metadata:
      parent === undefined
        ? { tier, parent_hash: "" }
        : { tier, parent_ledger: parent.stream, parent_hash: parent.entry_hash },
  };
}
