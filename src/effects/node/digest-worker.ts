/** Entry of a worker thread: digests its share of the files and reports once. */
import { parentPort, workerData } from "node:worker_threads";
import { digestFilesHere } from "./digest-files.ts";

try {
  parentPort?.postMessage({ digests: digestFilesHere(workerData as string[]) });
} catch (error) {
  parentPort?.postMessage({ error });
}
