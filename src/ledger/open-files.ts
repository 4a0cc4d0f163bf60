/**
 * Files a writer leaves open for its next append. They are closed when the event loop turns, so that a process that does
 * something else keeps none. What lies at their path by then is the writer's to judge: a name can lead elsewhere.
 */
import type { Clock, FileSystem, WriteHandle } from "../effects/index.ts";

export interface OpenFile {
  readonly handle: WriteHandle;
  is_open: boolean;
}

export const openFile = (
  fs: FileSystem,
  path: string,
  options: Parameters<FileSystem["openWrite"]>[1],
): OpenFile => ({ handle: fs.openWrite(path, options), is_open: true });

/** Safe to call twice. */
export function closeFile(file: OpenFile): void {
  if (!file.is_open) return;
  file.is_open = false;
  file.handle.close();
}

const left = new WeakMap<Clock, Set<OpenFile>>();
/** Whoever writes more streams than this in one turn, each with its head, opens the others each time. */
const OPEN_MAX = 16;

/** Leaves it open until the event loop turns. Returns false, and nothing is done, when too many are. */
export function leaveOpen(clock: Clock, file: OpenFile): boolean {
  const files = left.get(clock) ?? new Set<OpenFile>();
  left.set(clock, files);
  if (files.has(file)) return true;
  if (files.size >= OPEN_MAX) return false;
  if (files.size === 0) void closeNextTurn(clock, files);
  files.add(file);
  return true;
}

async function closeNextTurn(clock: Clock, files: Set<OpenFile>): Promise<void> {
  await clock.breathe();
  const all = [...files];
  files.clear();
  for (const file of all) closeFile(file);
}
