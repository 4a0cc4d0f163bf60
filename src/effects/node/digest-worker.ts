/**
 * Entry of a worker thread: digests its share of the files, or takes part in a job that threads share, and reports once; or,
 * started without a task, takes part in one job after another.
 */
import { parentPort, workerData } from "node:worker_threads";
import { digestFilesHere } from "./digest-files.ts";
import { type DigestJob, type FileJob, runJob } from "./file-jobs.ts";

const task = workerData as string[] | FileJob | null;
const reply = (work: () => object): void => {
  try {
    parentPort?.postMessage(work());
  } catch (error) {
    parentPort?.postMessage({ error });
  }
};

if (Array.isArray(task)) reply(() => ({ digests: digestFilesHere(task) }));
else if (task !== null) reply(() => ({ problems: runJob(task) }));
else {
  parentPort?.on("message", (job: DigestJob) => {
    Atomics.store(job.joined, 0, 1);
    reply(() => ({ problems: runJob(job) }));
  });
}
