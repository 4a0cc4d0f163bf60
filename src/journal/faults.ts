import { type Details, defineFaults, kind } from "../kernel/index.ts";

export const { catalogue: journalFaults, make } = defineFaults({
  JOURNAL_DAMAGED: kind<{ path: string; problem: string }>(
    4,
    (d) => `Keep a copy of ${d.path}, then run "pkg doctor" or restore the plane from a backup.`,
  ),
  UNDO_FAILED: kind<{ transaction_id: string; path: string; problem: string }>(
    4,
    () => `Mend the named path (space, permissions), then run any pkg command: it finishes the undo.`,
  ),
  UNDO_DIFFERS: kind<{ transaction_id: string; path: string; paths: readonly string[] }>(
    4,
    () => `Run "integrity-check" to see what differs, then "integrity-check --fix" to restore it.`,
  ),
  RETIRE_FAILED: kind<{ transaction_id: string; path: string; problem: string }>(
    5,
    () => `Mend the cause named above (space, permissions), then run "pkg doctor": it puts the folder away.`,
  ),
  TRANSACTION_FAILED: kind<
    Details & {
      transaction_id: string;
      phase: string;
      problem: string;
      cause_code: string;
      cause: (Details & { next_step: string }) | null;
    }
  >(
    6,
    (d) =>
      d.cause?.next_step ??
      `Mend the cause named above and run the same command again; nothing was changed, and "pkg doctor" shows what is left of it.`,
  ),
  INTERRUPTED: kind<{ transaction_id: string; phase: string }>(
    130,
    () => `Nothing was changed. Run the same command again.`,
  ),
});
