/**
 * What this process left at the end of a stream, so that its next append need not read and verify the tail again. Believed
 * only under the stream's lock and only while the file is, to the kernel, the very one that was left: any other writer
 * changes size and times. Someone who edits the last line within one tick of the clock, size kept, is not seen here; the
 * chain goes on from the hash that was acknowledged, so verifying names that line.
 */
import type { FileStat, FileSystem } from "../effects/index.ts";
import type { HeadLeft } from "./head.ts";
import { closeFile, type OpenFile } from "./open-files.ts";
import type { StreamRef } from "./stream-ref.ts";
import type { TornTail } from "./torn-tail.ts";

/** What a writer must know before it adds a line: where the stream ends, its last hash, how many entries it has. */
export interface StreamEnd extends HeadLeft {
  readonly exists: boolean;
  readonly size_bytes: number;
  /** Entries before; counted only when the stream has a head. */
  readonly entries: number;
  /** "" for an empty stream. */
  readonly entry_hash: string;
  readonly torn_tail?: TornTail;
  /** The very file that lies at the path, when it was left open. */
  readonly open?: OpenFile | undefined;
}

interface KnownEnd {
  readonly file: FileStat;
  readonly end: StreamEnd;
}

const known = new WeakMap<FileSystem, Map<string, KnownEnd>>();
/** A process that writes more streams than this in turn reads some tails again. */
const STREAMS_MAX = 256;

const keys = new WeakMap<StreamRef, string>();

/** Whoever writes a stream without its head or log knows nothing for those who write it with them. */
export function keyOf(stream: StreamRef): string {
  const found = keys.get(stream);
  if (found !== undefined) return found;
  const { path, head_path = "", log } = stream;
  const key = `${path}\0${head_path}\0${log?.origin ?? ""}`;
  keys.set(stream, key);
  return key;
}

/** The end as left behind; undefined when it must be read. Only under the lock. */
export function knownEnd(fs: FileSystem, stream: StreamRef): StreamEnd | undefined {
  const found = known.get(fs)?.get(keyOf(stream));
  if (found === undefined) return undefined;
  if (isSame(found.file, fs.stat(stream.path))) return found.end;
  forgetEnd(fs, stream);
  return undefined;
}

/** Notes what was just written and synced, `file` as it is now. Only under the lock. */
export function rememberEnd(fs: FileSystem, stream: StreamRef, file: FileStat, end: StreamEnd): void {
  // Somebody wrote without the lock.
  if (file.size_bytes !== end.size_bytes) return forgetEnd(fs, stream);
  const streams = known.get(fs) ?? new Map<string, KnownEnd>();
  known.set(fs, streams);
  if (streams.size >= STREAMS_MAX) streams.clear();
  streams.set(keyOf(stream), { file, end });
}

/** After anything went wrong. */
export function forgetEnd(fs: FileSystem, stream: StreamRef): void {
  const end = known.get(fs)?.get(keyOf(stream))?.end;
  if (end?.open !== undefined) closeFile(end.open);
  if (end?.open_head !== undefined) closeFile(end.open_head);
  known.get(fs)?.delete(keyOf(stream));
}

function isSame(one: FileStat, other: FileStat | undefined): boolean {
  return (
    one.size_bytes === other?.size_bytes &&
    one.ctime_ns === other.ctime_ns &&
    one.mtime_ns === other.mtime_ns &&
    one.inode === other.inode &&
    one.device === other.device
  );
}
