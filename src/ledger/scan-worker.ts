/** Entry of a verifying thread: reads the blocks named to it in shared memory, one at a time, in the order asked. */
import { parentPort, workerData } from "node:worker_threads";
import { BlockReader } from "./block-reading.ts";
import { readSlot, type ScanOrder, type ScanSlot } from "./scan-pool.ts";

const slots = workerData as readonly ScanSlot[];
const reader = new BlockReader();

parentPort?.on("message", ({ slot, ...task }: ScanOrder) => {
  const shared = slots[slot];
  if (shared === undefined) throw new Error(`no slot ${slot}`);
  parentPort?.postMessage({ slot, reading: readSlot(reader, shared, task) });
});
