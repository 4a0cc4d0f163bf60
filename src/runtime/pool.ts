/**
 * Warm workers for a host that lives long. Every call is judged, counted and recorded as one that has a process of its own; only
 * the start of the process is saved. Only a plugin whose manifest requires "workers" is kept warm: it says so that it answers one
 * request a line with its `id` when it is started with `--worker`; others get a process for each call. A worker serves calls of one plugin, one state of its files, one set of permissions.
 */
import type { Effects } from "../effects/index.ts";
import { Fault, sha256Hex } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { confine } from "../sandbox/index.ts";
import { abandon, begin, finish } from "./accepted.ts";
import type { Begun, Ended } from "./begun.ts";
import type { Hosting } from "./hosting.ts";
import type { Prepared } from "./prepare.ts";
import { recordRefusal } from "./record.ts";
import { accept, refusing, runPrepared } from "./run-action.ts";
import type { RunRequest, RunResult } from "./run-request.ts";
import { confinement } from "./spawned.ts";
import { wallFor } from "./wall.ts";
import { Worker } from "./worker.ts";

export interface PoolOptions {
  /** A worker nobody asked for so long is ended. */
  readonly idle_ms: number;
  /** Calls after which a worker is ended. */
  readonly calls_max: number;
  /** Idle workers of all plugins together; the one asked longest ago goes first. */
  readonly workers_max: number;
}

const POOL_DEFAULTS: PoolOptions = { idle_ms: 60_000, calls_max: 1000, workers_max: 16 };

interface Resting {
  readonly worker: Worker;
  readonly key: string;
  readonly namespace: string;
  readonly since_ms: number;
}

export class ActionPool {
  readonly #effects: Effects;
  readonly #plane: Plane;
  readonly #hosting: Hosting;
  readonly #options: PoolOptions;
  #resting: Resting[] = [];
  #is_stopped = false;
  #is_reaping = false;

  constructor(effects: Effects, plane: Plane, hosting: Hosting, options: Partial<PoolOptions> = {}) {
    this.#effects = effects;
    this.#plane = plane;
    this.#hosting = hosting;
    this.#options = { ...POOL_DEFAULTS, ...options };
  }

  /** Workers that wait for a call. */
  get resting_count(): number {
    return this.#resting.length;
  }

  /** @throws as `runAction`; nothing is tried twice, since the first try may have had its effect */
  async run(request: RunRequest): Promise<RunResult> {
    const effects = this.#effects;
    const plane = this.#plane;
    const prepared = await this.#accept(request);
    // One that reads its input to the end would wait for ever; and what an agent spends is counted run by run.
    const { asked, manifest } = prepared.plugin;
    if (asked.kind === "agent" || manifest.plugin?.requires.includes("workers") !== true)
      return runPrepared(effects, plane, request, prepared, this.#hosting);
    const begun = await refusing(effects, plane, request, () => begin(effects, plane, request, prepared));
    let worker: Worker;
    const key = keyOf(begun);
    try {
      worker = this.#take(key) ?? (await refusing(effects, plane, request, () => this.#start(begun)));
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

  /** Ends every worker that waits; those that work end with their call. */
  async stop(): Promise<void> {
    this.#is_stopped = true;
    await this.#retire(() => true);
  }

  /** What may no longer run is not kept warm either. */
  async #accept(request: RunRequest): Promise<Prepared> {
    try {
      return await accept(this.#effects, this.#plane, request);
    } catch (error) {
      if (error instanceof Fault && !ABOUT_THE_CALL.test(error.code))
        await this.#retire(({ namespace }) => namespace === request.namespace);
      throw error;
    }
  }

  /** Of this plugin only workers of the very state in force are kept. */
  #take(key: string): Worker | undefined {
    const namespace = namespaceIn(key);
    const state = stateIn(key);
    void this.#retire(
      (one) => !one.worker.is_alive || (one.namespace === namespace && stateIn(one.key) !== state),
    );
    const at = this.#resting.findLastIndex((one) => one.key === key && one.worker.is_alive);
    return at < 0 ? undefined : this.#resting.splice(at, 1)[0]?.worker;
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

  async #finish(begun: Begun, worker: Worker, key: string, ended: Ended): Promise<RunResult> {
    let is_good = false;
    try {
      const done = await finish(this.#effects, this.#plane, begun, ended);
      is_good = true;
      return done;
    } finally {
      const keeps = is_good && worker.is_alive && !this.#is_stopped && worker.calls < this.#options.calls_max;
      if (keeps) await this.#rest(worker, key);
      else await worker.stop();
    }
  }

  async #rest(worker: Worker, key: string): Promise<void> {
    const since_ms = this.#effects.clock.elapsed_ms();
    this.#resting.push({ worker, key, namespace: namespaceIn(key), since_ms });
    const oldest = this.#resting[0];
    if (this.#resting.length > this.#options.workers_max) await this.#retire((one) => one === oldest);
    void this.#reap();
  }

  /** One loop for all, while somebody rests. */
  async #reap(): Promise<void> {
    if (this.#is_reaping) return;
    this.#is_reaping = true;
    const { clock } = this.#effects;
    const { idle_ms } = this.#options;
    while (this.#resting.length > 0) {
      await clock.sleep(Math.min(idle_ms, REAP_SLICE_MS));
      const now_ms = clock.elapsed_ms();
      await this.#retire(({ worker, since_ms }) => !worker.is_alive || now_ms - since_ms >= idle_ms);
    }
    this.#is_reaping = false;
  }

  async #retire(goes: (one: Resting) => boolean): Promise<void> {
    const leaving = this.#resting.filter(goes);
    this.#resting = this.#resting.filter((one) => !leaving.includes(one));
    await Promise.all(leaving.map(({ worker }) => worker.stop()));
  }
}

const REAP_SLICE_MS = 1000;

/** Codes that say nothing of the plugin, only of what was asked. */
const ABOUT_THE_CALL = /^(AUTH_|plugin_input_|plugin_limit_|plugin_action_not_declared|invalid_actor_kind)/;

/** Namespace, state of files and record, then what a process is started with. */
function keyOf({ prepared, environment }: Begun): string {
  const { plugin, code, scopes, limits } = prepared;
  const started_with = JSON.stringify([
    scopes,
    environment.values,
    limits.memory_bytes_max.value,
    limits.processes_max.value,
  ]);
  const state = sha256Hex(`${plugin.record_digest}\n${code.digest}\n${[...code.stamps].join("\n")}`);
  return `${plugin.record.namespace} ${state} ${sha256Hex(started_with)}`;
}

const namespaceIn = (key: string): string => key.split(" ")[0] ?? "";
const stateIn = (key: string): string => key.split(" ")[1] ?? "";

/** The wall could not be built, so nothing of the first call ran. */
const neverRan = (ended: Ended, worker: Worker): ended is Ended & { readonly thrown: Fault } =>
  worker.calls === 1 && ended.thrown instanceof Fault && ended.thrown.code === "SANDBOX_NOT_STARTED";
