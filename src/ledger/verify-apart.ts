/** Verifies the streams of a plane on a thread of its own, so that the caller can go on with other work meanwhile. */
import { type FileSystem, SeenFiles, type Stamp, seenStamp } from "../effects/index.ts";
import { startThread } from "./scan-pool.ts";
import type { StreamMemo, VerifyMemory } from "./stream-memo.ts";
import type { StreamsPlace } from "./stream-ref.ts";
import { type PlaneVerdict, verifyPlane } from "./verify-plane.ts";

export interface ApartVerdict extends PlaneVerdict {
  /** Of every path that was looked at. */
  readonly stamps: readonly [string, Stamp][];
  readonly is_steady: boolean;
  /** For the next verification; empty where nothing was to be kept. */
  readonly memos: readonly StreamMemo[];
  /** Streams of which only the end was verified. */
  readonly resumed: readonly string[];
}

/** What a run apart may recall, and whether it is to leave something. */
export interface ApartMemory {
  readonly key: Uint8Array;
  readonly nonce: string;
  readonly memos: readonly StreamMemo[];
  /** Of every path that the verification before looked at: numbers with blanks between. */
  readonly stamps: readonly (readonly [path: string, stamp: string])[];
}

/** What the thread is sent. */
interface ApartTask {
  readonly memory: ApartMemory | undefined;
  readonly place: StreamsPlace;
  readonly known: readonly string[];
  readonly scan_worker_url: string;
  readonly threads_count: number;
}

interface Reply {
  readonly verdict?: ApartVerdict;
}

export interface ApartRun {
  /** Undefined where the thread could not do it: then the caller can, and sees why. */
  verdict(): Promise<ApartVerdict | undefined>;
}

/** `apart_url` names the `ledger-worker` module. Nothing keeps the process alive until somebody waits for the verdict. */
export function startApart(
  apart_url: URL,
  place: StreamsPlace,
  known: readonly string[],
  { worker_url, threads_count }: { readonly worker_url: URL; readonly threads_count: number },
  memory?: ApartMemory,
): ApartRun {
  const { root, keys_directory, plane_uid } = place;
  const workerData: ApartTask = {
    place: { root, keys_directory, plane_uid },
    known,
    scan_worker_url: worker_url.href,
    // The caller has work for one core meanwhile; and threads that must take turns cost more than one that goes on.
    threads_count: Math.max(1, threads_count - 1),
    memory,
  };
  const thread = startThread(apart_url, workerData);
  return { verdict: async () => ((await thread.reply()) as Reply | undefined)?.verdict };
}

/** What the thread does. */
export async function runApart(fs: FileSystem, task: unknown): Promise<Reply> {
  const { place, known, scan_worker_url, threads_count, memory: given } = task as ApartTask;
  const seen = new SeenFiles(fs);
  try {
    const memory = given && memoryOf(seen.fs, given);
    const threads = { worker_url: new URL(scan_worker_url), threads_count, memory };
    const verdict = await verifyPlane(seen.fs, place, known, threads);
    const [memos, resumed] = [memory?.after ?? [], memory?.resumed ?? []];
    return { verdict: { ...verdict, stamps: [...seen.stamps], is_steady: seen.is_steady, memos, resumed } };
  } catch {
    return {};
  }
}

function memoryOf(fs: FileSystem, { key, nonce, memos, stamps }: ApartMemory): VerifyMemory {
  const known = new Map(stamps);
  const isSame = (path: string): boolean => known.get(path) === seenStamp(fs.stat(path)).join(" ");
  return { key, nonce, codes_count: 0, before: memos, isSame, after: [], resumed: [] };
}
