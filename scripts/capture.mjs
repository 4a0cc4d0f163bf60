/** Runs one program to its end and keeps what it said. */
import { spawn } from "node:child_process";

/** `env` is laid over this process's own; an undefined value removes the name. Never throws for an exit code. */
export function capture(command, args, { cwd, env = {}, live = false } = {}) {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const whole = Object.fromEntries(
      Object.entries({ ...process.env, ...env }).filter(([, value]) => value !== undefined),
    );
    const child = spawn(command, args, { cwd, env: whole, stdio: ["ignore", "pipe", "pipe"] });
    const streams = { stdout: [], stderr: [] };
    for (const name of ["stdout", "stderr"]) {
      child[name].on("data", (chunk) => {
        streams[name].push(chunk);
        if (live) process[name].write(chunk);
      });
    }
    child.once("error", reject);
    child.once("close", (exit_code, signal) => {
      const [stdout, stderr] = [streams.stdout, streams.stderr].map((all) =>
        Buffer.concat(all).toString("utf8"),
      );
      resolve({ exit_code, signal, stdout, stderr, duration_ms: performance.now() - began });
    });
  });
}

/** `"1.2 s"`. */
export const seconds = (duration_ms) => `${(duration_ms / 1000).toFixed(1)} s`;
