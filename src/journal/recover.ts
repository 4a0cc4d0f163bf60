/** Finishes or undoes what an earlier process left. Call under the plane lock. Needs no token: it completes an authorised change. */
import type { Effects } from "../effects/index.ts";
import { applyChanges, syncTouched, undoChanges } from "./apply.ts";
import { appendLines, readLines } from "./log.ts";
import type { Begun, Change, FollowUp, JournalRecord } from "./records.ts";
import { removeTransaction, transactionsDirectory } from "./transaction.ts";

export interface Recovered {
  readonly transaction_id: string;
  readonly operation: string;
  readonly subject: string;
  readonly outcome: "redone" | "undone" | "cleaned";
}

/** Ids of transactions whose folder is still there. */
export function pendingTransactions({ fs }: Pick<Effects, "fs">, root: string): string[] {
  const directory = transactionsDirectory(root);
  if (fs.stat(directory) === undefined) return [];
  return fs.list(directory).map((entry) => entry.name);
}

/**
 * @param report appends the ledger entries a finished or undone transaction owes, idempotently.
 * @throws JOURNAL_DAMAGED; errors of the file system as they are
 */
export async function recover(
  effects: Pick<Effects, "fs" | "clock">,
  root: string,
  report: (follow_ups: readonly FollowUp[]) => Promise<void>,
): Promise<Recovered[]> {
  const recovered: Recovered[] = [];
  for (const id of pendingTransactions(effects, root)) {
    recovered.push(await recoverOne(effects, root, `${transactionsDirectory(root)}/${id}`, report));
  }
  return recovered;
}

async function recoverOne(
  effects: Pick<Effects, "fs" | "clock">,
  root: string,
  directory: string,
  report: (follow_ups: readonly FollowUp[]) => Promise<void>,
): Promise<Recovered> {
  const { fs } = effects;
  const site = { root, directory };
  const records = readLines<JournalRecord>(fs, `${directory}/journal.jsonl`);
  const begun = records.find((record): record is Begun => record.state === "begun");
  const about = {
    transaction_id: begun?.transaction_id ?? directory.slice(directory.lastIndexOf("/") + 1),
    operation: begun?.operation ?? "unknown",
    subject: begun?.subject ?? "",
  };
  const committed = records.find((record) => record.state === "committed");
  const planned = records.find((record) => record.state === "planned");
  // A plan counts only once `planned` is durable: before that nothing was touched.
  const changes = planned === undefined ? [] : readLines<Change>(fs, `${directory}/changes.jsonl`);
  let outcome: Recovered["outcome"] = "cleaned";
  if (committed !== undefined) {
    await applyChanges(effects, site, changes);
    syncTouched(fs, site, changes);
    await report(committed.follow_ups);
    outcome = "redone";
  } else if (begun !== undefined) {
    const undone = records.find((record) => record.state === "undone");
    undoChanges(fs, site, changes);
    syncTouched(fs, site, changes);
    const follow_ups = undone?.follow_ups ?? [undoneEntry(begun)];
    if (undone === undefined) {
      appendLines(fs, `${directory}/journal.jsonl`, [{ state: "undone", reason: "interrupted", follow_ups }]);
    }
    await report(follow_ups);
    outcome = "undone";
  }
  removeTransaction(effects, directory);
  return { ...about, outcome };
}

function undoneEntry(begun: Begun): FollowUp {
  return {
    stream: "ledger/packages.jsonl",
    dedupe_key: `${begun.transaction_id}:undone`,
    event_type: "TRANSACTION_UNDONE",
    submission_id: begun.subject,
    decision: "UNDONE",
    reason: `${begun.operation} was interrupted and undone by recovery`,
    metadata: { transaction_id: begun.transaction_id, operation: begun.operation, user: begun.user },
  };
}
