/** Entry of a verifying thread: reads the blocks named to it in shared memory, one at a time, in the order asked. */
import { parentPort, workerData } from "node:worker_threads";
import { readBlock } from "./block-reading.ts";
import type { ScanOrder, ScanSlot } from "./scan-pool.ts";

const slots = workerData as readonly ScanSlot[];
let block: Buffer = Buffer.alloc(0);

parentPort?.on("message", ({ slot, block_bytes, head_end }: ScanOrder) => {
  const shared = slots[slot];
  if (shared === undefined) throw new Error(`no slot ${slot}`);
  // Hashing needs memory that no other thread can change.
  if (block.length < shared.input.length) block = Buffer.allocUnsafe(shared.input.length);
  block.set(shared.input.subarray(0, block_bytes));
  const reading = readBlock(block.subarray(0, block_bytes), head_end, shared.ids);
  parentPort?.postMessage({ slot, reading });
});
