/**
 * Who asks to append right after an answer is the one that got it, and is alone: waiting for others to join would only cost
 * it time. From time to time it still gives everything else of its process a turn.
 */
import type { Clock, FileSystem } from "../effects/index.ts";
import { keyOf } from "./known-end.ts";
import type { StreamRef } from "./stream-ref.ts";

type Needs = { readonly fs: FileSystem; readonly clock: Clock };

interface Answered {
  /** When a group that was alone was last answered. */
  at_ms: number;
  /** When everything else last had its turn. */
  readonly turn_ms: number;
}

const answered = new WeakMap<FileSystem, Map<string, Answered>>();
const AGAIN_MS = 0.1;
/** A signal or a timer waits no longer than this, and whoever waits for the lock meets it free. */
const TURN_MS = 2;
const STREAMS_MAX = 256;

export function isAlone({ fs, clock }: Needs, stream: StreamRef): boolean {
  const last = answered.get(fs)?.get(keyOf(stream));
  if (last === undefined) return false;
  const now_ms = clock.elapsed_ms();
  return now_ms - last.at_ms < AGAIN_MS && now_ms - last.turn_ms < TURN_MS;
}

export function noteAnswered({ fs, clock }: Needs, stream: StreamRef, groups: number): void {
  const streams = answered.get(fs) ?? new Map<string, Answered>();
  answered.set(fs, streams);
  const key = keyOf(stream);
  if (groups > 1) {
    streams.delete(key);
    return;
  }
  const at_ms = clock.elapsed_ms();
  const last = streams.get(key);
  if (last !== undefined) last.at_ms = at_ms;
  else {
    if (streams.size >= STREAMS_MAX) streams.clear();
    streams.set(key, { at_ms, turn_ms: at_ms });
  }
}

/** Everything else just had its turn. */
export function noteTurn({ fs }: Needs, stream: StreamRef): void {
  answered.get(fs)?.delete(keyOf(stream));
}
