import type { FileDigest, StampTable, Workers } from "../ports.ts";
import { DigestCrew } from "./digest-crew.ts";
import { digestFilesHere } from "./digest-files.ts";
import { type FileJob, type Problem, runJob } from "./file-jobs.ts";

/** Below this many files a worker costs more to start than it saves. */
const FILES_PER_WORKER_MIN = 2_000;

/** Looking at a file costs a tenth of reading it. */
const STAMPS_PER_WORKER_MIN = 20_000;

interface Reply {
  readonly problems?: readonly Problem[];
  readonly digests?: (FileDigest | undefined)[];
  readonly error?: Error;
}

/** `worker_url` names the built `digest-worker` module; the main thread takes the first share itself. */
export function nodeWorkers(worker_url: URL, cpu_count: number): Workers {
  const crew = new DigestCrew(worker_url, cpu_count - 1);
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
    startTable: (paths, known, options) => crew.start(paths, known, options ?? {}),
    async changedStamps(table, count_max) {
      // Room for one more, which says that there are more.
      const changes = new Int32Array(new SharedArrayBuffer((count_max + 2) * 4));
      const next = new Int32Array(new SharedArrayBuffer(4));
      const threads = Math.min(cpu_count, Math.floor(table.ends.length / STAMPS_PER_WORKER_MIN));
      const shared = threads < 2 ? table : shareable(table);
      await runShared(worker_url, { kind: "compare", ...shared, next, changes }, threads);
      const count = Math.min(changes[0] ?? 0, count_max + 1);
      return [...changes.subarray(1, 1 + count)].sort((a, b) => a - b);
    },
  };
}

/** The other threads start at once; this one joins them as soon as the caller waits, and takes what is left. */
async function runShared(worker_url: URL, job: FileJob, threads: number): Promise<Problem[]> {
  if (threads < 2) return runJob(job);
  const others = Array.from({ length: threads - 1 }, () => startThread(worker_url, job));
  await new Promise((resolve) => setImmediate(resolve));
  const here = runJob(job);
  const replies = await Promise.all(others);
  return [...here, ...replies.flatMap(({ problems }) => problems ?? [])];
}

function shareable({ paths, ends, stamps }: StampTable): StampTable {
  return {
    paths: copied(paths, new Uint8Array(new SharedArrayBuffer(paths.byteLength))),
    ends: copied(ends, new Uint32Array(new SharedArrayBuffer(ends.byteLength))),
    stamps: copied(stamps, new BigUint64Array(new SharedArrayBuffer(stamps.byteLength))),
  };
}

function copied<T extends Uint8Array | Uint32Array | BigUint64Array>(from: T, to: T): T {
  if (from.buffer instanceof SharedArrayBuffer) return from;
  to.set(from as never);
  return to;
}

async function runShare(worker_url: URL, paths: readonly string[]): Promise<(FileDigest | undefined)[]> {
  const { digests } = await startThread(worker_url, paths);
  if (digests === undefined) throw new Error("a digest worker sent nothing");
  return digests;
}

async function startThread(worker_url: URL, task: FileJob | readonly string[]): Promise<Reply> {
  const { Worker } = await import("node:worker_threads");
  return new Promise((resolve, reject) => {
    const worker = new Worker(worker_url, { workerData: task });
    worker.once("message", (reply: Reply) => {
      if (reply.error === undefined) resolve(reply);
      else reject(reply.error);
    });
    worker.once("error", reject);
  });
}
