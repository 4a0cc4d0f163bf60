/** The index is derived and may be behind; it may not say something else than the files it was made of. */
import type { LedgerState } from "../contracts/index.ts";
import { type IndexEffects, indexDivergence } from "../index-db/index.ts";
import type { InstalledHead } from "../receipts/index.ts";
import type { Outcome } from "./outcome.ts";
import { shown } from "./shown.ts";

export function judgeIndex(
  effects: IndexEffects,
  root: string,
  installed: readonly InstalledHead[],
  ledger: readonly LedgerState[],
  outcome: Outcome,
): void {
  for (const { source, difference } of indexDivergence(effects, root, installed, ledger)) {
    const message = `the index takes itself for current with ${source}, and ${shown(difference)}`;
    outcome.find("INDEX_DIVERGED", message, `Run "pkg rebuild-index".`, { path: source });
  }
}
