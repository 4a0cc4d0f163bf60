/**
 * Adds entries to a stream. An entry is acknowledged when the promise resolves: its line is on disk, chained to the
 * line before it. Any number of processes may append at once, in TypeScript or Python.
 */
import type { LedgerEntry, NewLedgerEntry } from "../contracts/index.ts";
import type { Effects, FileSystem, WriteHandle } from "../effects/index.ts";
import { type Earlier, findEarlier } from "./earlier-entries.ts";
import { raiseIo } from "./faults.ts";
import { writeHead } from "./head.ts";
import { forgetEnd, keyOf, rememberEnd, type StreamEnd } from "./known-end.ts";
import { checkedBody, type EntryBody, sealLine } from "./new-line.ts";
import { prepareEnd } from "./stream-end.ts";
import { whileLocked } from "./stream-lock.ts";
import type { StreamRef } from "./stream-ref.ts";
import { oweTree } from "./tiles-owed.ts";
import type { TornTail } from "./torn-tail.ts";

export type LedgerEffects = Pick<Effects, "fs" | "locks" | "clock" | "random">;

export interface AppendOptions {
  /** How long to wait for another writer; default 30,000. */
  readonly wait_ms?: number;
}

export interface Appended {
  /** One for each entry handed in, in order: as written now, or as found from an earlier attempt. */
  readonly entries: readonly LedgerEntry[];
  /** How many of them this call wrote. */
  readonly appended_count: number;
  readonly torn_tail?: TornTail;
}

/**
 * Appends a group: all entries in one write, or none.
 * @throws LEDGER_ENTRY_INVALID, LEDGER_ENTRY_TOO_LARGE, LEDGER_BUSY, LEDGER_LOCK_UNUSABLE, LEDGER_DAMAGED,
 * LEDGER_READ_ONLY, LEDGER_DISK_FULL, LEDGER_IO; after any of them nothing of the group is acknowledged.
 */
export async function appendEntries(
  effects: LedgerEffects,
  stream: StreamRef,
  entries: readonly NewLedgerEntry[],
  options: AppendOptions = {},
): Promise<Appended> {
  const bodies = entries.map((entry) => checkedBody(entry, stream.name));
  return appendBodies(effects, stream, bodies, options);
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

type EarlierBefore = (end: number) => Earlier;

/** A group that waits for its turn. */
interface Waiting {
  readonly bodies: readonly EntryBody[];
  readonly wait_ms: number;
  /** Entries of earlier attempts in the stream's first `end` bytes; absent for a group that is written as often as asked. */
  readonly earlierBefore: EarlierBefore | undefined;
  readonly done: PromiseWithResolvers<Appended>;
}

/** Groups that wait, by stream: whoever gets the lock writes all of them with one sync. */
const queues = new WeakMap<FileSystem, Map<string, Waiting[]>>();
/** When a group that was alone was last answered, by stream. */
const answered = new WeakMap<FileSystem, Map<string, number>>();
/** Who asks so soon after an answer is the one that got it, and is alone. */
const AGAIN_MS = 0.1;
/** Entries that one sync acknowledges at most. */
const BATCH_ENTRIES_MAX = 4096;

async function appendBodies(
  effects: LedgerEffects,
  stream: StreamRef,
  bodies: readonly EntryBody[],
  options: AppendOptions,
  earlierBefore?: EarlierBefore,
): Promise<Appended> {
  if (bodies.length === 0) return { entries: [], appended_count: 0 };
  const done = Promise.withResolvers<Appended>();
  const group = { bodies, wait_ms: options.wait_ms ?? 30_000, earlierBefore, done };
  const streams = queues.get(effects.fs) ?? new Map<string, Waiting[]>();
  queues.set(effects.fs, streams);
  const queue = streams.get(keyOf(stream));
  if (queue !== undefined) queue.push(group);
  else {
    streams.set(keyOf(stream), [group]);
    void writeQueue(effects, stream, streams);
  }
  return done.promise;
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
      if (!isAlone(effects, stream, queue)) await effects.clock.breathe();
      await whileLocked(effects, stream, wait_ms, () => {
        // Taken only now, so that those who came while another writer held the lock are among them.
        batch = takeBatch(queue, wait_ms);
        writeBatch(effects, stream, batch);
      });
      noteAnswered(effects, stream, batch.length);
    } catch (error) {
      forgetEnd(effects.fs, stream);
      if (batch.length === 0) batch = takeBatch(queue, wait_ms);
      const fault = faultOf(error, stream);
      for (const { done } of batch) done.reject(fault);
    }
  }
  streams.delete(keyOf(stream));
}

const answersOf = (fs: FileSystem): Map<string, number> => {
  const found = answered.get(fs) ?? new Map<string, number>();
  answered.set(fs, found);
  return found;
};

function isAlone({ fs, clock }: LedgerEffects, stream: StreamRef, queue: readonly Waiting[]): boolean {
  const at_ms = answersOf(fs).get(keyOf(stream));
  return queue.length === 1 && at_ms !== undefined && clock.elapsed_ms() - at_ms < AGAIN_MS;
}

function noteAnswered({ fs, clock }: LedgerEffects, stream: StreamRef, groups: number): void {
  const streams = answersOf(fs);
  if (groups === 1) streams.set(keyOf(stream), clock.elapsed_ms());
  else streams.delete(keyOf(stream));
}

function faultOf(error: unknown, stream: StreamRef): unknown {
  try {
    return raiseIo(error, stream.name, stream.path);
  } catch (fault) {
    return fault;
  }
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

/** One write and one sync for all groups. A group that cannot be sealed is refused alone. */
function writeBatch(effects: LedgerEffects, stream: StreamRef, batch: readonly Waiting[]): void {
  const { fs } = effects;
  const end = prepareEnd(fs, stream);
  const draft = new Draft(effects, stream, end.entry_hash);
  const settle: (() => void)[] = [];
  for (const { bodies, earlierBefore, done } of batch) {
    try {
      const appended = draft.add(bodies, earlierBefore?.(end.size_bytes));
      // What was torn is told to one of them only.
      const told = settle.length === 0 && end.torn_tail !== undefined;
      settle.push(() => done.resolve(told ? { ...appended, torn_tail: end.torn_tail } : appended));
    } catch (error) {
      done.reject(faultOf(error, stream));
    }
  }
  // An entry found was perhaps written by a process that died before syncing it: it is acknowledged here, so it is made durable.
  if (draft.has_found) syncStream(fs, stream.path);
  if (draft.lines.length > 0) addLines(effects, stream, end, draft);
  for (const done of settle) done();
}

function addLines(effects: LedgerEffects, stream: StreamRef, end: StreamEnd, draft: Draft): void {
  const { lines, previous_hash: entry_hash } = draft;
  const block = Buffer.concat(lines);
  writeDurably(effects.fs, stream.path, block, end);
  const size_bytes = end.size_bytes + block.length;
  const entries = end.entries + lines.length;
  const head = { bytes: size_bytes, entries, entry_hash };
  if (writeHead(effects, stream, head, end.head_in_place))
    rememberEnd(effects.fs, stream, { exists: true, size_bytes, entries, entry_hash, head_in_place: true });
  else forgetEnd(effects.fs, stream);
  oweTree(effects, stream, lines.length);
}

/** The lines of a batch, chained to one another. */
class Draft {
  readonly lines: Buffer[] = [];
  has_found = false;
  previous_hash: string;
  private readonly effects: LedgerEffects;
  private readonly stream: StreamRef;
  private readonly written = new Map<string, LedgerEntry>();

  constructor(effects: LedgerEffects, stream: StreamRef, previous_hash: string) {
    this.effects = effects;
    this.stream = stream;
    this.previous_hash = previous_hash;
  }

  /** All entries of a group, or none when it throws. */
  add(bodies: readonly EntryBody[], earlier: Earlier | undefined): Appended {
    const lines: Buffer[] = [];
    let { previous_hash } = this;
    let has_found = false;
    const keyed: [string, LedgerEntry][] = [];
    const entries = bodies.map((body) => {
      const key = earlier === undefined ? undefined : body.metadata["dedupe_key"];
      const found = typeof key === "string" ? (earlier?.get(key) ?? this.written.get(key)) : undefined;
      has_found ||= found !== undefined;
      if (found !== undefined) return found;
      const { entry, line } = sealLine(this.effects, body, previous_hash, this.stream.name);
      lines.push(line);
      if (typeof key === "string") keyed.push([key, entry]);
      previous_hash = entry.entry_hash;
      return entry;
    });
    this.lines.push(...lines);
    this.previous_hash = previous_hash;
    this.has_found ||= has_found;
    for (const [key, entry] of keyed) this.written.set(key, entry);
    return { entries, appended_count: lines.length };
  }
}

function syncStream(fs: FileSystem, path: string): void {
  const handle = fs.openWrite(path, { mode: 0o644, how: "append" });
  try {
    handle.datasync();
  } finally {
    handle.close();
  }
}

function writeDurably(fs: FileSystem, path: string, block: Buffer, end: StreamEnd): void {
  const handle = fs.openWrite(path, { mode: 0o644, how: "append" });
  try {
    handle.write(block);
    handle.datasync();
    if (!end.exists) fs.syncDirectory(parentOf(path));
  } catch (error) {
    cutBack(handle, end.size_bytes);
    throw error;
  } finally {
    handle.close();
  }
}

/** Nothing of a group that was not acknowledged stays behind, if the disk still lets us. */
function cutBack(handle: WriteHandle, size_bytes: number): void {
  try {
    handle.truncate(size_bytes);
    handle.sync();
  } catch {
    // The fault of the write itself says more; the next writer sets a torn tail aside.
  }
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";
