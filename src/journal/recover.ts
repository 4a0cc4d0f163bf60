/** Finishes or undoes what an earlier process left. Call under the plane lock. Needs no token: it completes an authorised change. */

import { checkEntryPath } from "../archive/index.ts";
import type { Effects } from "../effects/index.ts";
import { applyChanges, type Site, syncTouched, undoChanges } from "./apply.ts";
import { make } from "./faults.ts";
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
  return fs
    .list(directory)
    .filter(({ name, kind }) => kind === "directory" && name.startsWith("TX-"))
    .map(({ name }) => name);
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
    transaction_id: begun?.transaction_id ?? nameOf(directory),
    operation: begun?.operation ?? "unknown",
    subject: begun?.subject ?? "",
  };
  const committed = commitOf(records);
  const planned = records.find((record) => record.state === "planned");
  // A plan counts only once `planned` is durable: before that nothing was touched. What lies in a folder is not trusted to
  // stay inside the plane: this runs without a token.
  const changes = planned === undefined ? [] : readLines<Change>(fs, `${directory}/changes.jsonl`);
  for (const change of changes) requireInside(fs, site, change.path);
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

/** The commit record, unless an undo came after it. */
function commitOf(
  records: readonly JournalRecord[],
): Extract<JournalRecord, { state: "committed" }> | undefined {
  const ended = records.findLast((record) => record.state === "committed" || record.state === "undone");
  return ended?.state === "committed" ? ended : undefined;
}

const nameOf = (directory: string): string => directory.slice(directory.lastIndexOf("/") + 1);

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

/** @throws JOURNAL_DAMAGED for a path that leaves the plane, by name or through a link */
function requireInside(fs: Effects["fs"], { root, directory }: Site, path: string): void {
  let problem = typeof path === "string" ? checkEntryPath(path)?.message : "a change names no path";
  const segments = problem === undefined ? path.split("/").slice(0, -1) : [];
  let folder = root;
  for (const segment of segments) {
    folder += `/${segment}`;
    if (fs.stat(folder)?.kind === "symlink") problem = `${folder} is a link`;
  }
  if (problem !== undefined) {
    throw make("JOURNAL_DAMAGED", `${directory} plans a change outside the plane: ${problem}`, {
      path: directory,
      problem,
    });
  }
}
