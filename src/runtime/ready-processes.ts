/**
 * Processes that stand ready for plugins called again and again: the wall is built and the interpreter started before the call, and
 * nothing of the plugin is read before it. Each serves one call and ends with it. A call is started with one only where a process
 * started now would be shown the same; so it differs from one in nothing but when it was started.
 */
import type { Effects } from "../effects/index.ts";
import type { Plane } from "../plane/index.ts";
import { type Ready, type ReadyRequest, readyKey, standReady, type Wall } from "../sandbox/index.ts";
import type { Begun } from "./begun.ts";
import type { Hosting } from "./hosting.ts";
import { Resting, type RestingKey, type RestingOptions } from "./resting.ts";
import { stateOf } from "./resting-key.ts";
import { callOf, confineCall, confinement, type StartProcess, startProcess } from "./spawned.ts";
import { wallFor } from "./wall.ts";

/** One call, from its start to its answer. */
interface Call {
  readonly start: StartProcess;
  /** Told when it was answered: only then is there time for the next. */
  answered(): void;
}

interface Started {
  readonly key: RestingKey;
  readonly wall: Wall;
  readonly request: ReadyRequest;
}

export class ReadyProcesses {
  readonly #effects: Effects;
  readonly #plane: Plane;
  readonly #hosting: Hosting;
  readonly #options: RestingOptions;
  readonly #resting: Resting<Ready>;
  readonly #starting = new Set<Promise<void>>();
  readonly #last_call_ms = new Map<string, number>();
  #is_stopped = false;

  constructor(effects: Effects, plane: Plane, hosting: Hosting, options: RestingOptions) {
    this.#effects = effects;
    this.#plane = plane;
    this.#hosting = hosting;
    this.#options = options;
    this.#resting = new Resting(effects.clock, options);
  }

  get count(): number {
    return this.#resting.count;
  }

  call(namespace: string): Call {
    let started: Started | undefined;
    const is_again = this.#isAgain(namespace);
    return {
      start: async (effects, plane, begun, hosting, brokering) => {
        if (!mayStandReady(begun) || this.#options.count_max === 0)
          return startProcess(effects, plane, begun, hosting, brokering);
        started = await this.#whatToStart(begun);
        const { wall, request, key } = started;
        const one = callOf(begun);
        const ready = this.#resting.take(key);
        if (ready !== undefined) return ready.begin(one.stdin, one.limits);
        return confineCall(effects, wall, request, one);
      },
      answered: () => {
        if (is_again && started !== undefined) this.#replace(started);
      },
    };
  }

  /** Resolves when nothing of them lives. */
  async stop(): Promise<void> {
    this.#is_stopped = true;
    await Promise.all(this.#starting);
    await this.#resting.retire(() => true);
  }

  /** Also what is just being started. */
  async retire(namespace: string): Promise<void> {
    await Promise.all(this.#starting);
    await this.#resting.retire((_, key) => key.namespace === namespace);
  }

  /** One that is called once is not expected to be called again. */
  #isAgain(namespace: string): boolean {
    const now_ms = this.#effects.clock.elapsed_ms();
    const last_ms = this.#last_call_ms.get(namespace);
    if (last_ms === undefined && this.#last_call_ms.size >= KNOWN_MAX) this.#last_call_ms.clear();
    this.#last_call_ms.set(namespace, now_ms);
    return last_ms !== undefined && now_ms - last_ms < this.#options.idle_ms;
  }

  async #whatToStart(begun: Begun): Promise<Started> {
    const effects = this.#effects;
    const { prepared } = begun;
    const walled = await wallFor(effects, this.#plane, this.#hosting, prepared.plugin);
    const request = confinement(effects, this.#plane, begun, { walled });
    const { namespace } = prepared.plugin.record;
    const started_with = readyKey(effects.fs, walled.wall, request);
    return { key: { namespace, state: stateOf(prepared), started_with }, wall: walled.wall, request };
  }

  #replace(started: Started): void {
    const waiting = this.#resting.count + this.#starting.size;
    const is_full =
      waiting >= this.#options.count_max && (this.#starting.size > 0 || this.#resting.has(started.key));
    if (this.#is_stopped || is_full) return;
    const starting = this.#standReady(started).finally(() => this.#starting.delete(starting));
    this.#starting.add(starting);
  }

  /** Never throws: the next call is told why nothing can be started. */
  async #standReady({ key, wall, request }: Started): Promise<void> {
    try {
      const ready = await standReady(this.#effects, wall, request);
      // What lay there when it was started is what it can be found by.
      await this.#resting.add(ready, { ...key, started_with: ready.key });
    } catch {
      // As when nobody had asked.
    }
  }
}

const KNOWN_MAX = 1024;

/**
 * What an agent may spend, who answers it and the outputs of its turn are those of one run; others have none of these. What a
 * package brings into its own environment may run code as soon as the interpreter starts (`.pth` files), and nothing of a plugin
 * runs before it is called.
 */
const mayStandReady = ({ prepared: { plugin } }: Begun): boolean =>
  plugin.asked.kind !== "agent" && plugin.manifest.environment === undefined;
