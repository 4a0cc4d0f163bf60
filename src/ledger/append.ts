/**
 * Adds entries to a stream. An entry is acknowledged when the promise resolves: its line is on disk, chained to the
 * line before it. Any number of processes may append at once, in TypeScript or Python.
 */
import type { NewLedgerEntry } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { findEarlier } from "./earlier-entries.ts";
import { forgetEnd, keyOf } from "./known-end.ts";
import { giveTurn, isAlone, noteAnswered, noteAtOnce, noteLocked } from "./lone-writer.ts";
import { checkedBody, type EntryBody } from "./new-line.ts";
import { lockedAtOnce, whileLocked } from "./stream-lock.ts";
import type { StreamRef } from "./stream-ref.ts";
import { type Appended, faultOf, type Group, type LedgerEffects, writeBatch } from "./write-batch.ts";

export interface AppendOptions {
  /** How long to wait for another writer; default 30,000. */
  readonly wait_ms?: number;
}

/**
 * Appends a group: all entries in one write, or none.
 * @throws LEDGER_ENTRY_INVALID, LEDGER_ENTRY_TOO_LARGE, LEDGER_BUSY, LEDGER_LOCK_UNUSABLE, LEDGER_DAMAGED,
 * LEDGER_READ_ONLY, LEDGER_DISK_FULL, LEDGER_IO; after any of them nothing of the group is acknowledged.
 */
export function appendEntries(
  effects: LedgerEffects,
  stream: StreamRef,
  entries: readonly NewLedgerEntry[],
  options: AppendOptions = {},
): Promise<Appended> {
  // An async function would take its caller three more turns of promises for each entry.
  try {
    const bodies = entries.map((entry) => checkedBody(entry, stream.name));
    return appendBodies(effects, stream, bodies, options);
  } catch (fault) {
    return Promise.reject(fault);
  }
}

/**
 * Appends a group at most once, for work that may be repeated after a crash. Entry i gets
 * `metadata.dedupe_key = "<key>/<i>"`; one that is already among the newest 10,000 lines is not written again.
 * `since_ms`: when the work first began; the search stops an hour before it.
 * @throws as {@link appendEntries}.
 */
export async function appendOnce(
  effects: LedgerEffects,
  stream: StreamRef,
  entries: readonly NewLedgerEntry[],
  key: string,
  options: AppendOptions & { readonly since_ms?: number } = {},
): Promise<Appended> {
  const bodies = entries.map((entry, index) => {
    const metadata = { ...entry.metadata, dedupe_key: `${key}/${index}` };
    return checkedBody({ ...entry, metadata }, stream.name);
  });
  const wanted = new Set(bodies.map((_body, index) => `${key}/${index}`));
  return appendBodies(effects, stream, bodies, options, (end) =>
    findEarlier(effects.fs, stream, { end, wanted, since_ms: options.since_ms ?? 0 }),
  );
}

/** A group that waits for its turn. */
interface Waiting extends Group {
  readonly wait_ms: number;
}

/** Groups that wait, by stream: whoever gets the lock writes all of them with one sync. */
const queues = new WeakMap<FileSystem, Map<string, Waiting[]>>();
/** Entries that one sync acknowledges at most. */
const BATCH_ENTRIES_MAX = 4096;

function appendBodies(
  effects: LedgerEffects,
  stream: StreamRef,
  bodies: readonly EntryBody[],
  options: AppendOptions,
  earlierBefore?: Group["earlierBefore"],
): Promise<Appended> {
  if (bodies.length === 0) return Promise.resolve({ entries: [], appended_count: 0 });
  const streams = queues.get(effects.fs) ?? new Map<string, Waiting[]>();
  queues.set(effects.fs, streams);
  const queue = streams.get(keyOf(stream));
  if ((queue?.length ?? 0) === 0 && isAlone(effects, stream)) {
    const appended = writeAtOnce(effects, stream, bodies, earlierBefore);
    if (appended !== undefined) return Promise.resolve(appended);
  }
  const done = Promise.withResolvers<Appended>();
  const group = { bodies, wait_ms: options.wait_ms ?? 30_000, earlierBefore, done };
  if (queue !== undefined) queue.push(group);
  else {
    streams.set(keyOf(stream), [group]);
    void writeQueue(effects, stream, streams);
  }
  return done.promise;
}

/**
 * Without giving anything else a turn, for whoever appends again and again with nobody beside: a turn for each append costs
 * more than all of it but the sync. Undefined when the lock is not to be had, and nothing is done.
 */
function writeAtOnce(
  effects: LedgerEffects,
  stream: StreamRef,
  bodies: readonly EntryBody[],
  earlierBefore: Group["earlierBefore"],
): Appended | undefined {
  let appended: Appended | undefined;
  let fault: unknown;
  const done = {
    resolve: (told: Appended): void => {
      appended = told;
    },
    reject: (why: unknown): void => {
      fault = why;
    },
  };
  try {
    const work = (): void => writeBatch(effects, stream, [{ bodies, earlierBefore, done }]);
    noteAtOnce(effects, stream);
    if (!lockedAtOnce(effects, stream, work)) return undefined;
    noteAnswered(effects, stream, 1);
  } catch (error) {
    forgetEnd(effects.fs, stream);
    fault ??= faultOf(error, stream);
  }
  if (appended === undefined) throw fault;
  return appended;
}

/** Runs until nobody waits for this stream any more. Never throws: each group learns its own end. */
async function writeQueue(
  effects: LedgerEffects,
  stream: StreamRef,
  streams: Map<string, Waiting[]>,
): Promise<void> {
  for (;;) {
    const queue = streams.get(keyOf(stream)) ?? [];
    const wait_ms = queue[0]?.wait_ms;
    if (wait_ms === undefined) break;
    let batch: Waiting[] = [];
    try {
      // Whoever asks at the same moment is among them.
      if (queue.length > 1 || !isAlone(effects, stream)) await giveTurn(effects, stream, queue.length);
      const asked_ms = effects.clock.elapsed_ms();
      await whileLocked(effects, stream, wait_ms, () => {
        noteLocked(effects, stream, asked_ms);
        // Taken only now, so that those who came while another writer held the lock are among them.
        batch = takeBatch(queue, wait_ms);
        writeBatch(effects, stream, batch);
        // Before anyone goes on with an answer: who asks again at once is known by it.
        noteAnswered(effects, stream, batch.length);
      });
    } catch (error) {
      forgetEnd(effects.fs, stream);
      if (batch.length === 0) batch = takeBatch(queue, wait_ms);
      const fault = faultOf(error, stream);
      for (const { done } of batch) done.reject(fault);
    }
  }
  streams.delete(keyOf(stream));
}

/** The first of those who wait, as many as agree on how long to. */
function takeBatch(queue: Waiting[], wait_ms: number): Waiting[] {
  let count = 0;
  let entries = 0;
  for (const group of queue) {
    entries += group.bodies.length;
    if (group.wait_ms !== wait_ms || (count > 0 && entries > BATCH_ENTRIES_MAX)) break;
    count++;
  }
  return queue.splice(0, count);
}
