/**
 * A stream open for appending. Who appends again and again finds it open: it is closed when the event loop turns, so that
 * a process that does something else keeps no file. What it leads to is the caller's to judge: a name can lead elsewhere.
 */
import type { Clock, FileSystem, WriteHandle } from "../effects/index.ts";

export interface OpenStream {
  readonly handle: WriteHandle;
  is_open: boolean;
}

export const openStream = (fs: FileSystem, path: string): OpenStream => ({
  handle: fs.openWrite(path, { mode: 0o644, how: "append" }),
  is_open: true,
});

/** Safe to call twice. */
export function closeStream(stream: OpenStream): void {
  if (!stream.is_open) return;
  stream.is_open = false;
  stream.handle.close();
}

const left = new WeakMap<Clock, Set<OpenStream>>();
/** Whoever writes more streams than this in one turn opens the others each time. */
const OPEN_MAX = 8;

/** Leaves it open until the event loop turns. Returns false, and nothing is done, when too many are. */
export function leaveOpen(clock: Clock, stream: OpenStream): boolean {
  const streams = left.get(clock) ?? new Set<OpenStream>();
  left.set(clock, streams);
  if (streams.has(stream)) return true;
  if (streams.size >= OPEN_MAX) return false;
  if (streams.size === 0) void closeNextTurn(clock, streams);
  streams.add(stream);
  return true;
}

async function closeNextTurn(clock: Clock, streams: Set<OpenStream>): Promise<void> {
  await clock.breathe();
  const all = [...streams];
  streams.clear();
  for (const stream of all) closeStream(stream);
}

/**
 * Writes at the end and waits for the disk; the folder's too for a file that is new.
 * Whatever goes wrong, nothing of it stays behind, if the disk still lets us.
 */
export function addDurably(
  fs: FileSystem,
  path: string,
  { handle }: OpenStream,
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

/** What others wrote reaches the disk. */
export function syncStream(fs: FileSystem, path: string): void {
  const { handle } = openStream(fs, path);
  try {
    handle.datasync();
  } finally {
    handle.close();
  }
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";
