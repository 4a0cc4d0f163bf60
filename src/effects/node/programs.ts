import type { ChildProcess } from "node:child_process";
import { writeFile } from "node:fs/promises";
import type { Duplex, Readable, Writable } from "node:stream";
import type { Programs } from "../program-ports.ts";
import { channelOf, reading, writing } from "./channel.ts";

export const nodePrograms: Programs = {
  enterGroup: (pid, folder) => writeFile(`${folder}/cgroup.procs`, String(pid)),

  async start({ argv, cwd, env, channels }) {
    // Loaded with the first program: most commands start none.
    const { spawn } = await import("node:child_process");
    const [file = "", ...args] = argv;
    // Node makes each of these a pair of sockets, so a channel carries both directions.
    const stdio = Array.from({ length: 3 + channels }, () => "pipe" as const);
    const child = spawn(file, args, { cwd, env: { ...env }, stdio, detached: true });
    const ended = new Promise<{ exit_code: number | null; signal: string | null }>((resolve) => {
      child.once("exit", (exit_code, signal) => resolve({ exit_code, signal }));
    });
    const pid = await started(child);
    const [stdin, stdout, stderr, ...others] = child.stdio as unknown as [
      Writable,
      Readable,
      Readable,
      ...Duplex[],
    ];
    return {
      pid,
      stdin: writing(stdin),
      stdout: reading(stdout),
      stderr: reading(stderr),
      channels: others.map(channelOf),
      ended,
      kill: (also = []) => {
        // The number of a program that was waited for may be somebody else's by now.
        const own = child.exitCode === null && child.signalCode === null ? [-pid] : [];
        for (const one of [...own, ...also]) killOne(one);
      },
    };
  },
};

function started(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve(child.pid ?? 0));
    child.once("error", reject);
  });
}

function killOne(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Already gone.
  }
}
