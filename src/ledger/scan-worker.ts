/** Entry of a verifying thread: reads the blocks named to it in shared memory, one at a time, in the order asked. */
import { parentPort, workerData } from "node:worker_threads";
import { readBlock } from "./block-reading.ts";
import { BLOCK_BYTES, type ScanOrder, type ScanSlot } from "./scan-pool.ts";

const slots = workerData as readonly ScanSlot[];
/** Hashing needs memory that no other thread can change. */
const block = Buffer.allocUnsafe(1 + BLOCK_BYTES);

parentPort?.on("message", ({ slot, block_bytes, head_end, with_leaves }: ScanOrder) => {
  const shared = slots[slot];
  if (shared === undefined) throw new Error(`no slot ${slot}`);
  block.set(shared.input.subarray(0, block_bytes), 1);
  const columns = { ids: shared.ids, leaves: with_leaves ? shared.leaves : shared.leaves.subarray(0, 0) };
  const reading = readBlock(block.subarray(0, 1 + block_bytes), head_end, columns);
  parentPort?.postMessage({ slot, reading });
});
