/** Finishes or undoes what an earlier process left. Call under the plane lock. Needs no token: it completes an authorised change. */

import type { Effects } from "../effects/index.ts";
import { applyChanges, compareWithBefore, type Site, syncTouched, undoChanges } from "./apply.ts";
import { attemptedFields } from "./attempted.ts";
import { make } from "./faults.ts";
import { requireInside } from "./inside.ts";
import { retireTransaction } from "./kept.ts";
import { appendLines, readLines } from "./log.ts";
import { OWNER_LOCK, preparingDirectory, removeTransaction, transactionsDirectory } from "./places.ts";
import type { AttemptedPackage, Begun, Change, FollowUp, JournalRecord } from "./records.ts";

export interface Recovered {
  readonly transaction_id: string;
  readonly operation: string;
  readonly subject: string;
  /** The phase it had reached. */
  readonly phase: string;
  readonly outcome: "redone" | "undone" | "cleaned";
}

type Needs = Pick<Effects, "fs" | "clock" | "locks">;
/** From making its folder to locking it no owner takes longer. */
const LOCKING_MS = 60_000;

type Report = (follow_ups: readonly FollowUp[]) => Promise<void>;

/** Ids of transactions whose folder is still there. */
export const pendingTransactions = ({ fs }: Pick<Effects, "fs">, root: string): string[] =>
  transactionsIn(fs, transactionsDirectory(root));

/** Ids of transactions that some process prepares, or did until it died. */
export const preparingTransactions = ({ fs }: Pick<Effects, "fs">, root: string): string[] =>
  transactionsIn(fs, preparingDirectory(root));

function transactionsIn(fs: Effects["fs"], directory: string): string[] {
  if (fs.stat(directory) === undefined) return [];
  return fs
    .list(directory)
    .filter(({ name, kind }) => kind === "directory" && name.startsWith("TX-"))
    .map(({ name }) => name);
}

/**
 * @param report appends the ledger entries a finished or undone transaction owes, idempotently.
 * @throws JOURNAL_DAMAGED, UNDO_DIFFERS; errors of the file system as they are
 */
export async function recover(effects: Needs, root: string, report: Report): Promise<Recovered[]> {
  const recovered: Recovered[] = [];
  for (const id of pendingTransactions(effects, root))
    recovered.push(await recoverOne(effects, root, `${transactionsDirectory(root)}/${id}`, report));
  for (const id of preparingTransactions(effects, root)) {
    const one = await sweepOne(effects, root, `${preparingDirectory(root)}/${id}`, report);
    if (one !== undefined) recovered.push(one);
  }
  return recovered;
}

/** Undefined when its owner lives. */
async function sweepOne(
  effects: Needs,
  root: string,
  directory: string,
  report: Report,
): Promise<Recovered | undefined> {
  const { fs } = effects;
  const lock = `${directory}/${OWNER_LOCK}`;
  const has_lock = fs.stat(lock) !== undefined;
  const made_ms = Number((fs.stat(directory)?.mtime_ns ?? 0n) / 1_000_000n);
  // Its owner may be about to lock it.
  if (!has_lock && effects.clock.now_ms() - made_ms < LOCKING_MS) return undefined;
  let owner: { release(): void } | undefined = { release: () => undefined };
  try {
    if (has_lock) owner = await effects.locks.acquire(lock, { wait_ms: 0 });
  } catch (error) {
    // Its owner took the folder away in the meantime.
    if (fs.stat(lock) !== undefined) throw error;
    return undefined;
  }
  if (owner === undefined) return undefined;
  if (has_lock && fs.stat(lock) === undefined) {
    owner.release();
    return undefined;
  }
  try {
    return await recoverOne(effects, root, directory, report);
  } finally {
    owner.release();
  }
}

async function recoverOne(
  effects: Needs,
  root: string,
  directory: string,
  report: Report,
): Promise<Recovered> {
  const { fs } = effects;
  const site = { root, directory };
  const journal = `${directory}/journal.jsonl`;
  // What its writer was killed before syncing may be read now and be gone after a power cut: it is made durable first.
  if (fs.stat(journal) !== undefined) await fs.syncFiles([journal]);
  const records = readLines<JournalRecord>(fs, journal);
  const begun = records.find((record): record is Begun => record.state === "begun");
  const phase = records.findLast((record) => record.state === "phase")?.phase ?? "begun";
  const about = {
    transaction_id: begun?.transaction_id ?? nameOf(directory),
    operation: begun?.operation ?? "unknown",
    subject: begun?.subject ?? "",
    phase,
  };
  const committed = commitOf(records);
  const planned = records.find((record) => record.state === "planned");
  // A plan counts only once `planned` is durable: before that nothing was touched. What lies in a folder is not trusted to
  // stay inside the plane: this runs without a token.
  const changes = planned === undefined ? [] : readLines<Change>(fs, `${directory}/changes.jsonl`);
  for (const change of changes) requireInside(fs, site, change);
  if (committed !== undefined) {
    await applyChanges(effects, site, changes);
    syncTouched(fs, site, changes);
    await report(committed.follow_ups);
    retire(fs, site, about.transaction_id, committed.generation);
    return { ...about, outcome: "redone" };
  }
  if (begun !== undefined) await undoOne(effects, site, { records, changes, begun, phase }, report);
  removeTransaction(effects, directory);
  return { ...about, outcome: begun === undefined ? "cleaned" : "undone" };
}

/** All is made and recorded by now: who only reads need not wait for this. @throws RETIRE_FAILED */
function retire(
  fs: Needs["fs"],
  { root, directory }: Site,
  transaction_id: string,
  generation: number,
): void {
  try {
    retireTransaction(fs, root, directory, generation);
  } catch (error) {
    // Only what the operating system refuses; anything else is told as it is.
    if (!(error instanceof Error) || typeof (error as { code?: unknown }).code !== "string") throw error;
    const problem = error.message;
    throw make(
      "RETIRE_FAILED",
      `the change ${transaction_id} is made and recorded, but its folder cannot be put away: ${problem}`,
      { transaction_id, path: directory, problem },
      error,
    );
  }
}

async function undoOne(
  { fs }: Needs,
  site: Site,
  {
    records,
    changes,
    begun,
    phase,
  }: {
    readonly records: readonly JournalRecord[];
    readonly changes: readonly Change[];
    readonly begun: Begun;
    readonly phase: string;
  },
  report: Report,
): Promise<void> {
  const undone = records.find((record) => record.state === "undone");
  undoChanges(fs, site, changes);
  syncTouched(fs, site, changes);
  const { checked, different } = compareWithBefore(fs, site, changes);
  const follow_ups = undone?.follow_ups ?? [
    undoneEntry(begun, { phase, attempted: attemptedIn(records) }, checked, different),
  ];
  if (undone === undefined)
    appendLines(fs, `${site.directory}/journal.jsonl`, [
      { state: "undone", reason: "interrupted", follow_ups },
    ]);
  await report(follow_ups);
}

/** The commit record, unless an undo came after it. */
function commitOf(
  records: readonly JournalRecord[],
): Extract<JournalRecord, { state: "committed" }> | undefined {
  const ended = records.findLast((record) => record.state === "committed" || record.state === "undone");
  return ended?.state === "committed" ? ended : undefined;
}

const nameOf = (directory: string): string => directory.slice(directory.lastIndexOf("/") + 1);

const attemptedIn = (records: readonly JournalRecord[]): readonly AttemptedPackage[] =>
  records
    .flatMap((record) => (record.state === "phase" ? [record.attempted ?? []] : []))
    .findLast((one) => one.length > 0) ?? [];

function undoneEntry(
  begun: Begun,
  { phase, attempted }: { readonly phase: string; readonly attempted: readonly AttemptedPackage[] },
  checked: number,
  different: readonly string[],
): FollowUp {
  const { transaction_id, operation, subject, user } = begun;
  return {
    stream: "ledger/packages.jsonl",
    dedupe_key: `${transaction_id}:undone`,
    event_type: "ROLLED_BACK",
    submission_id: subject,
    decision: "ROLLED_BACK",
    reason: `${operation} was interrupted in ${phase} and undone by recovery`,
    metadata: {
      transaction_id,
      operation,
      phase,
      code: "INTERRUPTED",
      ...attemptedFields(attempted),
      user,
      paths_compared: checked,
      paths_different: different.slice(0, 20),
    },
  };
}
