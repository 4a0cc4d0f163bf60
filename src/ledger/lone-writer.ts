/**
 * Who asks to append right after an answer is the one that got it, and is alone: waiting for others to join would only cost
 * it time. From time to time it still gives everything else of its process a turn, and other processes one that asked.
 */
import type { Clock, FileSystem } from "../effects/index.ts";
import { keyOf } from "./known-end.ts";
import type { StreamRef } from "./stream-ref.ts";

type Needs = { readonly fs: FileSystem; readonly clock: Clock };

interface Writer {
  /** When a group that was alone was last answered. */
  answered_ms: number;
  /** When everything else last had its turn. */
  turn_ms: number;
  /** When another process was last seen to write. */
  met_ms: number;
  /** True until who asked last can go on: whoever asks before is another, at the same moment. */
  tells: boolean;
}

const writers = new WeakMap<FileSystem, Map<string, Writer>>();
const AGAIN_MS = 0.1;
/** A signal or a timer waits no longer than this, since a turn costs as much as another append. */
const TURN_MS = 10;
/** The same where another process was met. */
const POLITE_TURN_MS = 2;
/** Waiting so long for the lock was waiting for another process. */
const MET_MS = 1;
/** So long after it was met, it is expected to come again. */
const POLITE_MS = 50;
/** SQLite asks again after 1 to 100 ms: a lock that lies free for an instant between two appends is hardly ever met. */
const PAUSE_MS = 1;
const STREAMS_MAX = 256;

export function isAlone({ fs, clock }: Needs, stream: StreamRef): boolean {
  const writer = writers.get(fs)?.get(keyOf(stream));
  if (writer === undefined || writer.tells) return false;
  const now_ms = clock.elapsed_ms();
  const turn_ms = isPolite(writer, now_ms) ? POLITE_TURN_MS : TURN_MS;
  return now_ms - writer.answered_ms < AGAIN_MS && now_ms - writer.turn_ms < turn_ms;
}

const isPolite = ({ met_ms }: Writer, now_ms: number): boolean => now_ms - met_ms < POLITE_MS;

export function noteAnswered(effects: Needs, stream: StreamRef, groups: number): void {
  writerOf(effects, stream).answered_ms = groups > 1 ? Number.NEGATIVE_INFINITY : effects.clock.elapsed_ms();
}

/** An entry is written while its writer asks for it, so that none can join. */
export function noteAtOnce(effects: Needs, stream: StreamRef): void {
  const writer = writerOf(effects, stream);
  writer.tells = true;
  void Promise.resolve().then(() => {
    writer.tells = false;
  });
}

/** Everything else has its turn; another process too, where one was met. */
export async function giveTurn(effects: Needs, stream: StreamRef, waiting: number): Promise<void> {
  const { clock } = effects;
  const writer = writerOf(effects, stream);
  const pauses = waiting === 1 && isPolite(writer, clock.elapsed_ms());
  await (pauses ? clock.sleep(PAUSE_MS) : clock.breathe());
  writer.turn_ms = clock.elapsed_ms();
}

/** The lock was asked for at `asked_ms` and is held now. */
export function noteLocked(effects: Needs, stream: StreamRef, asked_ms: number): void {
  const now_ms = effects.clock.elapsed_ms();
  if (now_ms - asked_ms <= MET_MS) return;
  const writer = writerOf(effects, stream);
  writer.met_ms = now_ms;
  // Everything else had its turn meanwhile.
  writer.turn_ms = now_ms;
}

function writerOf({ fs }: Needs, stream: StreamRef): Writer {
  const streams = writers.get(fs) ?? new Map<string, Writer>();
  writers.set(fs, streams);
  const found = streams.get(keyOf(stream));
  if (found !== undefined) return found;
  if (streams.size >= STREAMS_MAX) streams.clear();
  const never = Number.NEGATIVE_INFINITY;
  const writer = { answered_ms: never, turn_ms: never, met_ms: never, tells: false };
  streams.set(keyOf(stream), writer);
  return writer;
}
