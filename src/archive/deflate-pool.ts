/** Where blocks are compressed: here, or on threads. The only file of this room that knows threads. */
import { Worker } from "node:worker_threads";
import { assert } from "../kernel/index.ts";
import { type BlockBuffer, type BlockTask, blockBuffer, blockCompressor } from "./deflate-block.ts";

export interface DeflatePool {
  /** Blocks in flight at most; block `i` uses buffer `i % slots`. */
  readonly buffers: readonly BlockBuffer[];
  /** Starts compressing what buffer `slot` holds; resolves to the packed length in its output area. */
  start(slot: number, task: BlockTask): Promise<number>;
  close(): Promise<void>;
}

export function deflateHere(): DeflatePool {
  const buffers = [blockBuffer((bytes) => new Uint8Array(bytes))];
  const compress = blockCompressor();
  return {
    buffers,
    start: async (slot, task) => compress(bufferAt(buffers, slot), task),
    close: async () => {},
  };
}

/** Two buffers a thread: one is packed while the other is filled or written out. */
const SLOTS_PER_WORKER = 2;
/** A thread keeps its state and makes little garbage; room for more would only be filled before it is collected. */
const THREAD_MEMORY = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 };

export function deflateOnThreads(worker_url: URL, worker_count: number): DeflatePool {
  const shared = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes));
  const buffers = Array.from({ length: worker_count * SLOTS_PER_WORKER }, () => blockBuffer(shared));
  const waiting = new Map<number, PromiseWithResolvers<number>>();
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    for (const waiter of waiting.values()) waiter.reject(failure);
    waiting.clear();
  };
  const workers = Array.from({ length: worker_count }, () => {
    const worker = new Worker(worker_url, { workerData: buffers, resourceLimits: THREAD_MEMORY });
    worker.on("message", ({ slot, packed_bytes }: { slot: number; packed_bytes: number }) => {
      waiting.get(slot)?.resolve(packed_bytes);
      waiting.delete(slot);
    });
    worker.on("error", fail);
    worker.on("exit", () => fail(new Error("a deflate thread ended early")));
    return worker;
  });
  return {
    buffers,
    start(slot, task) {
      if (failure) return Promise.reject(failure);
      const waiter = Promise.withResolvers<number>();
      // The error may come while nobody awaits this block yet; the one who does still gets it.
      waiter.promise.catch(() => {});
      waiting.set(slot, waiter);
      workers[slot % worker_count]?.postMessage({ slot, task });
      return waiter.promise;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function bufferAt(buffers: readonly BlockBuffer[], slot: number): BlockBuffer {
  const buffer = buffers[slot];
  assert(buffer, `no buffer ${slot}`);
  return buffer;
}
