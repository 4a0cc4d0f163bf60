/** Groups of entries become lines of a stream: one write and one sync for all of them. Only under the stream's lock. */
import type { LedgerEntry } from "../contracts/index.ts";
import type { Effects, FileSystem, WriteHandle } from "../effects/index.ts";
import { Draft } from "./draft.ts";
import type { Earlier } from "./earlier-entries.ts";
import { raiseIo } from "./faults.ts";
import { writeHead } from "./head.ts";
import { forgetEnd, rememberEnd, type StreamEnd } from "./known-end.ts";
import type { EntryBody } from "./new-line.ts";
import { closeFile, leaveOpen, openFile } from "./open-files.ts";
import { prepareEnd } from "./stream-end.ts";
import type { StreamRef } from "./stream-ref.ts";
import { oweTree } from "./tiles-owed.ts";
import type { TornTail } from "./torn-tail.ts";

export type LedgerEffects = Pick<Effects, "fs" | "locks" | "clock" | "random">;

export interface Appended {
  /** One for each entry handed in, in order: as written now, or as found from an earlier attempt. */
  readonly entries: readonly LedgerEntry[];
  /** How many of them this call wrote. */
  readonly appended_count: number;
  readonly torn_tail?: TornTail;
}

export interface Group {
  readonly bodies: readonly EntryBody[];
  /** Entries of earlier attempts in the stream's first `end` bytes; absent for a group that is written as often as asked. */
  readonly earlierBefore: ((end: number) => Earlier) | undefined;
  /** Told when the lines are on disk, or why they are not. */
  readonly done: { resolve(appended: Appended): void; reject(fault: unknown): void };
}

/** A group that cannot be sealed is refused alone. @throws what fails for all: then nobody was told of success */
export function writeBatch(effects: LedgerEffects, stream: StreamRef, batch: readonly Group[]): void {
  const end = prepareEnd(effects.fs, stream);
  const draft = new Draft(effects, stream.name, end.entry_hash);
  const drafted: { readonly done: Group["done"]; readonly appended: Appended }[] = [];
  for (const { bodies, earlierBefore, done } of batch) {
    try {
      const appended = draft.add(bodies, earlierBefore?.(end.size_bytes));
      // What was torn is told to one of them only.
      const told = drafted.length === 0 && end.torn_tail !== undefined;
      drafted.push({ done, appended: told ? { ...appended, torn_tail: end.torn_tail } : appended });
    } catch (error) {
      done.reject(faultOf(error, stream));
    }
  }
  // An entry found was perhaps written by a process that died before syncing it: it is acknowledged here, so it is made durable.
  if (draft.has_found) syncStream(effects.fs, stream.path);
  if (draft.lines_count > 0) addLines(effects, stream, end, draft, batch.length === 1);
  for (const { done, appended } of drafted) done.resolve(appended);
}

export function faultOf(error: unknown, stream: StreamRef): unknown {
  try {
    return raiseIo(error, stream.name, stream.path);
  } catch (fault) {
    return fault;
  }
}

const APPENDING = { mode: 0o644, how: "append" } as const;

/** `is_alone`: whoever asked is likely to ask again at once. */
function addLines(
  effects: LedgerEffects,
  stream: StreamRef,
  end: StreamEnd,
  draft: Draft,
  is_alone: boolean,
): void {
  const { fs } = effects;
  const open = end.open?.is_open === true ? end.open : openFile(fs, stream.path, APPENDING);
  let stays = false;
  try {
    const block = Buffer.from(draft.text);
    addDurably(fs, stream.path, open.handle, block, end);
    const now = {
      bytes: end.size_bytes + block.length,
      entries: end.entries + draft.lines_count,
      entry_hash: draft.previous_hash,
    };
    const { written, open: open_head } = writeHead(effects, stream, now, end);
    stays = written && is_alone && leaveOpen(effects.clock, open);
    const head_stays = stays && open_head !== undefined && leaveOpen(effects.clock, open_head);
    if (open_head !== undefined && !head_stays) closeFile(open_head);
    if (!written) forgetEnd(fs, stream);
    else
      rememberEnd(fs, stream, open.handle.stat(), {
        exists: true,
        size_bytes: now.bytes,
        entries: now.entries,
        entry_hash: now.entry_hash,
        head_in_place: true,
        open: stays ? open : undefined,
        open_head: head_stays ? open_head : undefined,
      });
  } finally {
    if (!stays) closeFile(open);
  }
  oweTree(effects, stream, draft.lines_count);
}

/** Whatever goes wrong, nothing of a group that was not acknowledged stays behind, if the disk still lets us. */
function addDurably(
  fs: FileSystem,
  path: string,
  handle: WriteHandle,
  block: Buffer,
  before: { readonly exists: boolean; readonly size_bytes: number },
): void {
  try {
    handle.write(block);
    handle.datasync();
    if (!before.exists) fs.syncDirectory(parentOf(path));
  } catch (error) {
    cutBack(handle, before.size_bytes);
    throw error;
  }
}

function cutBack(handle: WriteHandle, size_bytes: number): void {
  try {
    handle.truncate(size_bytes);
    handle.sync();
  } catch {
    // The fault of the write itself says more; the next writer sets a torn tail aside.
  }
}

function syncStream(fs: FileSystem, path: string): void {
  const handle = fs.openWrite(path, APPENDING);
  try {
    handle.datasync();
  } finally {
    handle.close();
  }
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";
