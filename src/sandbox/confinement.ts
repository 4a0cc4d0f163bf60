/** One program behind the wall, from its start to the end of its whole tree. */
import type { Channel, StartedProgram } from "../effects/index.ts";
import { BrokerSession } from "./broker.ts";
import type {
  CallLimits,
  Confined,
  ConfineNeeds,
  ConfineRequest,
  Ending,
  Outcome,
  StartRequest,
} from "./confined.ts";
import { make } from "./faults.ts";
import { lastWords } from "./printable.ts";
import { clearFolder, type PrivateTemp } from "./private-temp.ts";
import { processStart } from "./process-start.ts";
import { type CallSample, sampleCall } from "./wall/call-sample.ts";
import type { Denials } from "./wall/denials.ts";
import type { Meter } from "./wall/meter.ts";
import { ADMITTED, isAdmitted } from "./wall/start.ts";
import { readStatus, type WallStatus } from "./wall/status.ts";
import { StderrTail } from "./wall/stderr-tail.ts";
import type { Wall } from "./wall/wall.ts";

/** Second of the channels: see `perl-common.ts`. */
const DENIALS_CHANNEL = 1;
/** A program that is held goes on when it has read this, or anything. */
const GO = "g";

/** The last words of a tree that has ended are read in less. */
const LEFT_MS = 250;
const LEFT_SLICE_MS = 25;

/** What one program was started with and what stands around it. */
export interface Parts {
  readonly program: StartedProgram;
  readonly temp: PrivateTemp;
  readonly meter: Meter;
  readonly proxy: { close(): void } | undefined;
  readonly denials: Denials;
}

/** A program that was started: watched until nothing of its tree lives. */
export class Confinement {
  readonly #effects: ConfineNeeds;
  readonly #wall: Wall;
  readonly #request: StartRequest;
  readonly #parts: Parts;
  readonly #broker: BrokerSession | undefined;
  readonly #status: WallStatus = { started: false };
  readonly #begun = Promise.withResolvers<void>();
  readonly #done: Promise<Outcome>;
  #limits: CallLimits = {};
  #from_ms: number;
  #ended: Ending | undefined;
  /** Of the first process of the namespace; empty before it is there. */
  #init_start = "";
  #is_over = false;

  constructor(effects: ConfineNeeds, wall: Wall, request: StartRequest, parts: Parts) {
    this.#effects = effects;
    this.#wall = wall;
    this.#request = request;
    this.#parts = parts;
    this.#broker = this.#brokerSession();
    this.#from_ms = effects.clock.elapsed_ms();
    this.#done = this.#run();
    // Whoever only reads stdout still gets the fault from it.
    this.#done.catch(() => undefined);
  }

  get is_alive(): boolean {
    return !this.#is_over && this.#ended === undefined && this.#status.failed === undefined;
  }

  /** Kills the whole tree; resolves when nothing of it lives. Never throws. */
  async stop(): Promise<void> {
    this.#end("stopped");
    await this.#done.catch(() => undefined);
  }

  /** Time counts from here. */
  begin(stdin: ConfineRequest["stdin"], limits: CallLimits): Confined {
    const { program } = this.#parts;
    this.#limits = limits;
    this.#from_ms = this.#effects.clock.elapsed_ms();
    this.#begun.resolve();
    if (stdin !== "pipe") void program.stdin.write(stdin).then(() => program.stdin.end());
    if (this.#request.program.is_held === true) void program.channels[DENIALS_CHANNEL]?.write(GO);
    return {
      layer: this.#wall.layer,
      pid: program.pid,
      stdin: program.stdin,
      stdout: this.#counted(program.stdout),
      sample: () => this.#sample(),
      takeDenials: () => ({ ...this.#parts.denials.take(), is_watched: this.#status.is_watched === true }),
      kill: () => this.#end("stopped"),
      done: this.#done,
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
    this.#parts.meter.lookFirst();
    const { init_pid } = this.#status;
    // Killing its first process ends a namespace of processes at once.
    this.#parts.program.kill(init_pid === undefined ? [] : [init_pid]);
  }

  async *#counted(stdout: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const bytes_max = this.#limits.output_bytes_max ?? Number.POSITIVE_INFINITY;
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
        onInit: (pid) => {
          this.#init_start = processStart(this.#effects.fs, pid);
          void this.#admit(pid, entering, status);
        },
        onStart: () => meter.begin(this.#status.init_pid),
        onDenied: (rule, subject) => this.#parts.denials.addNamed(rule, subject, "kernel"),
      }),
      this.#parts.denials.read(denials.incoming),
      stderr.read(program.stderr),
    ]);
    const serving = this.#broker?.serve(broker);
    // Asked for when the program has ended; what goes wrong before ends nothing but this run.
    Promise.all([reading, serving]).catch(() => this.#end("stopped"));
    try {
      const watching = this.#watch();
      const { exit_code } = await program.ended;
      this.#is_over = true;
      this.#broker?.stop();
      await watching;
      await this.#untilSilent(reading);
      await serving;
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

  /**
   * Whoever holds a channel still lives. That is somebody only where another than we, as a machine out of memory, killed the one
   * that was building the wall: what it had begun waits for it for ever. As long as one of its group lives nobody else gets its
   * number, so a process that has it is a stranger.
   */
  async #untilSilent(reading: Promise<unknown>): Promise<void> {
    const { clock } = this.#effects;
    const silent = reading.then(() => true);
    for (let waited_ms = 0; waited_ms < LEFT_MS; waited_ms += LEFT_SLICE_MS)
      if (await Promise.race([silent, clock.sleep(LEFT_SLICE_MS).then(() => false)])) return;
    const { fs } = this.#effects;
    const { program } = this.#parts;
    const { init_pid = 0 } = this.#status;
    const group = processStart(fs, program.pid) === "" ? [-program.pid] : [];
    const is_same = this.#init_start !== "" && processStart(fs, init_pid) === this.#init_start;
    program.kill(is_same ? [...group, init_pid] : group);
    await silent;
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

  /** Time and memory, from when it began until it is over. */
  async #watch(): Promise<void> {
    const { clock } = this.#effects;
    const { meter, program } = this.#parts;
    const over = program.ended.then(() => undefined);
    await Promise.race([this.#begun.promise, over]);
    const { timeout_ms = Number.POSITIVE_INFINITY } = this.#limits;
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
      usage: {
        duration_ms,
        ...meter.usage(this.#status),
        ...this.#broker?.used,
        ...(this.#request.program.is_held === true ? { started_ahead: true } : {}),
      },
      denials: denials.listed,
      denials_dropped: denials.dropped,
      is_watched: this.#status.is_watched === true,
      stderr,
    };
  }
}
