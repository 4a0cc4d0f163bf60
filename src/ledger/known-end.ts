/**
 * What this process left at the end of a stream, so that its next append need not read and verify the tail again. Believed
 * only under the stream's lock and only while the file and its head are, to the kernel, the very ones that were left: any
 * other writer changes size and times. Someone who edits the last line within one tick of the clock, size kept, is not
 * seen here; the chain goes on from the hash that was acknowledged, so verifying names that line.
 */
import type { FileStat, FileSystem } from "../effects/index.ts";
import { isInPlace } from "./head.ts";
import type { StreamRef } from "./stream-ref.ts";
import type { TornTail } from "./torn-tail.ts";

/** What a writer must know before it adds a line: where the stream ends, its last hash, how many entries it has. */
export interface StreamEnd {
  readonly exists: boolean;
  readonly size_bytes: number;
  /** Entries before; counted only when the stream has a head. */
  readonly entries: number;
  /** "" for an empty stream. */
  readonly entry_hash: string;
  readonly torn_tail?: TornTail;
  /** True when the head is known to be one that can be written over. */
  readonly head_in_place?: boolean;
}

interface KnownEnd {
  readonly file: FileStat;
  readonly head: FileStat | undefined;
  readonly end: StreamEnd;
}

const known = new WeakMap<FileSystem, Map<string, KnownEnd>>();
/** A process that writes more streams than this in turn reads some tails again. */
const STREAMS_MAX = 256;

/** The end as left behind; undefined when it must be read. Only under the lock. */
export function knownEnd(fs: FileSystem, stream: StreamRef): StreamEnd | undefined {
  const found = known.get(fs)?.get(stream.path);
  if (found === undefined) return undefined;
  const { file, head, end } = found;
  if (isSame(file, fs.stat(stream.path)) && isSame(head, headOf(fs, stream))) return end;
  known.get(fs)?.delete(stream.path);
  return undefined;
}

/** Notes what was just written and synced. Only under the lock, and after the head was moved. */
export function rememberEnd(fs: FileSystem, stream: StreamRef, end: StreamEnd): void {
  const file = fs.stat(stream.path);
  const head = headOf(fs, stream);
  const has_its_head = stream.head_path === undefined || head !== undefined;
  if (file?.size_bytes !== end.size_bytes || !has_its_head) return forgetEnd(fs, stream);
  const streams = known.get(fs) ?? new Map<string, KnownEnd>();
  known.set(fs, streams);
  if (streams.size >= STREAMS_MAX) streams.clear();
  streams.set(stream.path, { file, head, end: { ...end, head_in_place: isInPlace(head) } });
}

/** After anything went wrong. */
export function forgetEnd(fs: FileSystem, stream: StreamRef): void {
  known.get(fs)?.delete(stream.path);
}

const headOf = (fs: FileSystem, { head_path }: StreamRef): FileStat | undefined =>
  head_path === undefined ? undefined : fs.stat(head_path);

function isSame(one: FileStat | undefined, other: FileStat | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.size_bytes === other.size_bytes &&
    one.ctime_ns === other.ctime_ns &&
    one.mtime_ns === other.mtime_ns &&
    one.inode === other.inode &&
    one.device === other.device
  );
}
