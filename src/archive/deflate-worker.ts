/** Entry of a deflate thread: compresses the blocks named to it in shared memory, one at a time, in the order asked. */
import { parentPort, workerData } from "node:worker_threads";
import { type BlockBuffer, type BlockTask, blockCompressor } from "./deflate-block.ts";

const buffers = workerData as readonly BlockBuffer[];
const compress = blockCompressor();

parentPort?.on("message", ({ slot, task }: { slot: number; task: BlockTask }) => {
  const buffer = buffers[slot];
  if (buffer) parentPort?.postMessage({ slot, packed_bytes: compress(buffer, task) });
});
