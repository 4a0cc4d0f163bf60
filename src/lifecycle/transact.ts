/** The one way the lifecycle changes a plane: files, registries, generation and ledger in one journalled transaction. */
import type { RegistryName, Row } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { followOwnership, type OwnershipChange } from "../index-db/index.ts";
import {
  type About,
  type FollowUp,
  type Notes,
  type PhaseTime,
  retireTransaction,
  Transaction,
} from "../journal/index.ts";
import { appendEntries } from "../ledger/index.ts";
import {
  appendFollowUps,
  GENERATION_PATH,
  generationBytes,
  planeStream,
  readGeneration,
  registriesAfter,
  registryPath,
  type WriteSession,
} from "../plane/index.ts";
import { rewriteRegistry } from "../registry/index.ts";
import { collectEnvironments } from "./collect-environments.ts";
import { collectGenerations } from "./collect-generations.ts";
import { make } from "./faults.ts";
import { giveUp } from "./give-up.ts";
import { undoNotes } from "./undo-notes.ts";

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
  /** Announced in place of one entry for the whole operation. */
  readonly started?: readonly LedgerNote[];
  /** What a later rollback or `pkg history` wants to know; `undo-notes.ts` adds what an undo of simple changes needs. */
  readonly notes?: Notes;
  /** Digests (bare hex) of registries that come back whole, among the files planned. */
  readonly registry_digests?: Readonly<Partial<Record<RegistryName, string>>>;
  /** Runs with the files in place, before the commit; what it throws undoes the change. */
  readonly check?: { readonly phase: string; readonly run: () => Promise<void> } | undefined;
  /** Puts in place what belongs to the change and can be made again at any time; runs once it is committed, never fails it. */
  readonly onCommitted?: (() => void) | undefined;
}

export interface Committed {
  readonly transaction_id: string;
  readonly generation: number;
  readonly timeline: readonly PhaseTime[];
}

/** Sorted registries are those people read by path. */
const INSERT: Partial<Record<RegistryName, "sorted">> = { file_ownership: "sorted" };

/**
 * Runs one transaction. `plan` stages files and says what else changes; nothing of the plane is touched before it returns.
 * @param prepared one that was prepared before the plane was locked
 * @throws TRANSACTION_FAILED (exit 6), INTERRUPTED (130), UNDO_FAILED (4); a Fault thrown while planning keeps its own code
 */
export async function transact<T>(
  effects: Effects,
  session: WriteSession,
  about: About,
  plan: (transaction: Transaction) => Promise<Conclusion<T>>,
  prepared?: Transaction,
): Promise<T & Committed> {
  const { plane } = session;
  const generation = session.generation + 1;
  const transaction = prepared ?? Transaction.begin(effects, plane.root, about);
  let conclusion: Conclusion<T>;
  let ownership: OwnershipChange | undefined;
  try {
    prepared?.enterPlane();
    conclusion = await plan(transaction);
    await announce(effects, session, about, transaction, conclusion);
    transaction.enterPhase("activate");
    ownership = planRegistries(effects, transaction, plane.root, conclusion, generation);
    await transaction.activate(undoNotes(effects, transaction, conclusion.notes));
    if (conclusion.check !== undefined) {
      transaction.enterPhase(conclusion.check.phase);
      await conclusion.check.run();
      effects.signal.throwIfAborted();
    }
    transaction.enterPhase("commit");
  } catch (error) {
    // Until it lies in the plane the caller answers for it.
    if (prepared?.is_in_plane === false) throw error;
    throw await giveUp(effects, plane, about, transaction, error);
  }
  const timeline = transaction.timeline();
  const entries = keyed(transaction, conclusion.entries, timeline);
  commitOnce(transaction, generation, entries);
  conclusion.onCommitted?.();
  if (ownership !== undefined) followOwnership(effects, plane.root, ownership);
  await settle(effects, session, transaction, generation, entries);
  return { ...conclusion.result, transaction_id: transaction.id, generation, timeline };
}

/** Every stream that will owe an entry takes one now: a ledger that cannot is found before anything is touched. */
async function announce(
  effects: Effects,
  { plane }: WriteSession,
  about: About,
  transaction: Transaction,
  { entries, started }: Conclusion<unknown>,
): Promise<void> {
  const { operation, subject, user } = about;
  const reason = `${operation} ${subject}`.slice(0, 300).toWellFormed();
  for (const stream of new Set(entries.map((entry) => entry.stream))) {
    const own = (started ?? []).filter((entry) => entry.stream === stream);
    const one = {
      event_type: `${operation.toUpperCase()}_STARTED`,
      submission_id: subject.slice(0, 256),
      decision: "STARTED",
      reason,
      metadata: { user },
    };
    await appendEntries(
      effects,
      planeStream(plane, stream),
      (own.length > 0 ? own : [one]).map(
        ({ event_type, submission_id, decision, reason: why, metadata }) => ({
          event_type,
          submission_id,
          decision,
          reason: why,
          metadata: { ...metadata, transaction_id: transaction.id } as never,
        }),
      ),
    );
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
  generation: number,
  entries: readonly FollowUp[],
): Promise<void> {
  const { plane } = session;
  try {
    await appendFollowUps(effects, plane, entries);
    retireTransaction(effects.fs, plane.root, transaction.site.directory, generation);
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
  collectGenerations(effects, plane);
  await collectEnvironments(effects, plane);
}

function keyed(
  transaction: Transaction,
  entries: readonly LedgerNote[],
  timeline: readonly PhaseTime[],
): FollowUp[] {
  return entries.map((entry, index) => ({
    ...entry,
    metadata: { ...entry.metadata, transaction_id: transaction.id, timeline },
    dedupe_key: `${transaction.id}:${index}`,
  }));
}

/** @returns what happens to the ownership of paths, for the index to follow */
function planRegistries(
  effects: Effects,
  transaction: Transaction,
  root: string,
  { registries: changes, registry_digests = {} }: Conclusion<unknown>,
  generation: number,
): OwnershipChange | undefined {
  const { fs } = effects;
  let ownership: OwnershipChange | undefined;
  const scratch = transaction.makeScratch("registries");
  const digests: Record<string, string> = { ...registry_digests };
  for (const { name, upsert, remove } of changes) {
    if (upsert.length === 0 && remove.length === 0) continue;
    const from = `${root}/${registryPath(name)}`;
    const to = `${scratch}/${name}.csv`;
    const done = rewriteRegistry(fs, { name, from, to, upsert, remove, insert: INSERT[name] ?? "end" });
    if (done.inserted + done.updated + done.removed === 0) continue;
    const before = fs.stat(from);
    fs.setMode(to, before?.mode ?? 0o644);
    digests[name] = done.sha256;
    if (name === "file_ownership" && before !== undefined) {
      const before_digest = readGeneration(fs, root)?.registries[name];
      ownership = { before, before_digest, after_digest: done.sha256, upsert, remove };
    }
    transaction.put(registryPath(name), { file: to });
  }
  const registries = registriesAfter(effects, root, digests);
  const bytes = generationBytes({ generation, transaction_id: transaction.id, registries });
  transaction.put(GENERATION_PATH, { bytes, mode: 0o644 });
  return ownership;
}
