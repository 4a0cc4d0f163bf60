/** Builds the real effects. Only `bin`, tests and the bench call this. */
import { randomFillSync } from "node:crypto";
import { availableParallelism, homedir } from "node:os";
import type { Clock, Effects, Host, Random } from "../ports.ts";
import { nodeDatabases } from "./databases.ts";
import { nodeFileSystem } from "./file-system.ts";
import { nodeLocks } from "./locks.ts";
import { nodeNetwork } from "./network.ts";
import { nodePrograms } from "./programs.ts";
import { nodeSockets } from "./sockets.ts";
import { nodeSubprocess } from "./subprocess.ts";
import { nodeTerminal } from "./terminal.ts";
import { nodeWorkers } from "./workers.ts";

const clock: Clock = {
  now_ms: () => Date.now(),
  elapsed_ms: () => performance.now(),
  breathe: () => new Promise((resolve) => setImmediate(resolve)),
  sleep: (duration_ms) => new Promise((resolve) => setTimeout(resolve, duration_ms)),
};

/** Drawn many at once: to ask for 16 bytes costs as much as to ask for 4096. Each is handed out once. */
const drawn = Buffer.alloc(4096);
let drawn_used = drawn.length;

const random: Random = {
  hex(bytes) {
    if (bytes > drawn.length) return randomFillSync(Buffer.alloc(bytes)).toString("hex");
    if (drawn_used + bytes > drawn.length) {
      randomFillSync(drawn);
      drawn_used = 0;
    }
    const text = drawn.toString("hex", drawn_used, drawn_used + bytes);
    drawn.fill(0, drawn_used, drawn_used + bytes);
    drawn_used += bytes;
    return text;
  },
};

function nodeHost(): Host {
  return {
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    platform: process.platform,
    arch: process.arch,
    node_version: process.versions.node,
    pid: process.pid,
    uid: process.getuid?.() ?? -1,
    cpu_count: availableParallelism(),
  };
}

export function nodeEffects(
  options: { host?: Partial<Host>; signal?: AbortSignal; worker_url?: URL } = {},
): Effects {
  const host: Host = { ...nodeHost(), ...options.host };
  const worker_url = options.worker_url ?? new URL("./digest-worker.ts", import.meta.url);
  const signal = options.signal ?? new AbortController().signal;
  return {
    fs: nodeFileSystem,
    clock,
    random,
    subprocess: nodeSubprocess,
    programs: nodePrograms,
    sockets: nodeSockets,
    network: nodeNetwork,
    locks: nodeLocks,
    workers: nodeWorkers(worker_url, host.cpu_count),
    databases: nodeDatabases,
    terminal: nodeTerminal(signal),
    host,
    signal,
  };
}
