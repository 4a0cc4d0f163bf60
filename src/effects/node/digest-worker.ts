/** Entry of a worker thread: digests its share of the files, or takes part in a job that threads share, and reports once. */
import { parentPort, workerData } from "node:worker_threads";
import { digestFilesHere } from "./digest-files.ts";
import { type FileJob, runJob } from "./file-jobs.ts";

const task = workerData as string[] | FileJob;
try {
  parentPort?.postMessage(
    Array.isArray(task) ? { digests: digestFilesHere(task) } : { problems: runJob(task) },
  );
} catch (error) {
  parentPort?.postMessage({ error });
}
