/**
 * For a host that lives long: each call is judged, counted and recorded the same way, and only the start of the process is saved.
 * A plugin whose manifest requires "workers" says so that it answers one request a line with its `id` when it is started with
 * `--worker`, and is kept warm: a worker serves calls of one plugin, one state of its files, one set of permissions. Others get a
 * process for each call, which stands ready before the call where they are called again and again.
 */
import type { Effects } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { confine } from "../sandbox/index.ts";
import { abandon, begin, finish } from "./accepted.ts";
import type { Begun, Ended } from "./begun.ts";
import type { Hosting } from "./hosting.ts";
import type { Prepared } from "./prepare.ts";
import { ReadyProcesses } from "./ready-processes.ts";
import { recordRefusal } from "./record.ts";
import { Resting, type RestingKey } from "./resting.ts";
import { workerKeyOf } from "./resting-key.ts";
import { accept, refusing, runPrepared } from "./run-action.ts";
import type { RunRequest, RunResult } from "./run-request.ts";
import { confinement } from "./spawned.ts";
import { wallFor } from "./wall.ts";
import { Worker } from "./worker.ts";

export interface PoolOptions {
  /** What nobody asked for so long is ended: a worker, or a process that stands ready. */
  readonly idle_ms: number;
  /** Calls after which a worker is ended. */
  readonly calls_max: number;
  /** Idle workers of all plugins together; the one asked longest ago goes first. */
  readonly workers_max: number;
  /** Processes that stand ready, of all plugins together; 0 for none. */
  readonly ready_max: number;
}

const POOL_DEFAULTS: PoolOptions = { idle_ms: 60_000, calls_max: 1000, workers_max: 16, ready_max: 4 };

export class ActionPool {
  readonly #effects: Effects;
  readonly #plane: Plane;
  readonly #hosting: Hosting;
  readonly #options: PoolOptions;
  readonly #resting: Resting<Worker>;
  readonly #ready: ReadyProcesses;
  #is_stopped = false;

  constructor(effects: Effects, plane: Plane, hosting: Hosting, options: Partial<PoolOptions> = {}) {
    this.#effects = effects;
    this.#plane = plane;
    this.#hosting = hosting;
    this.#options = { ...POOL_DEFAULTS, ...options };
    const { idle_ms, workers_max, ready_max } = this.#options;
    this.#resting = new Resting(effects.clock, { idle_ms, count_max: workers_max });
    this.#ready = new ReadyProcesses(effects, plane, hosting, { idle_ms, count_max: ready_max });
  }

  /** Workers that wait for a call. */
  get resting_count(): number {
    return this.#resting.count;
  }

  /** Processes that stand ready for one. */
  get ready_count(): number {
    return this.#ready.count;
  }

  /** @throws as `runAction`; nothing is tried twice, since the first try may have had its effect */
  async run(request: RunRequest): Promise<RunResult> {
    const effects = this.#effects;
    const plane = this.#plane;
    const prepared = await this.#accept(request);
    // One that reads its input to the end would wait for ever; and what an agent spends is counted run by run.
    const { asked, manifest } = prepared.plugin;
    if (asked.kind === "agent" || manifest.plugin?.requires.includes("workers") !== true)
      return this.#runAlone(request, prepared);
    const begun = await refusing(effects, plane, request, () => begin(effects, plane, request, prepared));
    let worker: Worker;
    let key: RestingKey;
    try {
      ({ worker, key } = await refusing(effects, plane, request, () => this.#workerFor(begun)));
    } catch (error) {
      abandon(effects, plane, begun);
      throw error;
    }
    const ended = await worker.call(begun);
    if (neverRan(ended, worker)) {
      abandon(effects, plane, begun);
      await recordRefusal(effects, plane, request, ended.thrown);
      throw ended.thrown;
    }
    return this.#finish(begun, worker, key, ended);
  }

  /** Ends every process that waits; those that work end with their call. */
  async stop(): Promise<void> {
    this.#is_stopped = true;
    await Promise.all([this.#resting.retire(() => true), this.#ready.stop()]);
  }

  async #runAlone(request: RunRequest, prepared: Prepared): Promise<RunResult> {
    const call = this.#ready.call(request.namespace);
    try {
      return await runPrepared(this.#effects, this.#plane, request, prepared, this.#hosting, call.start);
    } finally {
      call.answered();
    }
  }

  /** What may no longer run is not kept warm either. */
  async #accept(request: RunRequest): Promise<Prepared> {
    try {
      return await accept(this.#effects, this.#plane, request);
    } catch (error) {
      if (error instanceof Fault && !ABOUT_THE_CALL.test(error.code))
        await Promise.all([
          this.#resting.retire((_, { namespace }) => namespace === request.namespace),
          this.#ready.retire(request.namespace),
        ]);
      throw error;
    }
  }

  async #workerFor(begun: Begun): Promise<{ readonly worker: Worker; readonly key: RestingKey }> {
    const key = workerKeyOf(this.#effects.fs, this.#plane, begun);
    return { worker: this.#resting.take(key) ?? (await this.#start(begun)), key };
  }

  async #start(begun: Begun): Promise<Worker> {
    const hosting = this.#hosting;
    const walled = await wallFor(this.#effects, this.#plane, hosting, begun.prepared.plugin);
    const request = confinement(this.#effects, this.#plane, begun, { walled });
    return Worker.start(this.#effects.clock, (onStderr) =>
      confine(this.#effects, walled.wall, {
        ...request,
        program: { ...request.program, args: ["--worker"] },
        environment: { ...request.environment, HOLDFAST_WORKER: "1" },
        stdin: "pipe",
        onStderr,
      }),
    );
  }

  async #finish(begun: Begun, worker: Worker, key: RestingKey, ended: Ended): Promise<RunResult> {
    let is_good = false;
    try {
      const done = await finish(this.#effects, this.#plane, begun, ended);
      is_good = true;
      return done;
    } finally {
      const keeps = is_good && worker.is_alive && !this.#is_stopped && worker.calls < this.#options.calls_max;
      if (keeps) await this.#resting.add(worker, key);
      else await worker.stop();
    }
  }
}

/** Codes that say nothing of the plugin, only of what was asked. */
const ABOUT_THE_CALL = /^(AUTH_|plugin_input_|plugin_limit_|plugin_action_not_declared|invalid_actor_kind)/;

/** The wall could not be built, so nothing of the first call ran. */
const neverRan = (ended: Ended, worker: Worker): ended is Ended & { readonly thrown: Fault } =>
  worker.calls === 1 && ended.thrown instanceof Fault && ended.thrown.code === "SANDBOX_NOT_STARTED";
