/** Starts one program behind the wall, watches it, and ends its whole tree. */
import type { Channel, StartedProgram } from "../effects/index.ts";
import { BrokerSession } from "./broker.ts";
import type { Confined, ConfineNeeds, ConfineRequest, Ending, Outcome } from "./confined.ts";
import { TOOL_ENVIRONMENT } from "./environment.ts";
import { make } from "./faults.ts";
import { lastWords } from "./printable.ts";
import { makePrivateTemp, type PrivateTemp } from "./private-temp.ts";
import { serveProxy } from "./proxy/serve.ts";
import { type CallSample, sampleCall } from "./wall/call-sample.ts";
import { Denials } from "./wall/denials.ts";
import { makeWrittenFolders } from "./wall/granted-paths.ts";
import { type Meter, meterFor } from "./wall/meter.ts";
import { ADMITTED, isAdmitted, prepare } from "./wall/start.ts";
import { readStatus, type WallStatus } from "./wall/status.ts";
import { StderrTail } from "./wall/stderr-tail.ts";
import type { Wall } from "./wall/wall.ts";

/** Status, denials, broker: see `perl-common.ts`. */
const CHANNELS = 3;

/**
 * The program sees what its profile allows and nothing else, and ends with everything it started: when it ends itself, at a
 * limit, by `kill`, or when we die.
 * @throws SANDBOX_TOO_MANY_PATHS, JAIL_WOULD_EXPOSE, TEMP_UNUSABLE, ENOENT for an interpreter that is not there. That the wall
 * could not be built is told by `done`: SANDBOX_NOT_STARTED, and the program did not run.
 */
export async function confine(effects: ConfineNeeds, wall: Wall, request: ConfineRequest): Promise<Confined> {
  effects.signal.throwIfAborted();
  request.signal?.throwIfAborted();
  const temp = await makePrivateTemp(effects);
  const denials = new Denials(request.plane_root);
  let meter: Meter | undefined;
  let proxy: { close(): void } | undefined;
  try {
    makeWrittenFolders(effects.fs, request.plane_root, request.profile.files.write);
    meter = meterFor(effects, request.limits);
    const { domains } = request.profile;
    const proxy_socket = domains.length > 0 ? `${temp.path}/proxy.sock` : undefined;
    if (proxy_socket !== undefined) {
      const onDenied = (subject: string): void => denials.add("network", subject, "proxy");
      proxy = await serveProxy(effects, { path: proxy_socket, domains, onDenied });
    }
    const around = { folder: temp.path, groups: meter.groups, proxy_socket };
    const { argv } = prepare(effects, wall, request, around);
    const env = TOOL_ENVIRONMENT;
    const program = await effects.programs.start({ argv, cwd: "/", env, channels: CHANNELS });
    return new Confinement(effects, wall, request, { program, temp, meter, proxy, denials }).confined();
  } catch (error) {
    proxy?.close();
    await meter?.remove();
    clearFolder(effects.fs, temp.path);
    await temp.remove();
    throw error;
  }
}

/** Only files of ours lie there: no program has to be started to remove them. */
function clearFolder(fs: ConfineNeeds["fs"], folder: string): void {
  for (const { name } of fs.list(folder)) fs.remove(`${folder}/${name}`);
}

interface Parts {
  readonly program: StartedProgram;
  readonly temp: PrivateTemp;
  readonly meter: Meter;
  readonly proxy: { close(): void } | undefined;
  readonly denials: Denials;
}

class Confinement {
  readonly #effects: ConfineNeeds;
  readonly #wall: Wall;
  readonly #request: ConfineRequest;
  readonly #parts: Parts;
  readonly #broker: BrokerSession | undefined;
  readonly #status: WallStatus = { started: false };
  readonly #from_ms: number;
  #ended: Ending | undefined;
  #is_over = false;

  constructor(effects: ConfineNeeds, wall: Wall, request: ConfineRequest, parts: Parts) {
    this.#effects = effects;
    this.#wall = wall;
    this.#request = request;
    this.#parts = parts;
    this.#broker = this.#brokerSession();
    this.#from_ms = effects.clock.elapsed_ms();
  }

  confined(): Confined {
    const { program } = this.#parts;
    const { stdin } = this.#request;
    const done = this.#run();
    // Whoever only reads stdout still gets the fault from `done`.
    done.catch(() => undefined);
    if (stdin !== "pipe") void program.stdin.write(stdin).then(() => program.stdin.end());
    return {
      layer: this.#wall.layer,
      pid: program.pid,
      stdin: program.stdin,
      stdout: this.#counted(program.stdout),
      sample: () => this.#sample(),
      takeDenials: () => ({ ...this.#parts.denials.take(), is_watched: this.#status.is_watched === true }),
      kill: () => this.#end("stopped"),
      done,
    };
  }

  #sample(): CallSample | undefined {
    const { init_pid, started } = this.#status;
    return started && init_pid !== undefined ? sampleCall(this.#effects.fs, init_pid) : undefined;
  }

  #brokerSession(): BrokerSession | undefined {
    const { broker, profile } = this.#request;
    if (broker === undefined || profile.broker === undefined) return undefined;
    return new BrokerSession(broker, profile.broker, {
      onDenied: (rule, subject) => this.#parts.denials.add(rule, subject, "broker"),
      onExceeded: () => this.#end("broker_exceeded"),
    });
  }

  /** The first reason is the reason. */
  #end(why: Ending): void {
    if (this.#is_over) return;
    this.#ended ??= why;
    this.#broker?.stop();
    const { init_pid } = this.#status;
    // Killing its first process ends a namespace of processes at once.
    this.#parts.program.kill(init_pid === undefined ? [] : [init_pid]);
  }

  async *#counted(stdout: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const bytes_max = this.#request.limits.output_bytes_max ?? Number.POSITIVE_INFINITY;
    let bytes = 0;
    for await (const chunk of stdout) {
      const left = bytes_max - bytes;
      bytes += chunk.length;
      if (chunk.length > left) {
        this.#end("output_too_large");
        if (left > 0) yield chunk.subarray(0, left);
        return;
      }
      yield chunk;
    }
  }

  async #run(): Promise<Outcome> {
    const { program, meter, temp } = this.#parts;
    const stderr = new StderrTail(this.#request.onStderr, () => this.#end("output_too_large"));
    const stop = (): void => this.#end("stopped");
    const signals = [this.#effects.signal, ...(this.#request.signal ? [this.#request.signal] : [])];
    for (const signal of signals) signal.addEventListener("abort", stop, { once: true });
    const [status, denials, broker] = program.channels as readonly [Channel, Channel, Channel];
    const entering = this.#is_admitted ? this.#enterGroups(program.pid).catch(() => undefined) : undefined;
    const reading = Promise.all([
      readStatus(status.incoming, this.#status, {
        onInit: (pid) => void this.#admit(pid, entering, status),
        onStart: () => meter.begin(this.#status.init_pid),
        onDenied: (rule, subject) => this.#parts.denials.addNamed(rule, subject, "kernel"),
      }),
      this.#parts.denials.read(denials.incoming),
      stderr.read(program.stderr),
      this.#broker?.serve(broker),
    ]);
    // Asked for when the program has ended; what goes wrong before ends nothing but this run.
    reading.catch(() => this.#end("stopped"));
    try {
      const watching = this.#watch();
      const { exit_code } = await program.ended;
      this.#is_over = true;
      this.#broker?.stop();
      await watching;
      await reading;
      for (const signal of signals) signal.throwIfAborted();
      this.#requireStarted(stderr.text);
      return this.#outcome(exit_code, stderr.text);
    } finally {
      for (const signal of signals) signal.removeEventListener("abort", stop);
      this.#broker?.stop();
      for (const channel of program.channels) channel.close();
      this.#parts.proxy?.close();
      await meter.remove();
      clearFolder(this.#effects.fs, temp.path);
      await temp.remove();
    }
  }

  get #is_admitted(): boolean {
    return isAdmitted(this.#wall, this.#parts.meter.groups);
  }

  async #enterGroups(pid: number): Promise<void> {
    for (const folder of this.#parts.meter.groups) await this.#effects.programs.enterGroup(pid, folder);
  }

  /**
   * Lets the first process go on when it is in its groups. The program that builds the wall went first: where that was early
   * enough, the other is in them already; the kernel is quicker the second time in any case.
   */
  async #admit(init_pid: number, earlier: Promise<void> | undefined, status: Channel): Promise<void> {
    if (!this.#is_admitted) return;
    try {
      await earlier;
      // Its number may be somebody else's by now.
      if (this.#is_over) return;
      await this.#enterGroups(init_pid);
      await status.write(ADMITTED);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.#status.failed ??= `its control groups cannot be entered: ${lastWords(problem)}`;
      if (!this.#is_over) this.#parts.program.kill([init_pid]);
    }
  }

  /** Time and memory, until it is over. */
  async #watch(): Promise<void> {
    const { clock } = this.#effects;
    const { timeout_ms = Number.POSITIVE_INFINITY } = this.#request.limits;
    const { meter, program } = this.#parts;
    const over = program.ended.then(() => undefined);
    while (!this.#is_over) {
      const left_ms = timeout_ms - (clock.elapsed_ms() - this.#from_ms);
      if (left_ms <= 0) return this.#end("timed_out");
      await Promise.race([clock.sleep(Math.min(left_ms, meter.interval_ms)), over]);
      if (this.#is_over) return;
      if (meter.isExceeded()) return this.#end("memory_exceeded");
    }
  }

  #requireStarted(said: string): void {
    const { started, failed } = this.#status;
    if (started || this.#ended !== undefined) return;
    const { layer } = this.#wall;
    const reason = failed ?? (lastWords(said) || "it said nothing");
    throw make("SANDBOX_NOT_STARTED", `the ${layer} sandbox could not be built: ${reason}`, {
      layer,
      reason,
    });
  }

  #outcome(exit_code: number | null, stderr: string): Outcome {
    const { meter, denials } = this.#parts;
    const duration_ms = Math.round(this.#effects.clock.elapsed_ms() - this.#from_ms);
    const was_oom = this.#ended === undefined && meter.isExceeded();
    const ended = this.#ended ?? (was_oom ? "memory_exceeded" : "exited");
    return {
      ended,
      exit_code: ended === "exited" ? exit_code : null,
      usage: { duration_ms, ...meter.usage(this.#status), ...this.#broker?.used },
      denials: denials.listed,
      denials_dropped: denials.dropped,
      is_watched: this.#status.is_watched === true,
      stderr,
    };
  }
}
