import { defineFaults, kind } from "../kernel/index.ts";

export const {
  catalogue: receiptFaults,
  raise,
  make,
} = defineFaults({
  RECEIPT_DAMAGED: kind<{ path: string; problem: string }>(
    4,
    () => `Run "integrity-check --json" to see what else changed, then restore the file from a backup.`,
  ),
});
