/**
 * How many runs of one plugin go on at once, over all processes of the host. A slot is a lock the kernel frees when its holder
 * dies, however it dies; beside it lies a note of the run, so that whoever takes the slot next records a run that was cut short.
 */
import type { Effects, HeldLock } from "../effects/index.ts";
import type { Json } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { makeRunDirectory, runDirectory } from "./places.ts";

type Needs = Pick<Effects, "fs" | "locks" | "signal">;

export interface Slot {
  readonly number: number;
  /** What its last holder noted and did not take back: a run nobody recorded the end of. */
  readonly left: Json | undefined;
  /** Replaces the note. Not synced: it speaks of processes, and none outlives a power cut. */
  note(note: Json): void;
  /** Takes the note back. */
  clear(): void;
  release(): void;
}

/** For a moment only, by those who look for a slot: so that what they hold while they look is not counted by another. */
const GATE_WAIT_MS = 10_000;
const NOTE_BYTES_MAX = 65_536;

/**
 * Undefined when as many runs as are allowed go on. Every slot that ever was is counted, so that who asks for fewer at once
 * than another also counts that other's runs.
 */
export async function takeSlot(
  effects: Needs,
  plane: Plane,
  namespace: string,
  concurrency_max: number,
): Promise<Slot | undefined> {
  const folder = makeRunDirectory(effects.fs, plane.root, runDirectory(namespace));
  const gate = await effects.locks.acquire(`${folder}/gate.lock`, {
    wait_ms: GATE_WAIT_MS,
    signal: effects.signal,
  });
  effects.signal.throwIfAborted();
  if (gate === undefined) return undefined;
  try {
    return await firstFree(effects, folder, concurrency_max);
  } finally {
    gate.release();
  }
}

async function firstFree(effects: Needs, folder: string, concurrency_max: number): Promise<Slot | undefined> {
  const count = slotsFrom(effects.fs, folder, concurrency_max);
  const own = ownSlots(effects.fs, folder);
  let busy = 0;
  let taken: { readonly number: number; readonly lock: HeldLock } | undefined;
  for (let number = 0; number < count && busy < concurrency_max; number++) {
    // Where there are no more slots than may be held, one that is free is enough.
    if (taken !== undefined && count <= concurrency_max) break;
    const lock = own.has(number)
      ? undefined
      : await effects.locks.acquire(slotPath(folder, number), { wait_ms: 0 });
    if (lock === undefined) busy++;
    else if (taken === undefined) taken = { number, lock };
    else lock.release();
  }
  if (taken === undefined) return undefined;
  if (busy < concurrency_max) return slotOn(effects.fs, folder, taken.number, taken.lock);
  taken.lock.release();
  return undefined;
}

/** Held by this process: known without asking, which would open each of them once more. */
const held = new WeakMap<Effects["fs"], Map<string, Set<number>>>();

function ownSlots(fs: Effects["fs"], folder: string): Set<number> {
  const folders = held.get(fs) ?? new Map<string, Set<number>>();
  held.set(fs, folders);
  const numbers = folders.get(folder) ?? new Set<number>();
  folders.set(folder, numbers);
  return numbers;
}

const slotPath = (folder: string, number: number): string => `${folder}/slot-${number}.lock`;

/** How many there are: at least `known`, and they are made one after the other. */
function slotsFrom(fs: Effects["fs"], folder: string, known: number): number {
  let count = known;
  while (fs.stat(slotPath(folder, count)) !== undefined) count++;
  return count;
}

function slotOn(fs: Effects["fs"], folder: string, number: number, lock: HeldLock): Slot {
  const path = `${folder}/slot-${number}.json`;
  const left = noteAt(fs, path);
  const own = ownSlots(fs, folder);
  own.add(number);
  return {
    number,
    left,
    note: (note) => writeOver(fs, path, JSON.stringify(note)),
    clear: () => {
      if (fs.stat(path) !== undefined) writeOver(fs, path, "null");
    },
    release: () => {
      own.delete(number);
      lock.release();
    },
  };
}

/** Over what is there, padded to its length: to make and remove a file for each run takes longer than all the rest. */
function writeOver(fs: Effects["fs"], path: string, text: string): void {
  const found = fs.stat(path);
  const bytes = Buffer.from(text);
  const handle = fs.openWrite(path, { mode: 0o600, how: found === undefined ? "exclusive" : "update" });
  try {
    const missing = Math.max(0, (found?.size_bytes ?? 0) - bytes.length);
    handle.write(Buffer.concat([bytes, Buffer.alloc(missing, " ")]));
  } finally {
    handle.close();
  }
}

function noteAt(fs: Effects["fs"], path: string): Json | undefined {
  const stat = fs.stat(path);
  if (stat?.kind !== "file" || stat.size_bytes > NOTE_BYTES_MAX) return undefined;
  try {
    return (JSON.parse(fs.readText(path)) as Json) ?? undefined;
  } catch {
    return undefined;
  }
}
