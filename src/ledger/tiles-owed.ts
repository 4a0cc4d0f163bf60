/**
 * Which logs are behind their lines. Signing and writing tiles would cost every append a third of its time, so it is
 * done for many lines at once: after a command, and by an append once a thousand lines wait.
 */
import type { FileSystem } from "../effects/index.ts";
import type { StreamRef } from "./stream-ref.ts";
import { type SettleEffects, settleHeld, settleTree } from "./tiles-settle.ts";

/** So many lines may wait inside a process that does nothing but append. */
const LINES_MAX = 1024;

interface Owed {
  readonly stream: StreamRef;
  lines: number;
}

const owed = new WeakMap<FileSystem, Map<string, Owed>>();

/** Notes acknowledged lines; called under the stream's lock, after everything an acknowledgement needs. Never throws. */
export function oweTree(effects: Omit<SettleEffects, "locks">, stream: StreamRef, lines: number): void {
  const { log } = stream;
  if (log === undefined || lines === 0) return;
  const streams = owed.get(effects.fs) ?? new Map<string, Owed>();
  owed.set(effects.fs, streams);
  const waiting = streams.get(stream.path) ?? { stream, lines: 0 };
  streams.set(stream.path, waiting);
  waiting.lines += lines;
  if (waiting.lines < LINES_MAX) return;
  streams.delete(stream.path);
  try {
    settleHeld(effects, stream, log);
  } catch {
    // The lines are safe; the log is brought up to them another time.
  }
}

/** Settles every log this process owes. Never throws. */
export async function settleOwed(effects: SettleEffects): Promise<void> {
  const streams = owed.get(effects.fs);
  if (streams === undefined) return;
  for (const [path, { stream }] of streams) {
    streams.delete(path);
    await settleTree(effects, stream);
  }
}
