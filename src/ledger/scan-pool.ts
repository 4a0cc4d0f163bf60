/** Threads that read blocks of lines. The only file of this room that knows threads. */
import { Worker } from "node:worker_threads";
import { BLOCK_LINES_MAX, type BlockReading } from "./block-reading.ts";

/** Memory that a thread and its caller share. */
export interface ScanSlot {
  readonly input: Uint8Array;
  readonly ids: Float64Array;
}

export interface ScanTask {
  readonly block_bytes: number;
  /** Where the head's entry ends inside the block; -1 when elsewhere. */
  readonly head_end: number;
}

/** What a thread is sent. */
export interface ScanOrder extends ScanTask {
  readonly slot: number;
}

export interface ScanPool {
  /** Blocks in flight at most. */
  readonly slots: readonly ScanSlot[];
  /** Starts reading what slot `slot` holds; undefined when its lines must be read one by one. */
  start(slot: number, task: ScanTask): Promise<BlockReading | undefined>;
  close(): Promise<void>;
}

export const BLOCK_BYTES = 1 << 20;
/** Two for each thread: one is read while the other is filled or judged. */
const SLOTS_PER_THREAD = 2;
const THREAD_MEMORY = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 64 };

interface Reply {
  readonly slot: number;
  readonly reading: BlockReading | undefined;
}

/** `worker_url` names the `scan-worker` module. A thread that fails fails what waits for it. */
export function scanPool(worker_url: URL, threads_count: number): ScanPool {
  const slots = Array.from({ length: threads_count * SLOTS_PER_THREAD }, () => ({
    input: new Uint8Array(new SharedArrayBuffer(BLOCK_BYTES)),
    ids: new Float64Array(new SharedArrayBuffer(BLOCK_LINES_MAX * Float64Array.BYTES_PER_ELEMENT)),
  }));
  const waiting = new Map<number, PromiseWithResolvers<BlockReading | undefined>>();
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    // Without the code of the cause, which would pass for one of the ledger's file.
    failure ??= new Error("a verifying thread failed", { cause: error });
    for (const waiter of waiting.values()) waiter.reject(failure);
    waiting.clear();
  };
  const threads = Array.from({ length: threads_count }, () => {
    const thread = new Worker(worker_url, { workerData: slots, resourceLimits: THREAD_MEMORY });
    thread.on("message", ({ slot, reading }: Reply) => {
      waiting.get(slot)?.resolve(reading);
      waiting.delete(slot);
    });
    thread.on("error", fail);
    thread.on("exit", () => fail(new Error("a verifying thread ended early")));
    return thread;
  });
  return {
    slots,
    start(slot, { block_bytes, head_end }) {
      if (failure) return Promise.reject(failure);
      const waiter = Promise.withResolvers<BlockReading | undefined>();
      // The error may come while nobody awaits this block yet; the one who does still gets it.
      waiter.promise.catch(() => {});
      waiting.set(slot, waiter);
      threads[slot % threads_count]?.postMessage({ slot, block_bytes, head_end } satisfies ScanOrder);
      return waiter.promise;
    },
    async close() {
      await Promise.all(threads.map((thread) => thread.terminate()));
    },
  };
}
