import type { FileDigest, Workers } from "../ports.ts";
import { digestFilesHere } from "./digest-files.ts";

/** Below this many files a worker costs more to start than it saves. */
const FILES_PER_WORKER_MIN = 2_000;

interface Reply {
  readonly digests?: (FileDigest | undefined)[];
  readonly error?: Error;
}

/** `worker_url` names the built `digest-worker` module; the main thread takes the first share itself. */
export function nodeWorkers(worker_url: URL, cpu_count: number): Workers {
  return {
    async digestFiles(paths) {
      const shares = Math.min(cpu_count, Math.floor(paths.length / FILES_PER_WORKER_MIN));
      if (shares < 2) return digestFilesHere(paths);
      const share = Math.ceil(paths.length / shares);
      const others = Array.from({ length: shares - 1 }, (_, i) =>
        runShare(worker_url, paths.slice((i + 1) * share, (i + 2) * share)),
      );
      // Starting threads is asynchronous: give them the chance before this thread gets busy.
      await new Promise((resolve) => setImmediate(resolve));
      const first = digestFilesHere(paths.slice(0, share));
      return [first, ...(await Promise.all(others))].flat();
    },
  };
}

async function runShare(worker_url: URL, paths: readonly string[]): Promise<(FileDigest | undefined)[]> {
  const { Worker } = await import("node:worker_threads");
  return new Promise((resolve, reject) => {
    const worker = new Worker(worker_url, { workerData: paths });
    worker.once("message", (reply: Reply) => {
      if (reply.digests) resolve(reply.digests);
      else reject(reply.error ?? new Error("a digest worker sent nothing"));
    });
    worker.once("error", reject);
  });
}
