/**
 * Adds entries to a stream. An entry is acknowledged when the promise resolves: its line is on disk, chained to the
 * line before it. Any number of processes may append at once, in TypeScript or Python.
 */
import type { LedgerEntry, NewLedgerEntry } from "../contracts/index.ts";
import type { Effects, FileSystem, WriteHandle } from "../effects/index.ts";
import { type Earlier, findEarlier } from "./earlier-entries.ts";
import { raiseIo } from "./faults.ts";
import { writeHead } from "./head.ts";
import { checkedBody, type EntryBody, sealLine } from "./new-line.ts";
import { prepareEnd, type StreamEnd } from "./stream-end.ts";
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
  return appendBodies(effects, stream, bodies, options, () => new Map());
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

async function appendBodies(
  effects: LedgerEffects,
  stream: StreamRef,
  bodies: readonly EntryBody[],
  options: AppendOptions,
  earlierBefore: (end: number) => Earlier,
): Promise<Appended> {
  if (bodies.length === 0) return { entries: [], appended_count: 0 };
  try {
    ensureDirectory(effects.fs, parentOf(stream.path));
    return await whileLocked(effects, stream, options.wait_ms ?? 30_000, () => {
      const end = prepareEnd(effects.fs, stream);
      return writeGroup(effects, stream, end, bodies, earlierBefore(end.size_bytes));
    });
  } catch (error) {
    return raiseIo(error, stream.name, stream.path);
  }
}

function writeGroup(
  effects: LedgerEffects,
  stream: StreamRef,
  end: StreamEnd,
  bodies: readonly EntryBody[],
  earlier: Earlier,
): Appended {
  const lines: Buffer[] = [];
  let previous_hash = end.entry_hash;
  const entries = bodies.map((body) => {
    const dedupe_key = body.metadata["dedupe_key"];
    const found = typeof dedupe_key === "string" ? earlier.get(dedupe_key) : undefined;
    if (found !== undefined) return found;
    const { entry, line } = sealLine(effects, body, previous_hash, stream.name);
    lines.push(line);
    previous_hash = entry.entry_hash;
    return entry;
  });
  // An entry found was perhaps written by a process that died before syncing it: it is acknowledged here, so it is made durable.
  if (lines.length < bodies.length) syncStream(effects.fs, stream.path);
  const appended = { entries, appended_count: lines.length };
  if (lines.length > 0) {
    const block = Buffer.concat(lines);
    writeDurably(effects.fs, stream.path, block, end);
    const bytes = end.size_bytes + block.length;
    writeHead(effects, stream, { bytes, entries: end.entries + lines.length, entry_hash: previous_hash });
    oweTree(effects, stream, lines.length);
  }
  return end.torn_tail === undefined ? appended : { ...appended, torn_tail: end.torn_tail };
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

function ensureDirectory(fs: FileSystem, path: string): void {
  if (path === "/" || fs.stat(path) !== undefined) return;
  ensureDirectory(fs, parentOf(path));
  try {
    fs.makeDirectory(path);
  } catch (error) {
    // Another writer may create it at the same moment.
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  }
  fs.syncDirectory(parentOf(path));
}
