/** Stands in for `confine` of the sandbox until it is there. */
import type { Effects } from "../effects/index.ts";
import { type Confined, type ConfineRequest, findJail, type Outcome, runJailed } from "../sandbox/index.ts";
import { make } from "./faults.ts";

export async function confine(effects: Effects, request: ConfineRequest): Promise<Confined> {
  const { jail, tried } = await findJail(effects);
  if (jail === undefined)
    throw make("plugin_sandbox_missing", "no layer of the sandbox holds on this machine", {
      namespace: "",
      layers: tried.map(({ layer, reason }) => `${layer}: ${reason}`),
      command: "apt-get install bubblewrap",
    });
  const { program, limits } = request;
  const began_ms = effects.clock.elapsed_ms();
  const stop = new AbortController();
  const most = limits.output_bytes_max ?? 1 << 20;
  const result = runJailed({ ...effects, signal: AbortSignal.any([effects.signal, stop.signal]) }, jail, {
    argv: [program.executable, program.entrypoint, ...(program.args ?? [])],
    cwd: request.plane_root,
    readable: [program.entrypoint.slice(0, program.entrypoint.lastIndexOf("/")), ...program.readable],
    hidden: request.hidden ?? [],
    env: request.environment,
    stdin: request.stdin,
    limits: { timeout_ms: limits.timeout_ms ?? 1000, stdout_bytes_max: most },
  });
  const done = result.then(
    ({ timed_out, exit_code, stdout, stderr }): Outcome => ({
      ended: timed_out ? "timed_out" : stdout.length >= most ? "output_too_large" : "exited",
      exit_code,
      usage: {
        duration_ms: Math.round(effects.clock.elapsed_ms() - began_ms),
        peak_memory_bytes: 0,
        memory_measured: "sampled",
        cpu_ms: 0,
        cpu_measured: "sampled",
      },
      denials: [],
      denials_dropped: 0,
      stderr,
    }),
  );
  return {
    layer: jail.layer,
    adds: [],
    pid: 0,
    stdin: { write: async () => undefined, end: () => undefined },
    stdout: (async function* () {
      yield (await result).stdout;
    })(),
    kill: () => stop.abort(new Error("killed")),
    done,
  };
}
