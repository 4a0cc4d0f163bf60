/** Threads that digest files one piece of a table after another, and the thread that waits for them takes part. */
import type { Worker } from "node:worker_threads";
import { type FileTable, STAMP_WIDTH, type TableOptions, type TableUnderWay } from "../ports.ts";
import { type DigestJob, type Problem, runJob } from "./file-jobs.ts";

/** Paths that are sent to a thread at once. */
const PIECE = 4_096;
/** Below this many files a thread costs more to start than it saves. */
const STARTS_AT = 4_000;

interface Reply {
  readonly problems?: readonly Problem[];
  readonly error?: Error;
}

export class DigestCrew {
  readonly #worker_url: URL;
  readonly #threads_max: number;
  readonly #threads: DigestThread[] = [];

  /** `threads_max`: besides the one that waits. */
  constructor(worker_url: URL, threads_max: number) {
    this.#worker_url = worker_url;
    this.#threads_max = threads_max;
  }

  start(
    paths: readonly string[],
    known: BigUint64Array | null,
    { is_heavy = false, is_unstamped = false, folder = "" }: TableOptions,
  ): TableUnderWay {
    const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);
    const table = {
      states: new Uint8Array(shared(paths.length)),
      digests: new Uint8Array(shared(paths.length * 32)),
      stamps: new BigUint64Array(shared(paths.length * STAMP_WIDTH * 8)),
    };
    const pieces: Piece[] = [];
    for (let from = 0; from < paths.length; from += PIECE) {
      const to = Math.min(paths.length, from + PIECE);
      const job: DigestJob = {
        kind: "digest",
        folder,
        ...sharedPaths(paths, from, to),
        is_unstamped,
        known: known?.slice(from * STAMP_WIDTH, to * STAMP_WIDTH) ?? null,
        next: new Int32Array(shared(4)),
        joined: new Int32Array(shared(4)),
        states: table.states.subarray(from, to),
        digests: table.digests.subarray(from * 32, to * 32),
        stamps: table.stamps.subarray(from * STAMP_WIDTH, to * STAMP_WIDTH),
      };
      const is_worth_it = is_heavy || paths.length >= STARTS_AT;
      const there = is_worth_it ? this.#idlest()?.take(job) : undefined;
      pieces.push({ from, job, there });
    }
    return { finish: () => finish(table, pieces) };
  }

  #idlest(): DigestThread | undefined {
    const idlest = this.#threads.reduce<DigestThread | undefined>(
      (best, one) => (best === undefined || one.jobs_count < best.jobs_count ? one : best),
      undefined,
    );
    if (idlest?.jobs_count === 0 || this.#threads.length >= this.#threads_max) return idlest;
    const fresh = new DigestThread(this.#worker_url);
    this.#threads.push(fresh);
    return fresh;
  }
}

/** Thousands of texts are copied from thread to thread one by one; their bytes are there at once. */
function sharedPaths(paths: readonly string[], from: number, to: number): Pick<DigestJob, "paths" | "ends"> {
  const ends = new Uint32Array(new SharedArrayBuffer((to - from) * 4));
  let length = 0;
  for (let index = from; index < to; index++) {
    const path = paths[index] ?? "";
    if (scratch.length < length + path.length * 3)
      scratch = Buffer.concat([scratch], (length + path.length * 3) * 2);
    length += scratch.write(path, length);
    ends[index - from] = length;
  }
  const shared = new Uint8Array(new SharedArrayBuffer(length));
  shared.set(scratch.subarray(0, length));
  return { paths: shared, ends };
}

let scratch = Buffer.allocUnsafe(1 << 18);

interface Piece {
  /** Index of its first path in the table. */
  readonly from: number;
  readonly job: DigestJob;
  readonly there: Share | undefined;
}

/** A thread's part in a piece. */
interface Share {
  /** Waits until its turn has come and gone. */
  problems(): Promise<readonly Problem[]>;
}

async function finish(table: Omit<FileTable, "problems">, pieces: readonly Piece[]): Promise<FileTable> {
  const problems = new Map<number, string>();
  const add = (from: number, found: readonly Problem[]): void => {
    for (const [index, code] of found) problems.set(from + index, code);
  };
  for (const { from, job } of pieces) add(from, runJob(job));
  for (const { from, job, there } of pieces) {
    // A thread that has not come to a piece finds nothing to do in it.
    if (there !== undefined && Atomics.load(job.joined, 0) !== 0) add(from, await there.problems());
  }
  return { ...table, problems };
}

class DigestThread {
  jobs_count = 0;
  #waiting_count = 0;
  readonly #waiting: PromiseWithResolvers<readonly Problem[]>[] = [];
  readonly #worker: Worker;
  #failure: Error | undefined;

  constructor(worker_url: URL) {
    // Loaded at once and not in a later turn, since this thread is busy in this one; and only by commands that need threads.
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    const worker = new Worker(worker_url, { workerData: null });
    worker.on("message", ({ problems, error }: Reply) => {
      const waiter = this.#waiting.shift();
      if (error === undefined) waiter?.resolve(problems ?? []);
      else waiter?.reject(error);
      this.jobs_count--;
    });
    worker.on("error", (error) => this.#fail(error));
    worker.unref();
    this.#worker = worker;
  }

  /** In the order asked. */
  take(job: DigestJob): Share {
    const waiter = Promise.withResolvers<readonly Problem[]>();
    // Whoever awaits it still gets the error.
    waiter.promise.catch(() => undefined);
    if (this.#failure !== undefined) waiter.reject(this.#failure);
    this.#waiting.push(waiter);
    this.jobs_count++;
    this.#worker.postMessage(job);
    return { problems: () => this.#await(waiter.promise) };
  }

  /** Only somebody who waits keeps the process alive. */
  async #await(problems: Promise<readonly Problem[]>): Promise<readonly Problem[]> {
    if (this.#waiting_count++ === 0) this.#worker.ref();
    try {
      return await problems;
    } finally {
      if (--this.#waiting_count === 0) this.#worker.unref();
    }
  }

  #fail(error: Error): void {
    this.#failure = error;
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
  }
}
