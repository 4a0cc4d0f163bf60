/** The one way the lifecycle changes a plane: files, registries, generation and ledger in one journalled transaction. */
import type { RegistryName, Row } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { type FollowUp, removeTransaction, Transaction } from "../journal/index.ts";
import { Fault } from "../kernel/index.ts";
import { appendEntries } from "../ledger/index.ts";
import {
  appendFollowUps,
  digestOf,
  GENERATION_PATH,
  generationBytes,
  PACKAGES_STREAM,
  planeStream,
  registriesAfter,
  registryPath,
  type WriteSession,
} from "../plane/index.ts";
import { rewriteRegistry } from "../registry/index.ts";
import { make } from "./faults.ts";

export interface RegistryChange {
  readonly name: RegistryName;
  readonly upsert: readonly Row[];
  readonly remove: readonly (readonly string[])[];
}

export type LedgerNote = Omit<FollowUp, "dedupe_key">;

/** What is still to be written once files are planned. */
export interface Conclusion<T> {
  readonly registries: readonly RegistryChange[];
  /** Appended after the commit; `dedupe_key` is derived from the transaction. */
  readonly entries: readonly LedgerNote[];
  readonly result: T;
}

export interface About {
  readonly operation: string;
  readonly subject: string;
  readonly user: string;
}

/** Sorted registries are those people read by path. */
const INSERT: Partial<Record<RegistryName, "sorted">> = { file_ownership: "sorted" };

/**
 * Runs one transaction. `plan` stages files and says what else changes; nothing of the plane is touched before it returns.
 * @throws TRANSACTION_FAILED (exit 6), INTERRUPTED (130), UNDO_FAILED (4); a Fault thrown while planning keeps its own code
 */
export async function transact<T>(
  effects: Effects,
  session: WriteSession,
  about: About,
  plan: (transaction: Transaction) => Promise<Conclusion<T>>,
): Promise<T & { transaction_id: string; generation: number }> {
  const { plane } = session;
  const generation = session.generation + 1;
  const transaction = Transaction.begin(effects, plane.root, about);
  let conclusion: Conclusion<T>;
  try {
    conclusion = await plan(transaction);
    await announce(effects, session, about, transaction, conclusion.entries);
    transaction.enterPhase("activate");
    planRegistries(effects, transaction, plane.root, conclusion.registries, generation);
    await transaction.activate();
    transaction.enterPhase("commit");
  } catch (error) {
    throw await undo(effects, session, about, transaction, error);
  }
  commitOnce(transaction, generation, keyed(transaction, conclusion.entries));
  await settle(effects, session, transaction, keyed(transaction, conclusion.entries));
  return { ...conclusion.result, transaction_id: transaction.id, generation };
}

/** Every stream that will owe an entry takes one now: a ledger that cannot is found before anything is touched. */
async function announce(
  effects: Effects,
  { plane }: WriteSession,
  about: About,
  transaction: Transaction,
  entries: readonly LedgerNote[],
): Promise<void> {
  const streams = [...new Set(entries.map(({ stream }) => stream))];
  // An install has announced each package by itself.
  for (const name of about.operation === "install" ? [] : streams) {
    await appendEntries(effects, planeStream(plane, name), [
      {
        event_type: `${about.operation.toUpperCase()}_STARTED`,
        submission_id: about.subject,
        decision: "STARTED",
        reason: `${about.operation} ${about.subject}`.slice(0, 300).toWellFormed(),
        metadata: { transaction_id: transaction.id, user: about.user },
      },
    ]);
  }
}

/** Once the commit record was tried it may be on disk, so nothing here undoes any more: recovery reads what is there. */
function commitOnce(transaction: Transaction, generation: number, entries: readonly FollowUp[]): void {
  try {
    transaction.commit(generation, entries);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const { id: transaction_id } = transaction;
    throw make(
      "COMMIT_UNCERTAIN",
      `the commit could not be confirmed: ${problem}`,
      { transaction_id, problem },
      error,
    );
  }
}

/** After the commit point nothing is undone any more: what cannot be recorded now is recorded by recovery. */
async function settle(
  effects: Effects,
  session: WriteSession,
  transaction: Transaction,
  entries: readonly FollowUp[],
): Promise<void> {
  try {
    await appendFollowUps(effects, session.plane, entries);
    removeTransaction(effects, transaction.site.directory);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const { id: transaction_id } = transaction;
    throw make(
      "COMMITTED_UNRECORDED",
      `the change is made, but its ledger entry is not written yet: ${problem}`,
      { transaction_id, problem },
      error,
    );
  }
}

function keyed(transaction: Transaction, entries: readonly LedgerNote[]): FollowUp[] {
  return entries.map((entry, index) => ({
    ...entry,
    metadata: { ...entry.metadata, transaction_id: transaction.id },
    dedupe_key: `${transaction.id}:${index}`,
  }));
}

function planRegistries(
  effects: Effects,
  transaction: Transaction,
  root: string,
  changes: readonly RegistryChange[],
  generation: number,
): void {
  const { fs } = effects;
  const scratch = transaction.makeScratch("registries");
  const digests: Record<string, string> = {};
  for (const { name, upsert, remove } of changes) {
    if (upsert.length === 0 && remove.length === 0) continue;
    const from = `${root}/${registryPath(name)}`;
    const to = `${scratch}/${name}.csv`;
    const done = rewriteRegistry(fs, { name, from, to, upsert, remove, insert: INSERT[name] ?? "end" });
    if (done.inserted + done.updated + done.removed === 0) continue;
    fs.setMode(to, fs.stat(from)?.mode ?? 0o644);
    digests[name] = digestOf(fs, to) ?? "";
    transaction.put(registryPath(name), { file: to });
  }
  const registries = registriesAfter(effects, root, digests);
  const bytes = generationBytes({ generation, transaction_id: transaction.id, registries });
  transaction.put(GENERATION_PATH, { bytes, mode: 0o644 });
}

async function undo(
  effects: Effects,
  session: WriteSession,
  about: About,
  transaction: Transaction,
  error: unknown,
): Promise<Fault> {
  // A refusal while planning touched nothing: the folder goes, and the refusal keeps its own code.
  const refused =
    error instanceof Fault &&
    (transaction.phase === "begun" || error.exit_code !== 5) &&
    !isActive(transaction);
  const fault = refused ? error : transaction.failure(error);
  const entry: FollowUp = {
    stream: PACKAGES_STREAM,
    dedupe_key: `${transaction.id}:undone`,
    event_type: "ROLLED_BACK",
    submission_id: about.subject,
    decision: "ROLLED_BACK",
    reason: `${about.operation} was undone in ${transaction.phase}: ${fault.message}`
      .slice(0, 2000)
      .toWellFormed(),
    metadata: {
      transaction_id: transaction.id,
      operation: about.operation,
      phase: transaction.phase,
      code: fault.code,
      user: about.user,
    },
  };
  transaction.abort(fault.message, [entry]);
  try {
    await appendFollowUps(effects, session.plane, [entry]);
    removeTransaction(effects, transaction.site.directory);
  } catch {
    // Left for recovery, which appends the entry and removes the folder when the disk allows it.
  }
  return fault;
}

const isActive = (transaction: Transaction): boolean =>
  transaction.phase === "activate" || transaction.phase === "commit";
