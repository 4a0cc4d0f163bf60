import type { Subprocess } from "../ports.ts";

/**
 * execa's own timeout waits for grandchildren that hold stdout, so the limit is kept here by killing the process group.
 */
export const nodeSubprocess: Subprocess = {
  async run({ argv, cwd, env, stdin, limits, signal }) {
    // Loaded with the first subprocess: most commands start none.
    const { execa } = await import("execa");
    signal?.throwIfAborted();
    const [file = "", ...args] = argv;
    const child = execa(file, args, {
      cwd,
      env: { ...env },
      extendEnv: false,
      encoding: "buffer",
      reject: false,
      detached: true,
      cleanup: true,
      stripFinalNewline: false,
      maxBuffer: limits.stdout_bytes_max,
      ...(stdin === undefined ? { stdin: "ignore" as const } : { input: stdin }),
    });
    let timed_out = false;
    const killGroup = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // The group is already gone.
      }
    };
    const timer = setTimeout(() => {
      timed_out = true;
      killGroup();
    }, limits.timeout_ms);
    signal?.addEventListener("abort", killGroup, { once: true });
    try {
      const result = await child;
      signal?.throwIfAborted();
      if (result.failed && result.exitCode === undefined && result.signal === undefined)
        throw result as Error;
      return {
        exit_code: result.exitCode ?? null,
        signal: result.signal ?? null,
        stdout: Buffer.from(result.stdout),
        stderr: Buffer.from(result.stderr).toString("utf8"),
        timed_out,
      };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", killGroup);
      killGroup();
    }
  },
};
