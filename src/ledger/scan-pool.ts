/** Threads that read blocks of lines. The only file of this room that knows threads. */
import { Worker } from "node:worker_threads";
import { DIGEST_BYTES } from "../kernel/index.ts";
import {
  BLOCK_BYTES,
  BLOCK_LINES_MAX,
  type BlockColumns,
  BlockReader,
  type BlockReading,
} from "./block-reading.ts";

/** Memory that a thread and its caller share. */
export interface ScanSlot extends BlockColumns {
  readonly input: Uint8Array;
}

export interface ScanTask {
  readonly block_bytes: number;
  /** Where the head's entry ends inside the block; -1 when elsewhere. */
  readonly head_end: number;
  /** Whether the hashes of the tree are wanted too. */
  readonly with_leaves: boolean;
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

/** Blocks are joined in order: enough that no thread waits while another one is kept from running. */
const SLOTS_PER_THREAD = 4;
const THREAD_MEMORY = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 };

interface Reply {
  readonly slot: number;
  readonly reading: BlockReading | undefined;
}

function slotsOf(count: number, memory: (bytes: number) => ArrayBufferLike): ScanSlot[] {
  return Array.from({ length: count }, () => ({
    input: new Uint8Array(memory(BLOCK_BYTES)),
    ids: new Float64Array(memory(BLOCK_LINES_MAX * Float64Array.BYTES_PER_ELEMENT)),
    leaves: new Uint8Array(memory(BLOCK_LINES_MAX * DIGEST_BYTES)),
  }));
}

/** Reads the block in a slot; copied first, so that nobody changes it meanwhile. */
export function readSlot(
  reader: BlockReader,
  { input, ids, leaves }: ScanSlot,
  { block_bytes, head_end, with_leaves }: ScanTask,
): BlockReading | undefined {
  reader.input.set(input.subarray(0, block_bytes));
  const columns = { ids, leaves: with_leaves ? leaves : leaves.subarray(0, 0) };
  return reader.read(block_bytes, head_end, columns);
}

/** Reads them in this thread. */
export function scanHere(): ScanPool {
  const slots = slotsOf(1, (bytes) => new ArrayBuffer(bytes));
  const reader = new BlockReader();
  return {
    slots,
    start: async (slot, task) => readSlot(reader, slots[slot] as ScanSlot, task),
    close: async () => {},
  };
}

/** `worker_url` names the `scan-worker` module. A thread that fails fails what waits for it. */
export function scanOnThreads(worker_url: URL, threads_count: number): ScanPool {
  const slots = slotsOf(threads_count * SLOTS_PER_THREAD, (bytes) => new SharedArrayBuffer(bytes));
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
    const one = { thread, orders_count: 0 };
    thread.on("message", ({ slot, reading }: Reply) => {
      one.orders_count--;
      waiting.get(slot)?.resolve(reading);
      waiting.delete(slot);
    });
    thread.on("error", fail);
    thread.on("exit", () => fail(new Error("a verifying thread ended early")));
    return one;
  });
  return {
    slots,
    start(slot, { block_bytes, head_end, with_leaves }) {
      if (failure) return Promise.reject(failure);
      const waiter = Promise.withResolvers<BlockReading | undefined>();
      // The error may come while nobody awaits this block yet; the one who does still gets it.
      waiter.promise.catch(() => {});
      waiting.set(slot, waiter);
      const idlest = threads.reduce((a, b) => (b.orders_count < a.orders_count ? b : a));
      idlest.orders_count++;
      idlest.thread.postMessage({
        slot,
        block_bytes,
        head_end,
        with_leaves,
      } satisfies ScanOrder);
      return waiter.promise;
    },
    async close() {
      await Promise.all(threads.map(({ thread }) => thread.terminate()));
    },
  };
}

/**
 * A thread that does one thing and reports once; undefined when it could not. Nothing keeps the process alive until somebody
 * waits for the reply.
 */
export function startThread(
  worker_url: URL,
  workerData: unknown,
): { readonly reply: () => Promise<unknown> } {
  const thread = new Worker(worker_url, { workerData });
  thread.unref();
  const reply = new Promise<unknown>((resolve) => {
    thread.once("message", resolve);
    thread.once("error", () => resolve(undefined));
    thread.once("exit", () => resolve(undefined));
  });
  return {
    reply() {
      thread.ref();
      return reply;
    },
  };
}
