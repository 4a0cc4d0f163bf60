/** Ends what a plugin on a host program left running. */
import type { Effects } from "../../effects/index.ts";
import { runningIn, type Sought } from "../oracle/processes.ts";

type Needs = Pick<Effects, "fs" | "host" | "subprocess">;

/** One that starts another while it is looked for is found the next time. */
const ROUNDS_MAX = 5;
const LIMITS = { timeout_ms: 10_000, stdout_bytes_max: 1 << 12 };

/** The shell's own `kill`, since not every system has a program of that name; the words it gets are numbers. */
export async function endLeft(effects: Needs, sought: Sought): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const pids = runningIn(effects, sought).running.map(({ pid }) => String(pid));
    if (pids.length === 0) return;
    const argv = ["/bin/sh", "-c", 'kill -9 "$@"', "sh", ...pids];
    await effects.subprocess.run({ argv, cwd: "/", env: {}, limits: LIMITS });
  }
}
