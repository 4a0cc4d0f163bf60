import type { NewLedgerEntry, PlaneTier } from "../contracts/index.ts";

/** Where a stream stood when another named it. */
export interface NamedHead {
  readonly stream: string;
  readonly entry_hash: string;
  /** How many entries it had, the named one included; unknown to older writers. */
  readonly entries?: number;
}

/** First entry of a stream. It names the head of the stream above it, so their order is fixed. */
export function genesisEntry(about: {
  tier: PlaneTier;
  parent?: NamedHead;
  /** Name of the stream, where it is not the tier's own. */
  stream?: string;
}): NewLedgerEntry {
  const { tier, parent, stream } = about;
  return {
    event_type: "GENESIS",
    submission_id: `GENESIS-${tier.toUpperCase()}`,
    decision: "GENESIS",
    reason: stream === undefined ? `start of the ${tier} ledger` : `start of ${stream}`,
    metadata:
      parent === undefined
        ? { tier, parent_hash: "" }
        : {
            tier,
            parent_ledger: parent.stream,
            parent_hash: parent.entry_hash,
            ...(parent.entries === undefined ? {} : { parent_entries: parent.entries }),
          },
  };
}
