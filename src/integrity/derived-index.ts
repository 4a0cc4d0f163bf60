/** The index is derived and may be behind; it may not say something else than the files it was made of. */
import type { LedgerState } from "../contracts/index.ts";
import { type Divergence, type IndexEffects, indexDivergence, streamDivergence } from "../index-db/index.ts";
import type { InstalledHead } from "../receipts/index.ts";
import type { Outcome } from "./outcome.ts";
import { shown } from "./shown.ts";

export function judgeIndex(
  effects: IndexEffects,
  root: string,
  installed: readonly InstalledHead[],
  outcome: Outcome,
): void {
  report(indexDivergence(effects, root, installed), outcome);
}

/** The same of ledgers, when they are verified. */
export function judgeIndexedStreams(
  effects: IndexEffects,
  root: string,
  ledger: readonly LedgerState[],
  outcome: Outcome,
): void {
  report(streamDivergence(effects, root, ledger), outcome);
}

function report(divergences: readonly Divergence[], outcome: Outcome): void {
  for (const { source, difference } of divergences) {
    const message = `the index takes itself for current with ${source}, and ${shown(difference)}`;
    outcome.find("INDEX_DIVERGED", message, `Run "pkg rebuild-index".`, { path: source });
  }
}
