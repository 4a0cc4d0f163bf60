/**
 * One warm process of a plugin: the requests of many calls, one a line, each answered with one line that bears its id. It is
 * trusted with nothing between calls: whatever it does unasked ends it.
 */
import type { Effects } from "../effects/index.ts";
import type { Confined, Outcome } from "../sandbox/index.ts";
import type { Begun, Ended } from "./begun.ts";
import { ENVELOPE_BYTES_MAX } from "./exchange.ts";

const NEWLINE = 10;
const STDERR_KEPT_BYTES = 65_536;

interface Waiting {
  readonly bytes_max: number;
  readonly chunks: Uint8Array[];
  size_bytes: number;
  readonly line: PromiseWithResolvers<Uint8Array | "too_large">;
}

export class Worker {
  readonly #clock: Effects["clock"];
  readonly #confined: Confined;
  readonly #over: Promise<Outcome | Error>;
  #waiting: Waiting | undefined;
  #stderr: Uint8Array[] = [];
  #stderr_bytes = 0;
  #is_alive = true;
  #calls = 0;
  #cpu_before_ms = 0;
  #outcome: Outcome | undefined;

  /** @param start begins the process and tells it where to send what is said on stderr */
  static async start(
    clock: Effects["clock"],
    start: (onStderr: (bytes: Uint8Array) => void) => Promise<Confined>,
  ): Promise<Worker> {
    const said: Uint8Array[] = [];
    let worker: Worker | undefined;
    const confined = await start((bytes) => {
      if (worker === undefined) said.push(bytes);
      else worker.#hear(bytes);
    });
    worker = new Worker(clock, confined);
    for (const bytes of said) worker.#hear(bytes);
    return worker;
  }

  private constructor(clock: Effects["clock"], confined: Confined) {
    this.#clock = clock;
    this.#confined = confined;
    this.#over = confined.done.catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    );
    void this.#over.then((outcome) => {
      this.#is_alive = false;
      if (!(outcome instanceof Error)) this.#outcome = outcome;
    });
    void this.#read();
  }

  get is_alive(): boolean {
    return this.#is_alive;
  }

  get calls(): number {
    return this.#calls;
  }

  get layer(): string {
    return this.#confined.layer;
  }

  /** Kills the whole tree; resolves when nothing of it lives. */
  async stop(): Promise<void> {
    this.#is_alive = false;
    this.#confined.kill();
    await this.#over;
  }

  /** One call; never throws. A worker that did not answer as it should is dead afterwards. */
  async call(begun: Begun): Promise<Ended> {
    const { timeout_ms, output_bytes_max } = begun.prepared.limits;
    const call_id = begun.facts.run_id;
    this.#calls++;
    this.#stderr = [];
    this.#stderr_bytes = 0;
    const waiting: Waiting = {
      bytes_max: output_bytes_max.value + ENVELOPE_BYTES_MAX,
      chunks: [],
      size_bytes: 0,
      line: Promise.withResolvers(),
    };
    this.#waiting = waiting;
    const began_ms = this.#clock.elapsed_ms();
    const late = Promise.withResolvers<"late">();
    const stopLate = this.#alarm(timeout_ms.value, () => late.resolve("late"));
    void this.#confined.stdin.write(begun.lineFor(call_id));
    const first = await Promise.race([waiting.line.promise, late.promise, this.#over]);
    stopLate();
    this.#waiting = undefined;
    const ended = await this.#endedOf(first);
    const duration_ms = Math.round(this.#clock.elapsed_ms() - began_ms);
    const resources = { duration_ms, is_warm: true, calls: this.#calls, ...this.#used() };
    return { ...ended, call_id, resources };
  }

  /** Slices, so that an alarm nobody needs any more does not keep the host alive for long. */
  #alarm(timeout_ms: number, ring: () => void): () => void {
    const clock = this.#clock;
    const alarm = { is_off: false };
    const until_ms = clock.elapsed_ms() + timeout_ms;
    const watch = async (): Promise<void> => {
      for (let left_ms = timeout_ms; left_ms > 0 && !alarm.is_off; left_ms = until_ms - clock.elapsed_ms())
        await clock.sleep(Math.min(left_ms, ALARM_SLICE_MS));
      if (!alarm.is_off) ring();
    };
    void watch();
    return () => {
      alarm.is_off = true;
    };
  }

  async #endedOf(first: Uint8Array | "too_large" | "late" | Outcome | Error): Promise<Ended> {
    const about = { exit_code: null, stdout: Buffer.alloc(0), layer: this.layer, denials: [] };
    if (first instanceof Uint8Array) {
      // They were written before the answer, on another channel.
      await this.#clock.breathe();
      return { ...about, how: "exited", stdout: first, ...this.#said(), ...this.#denied() };
    }
    if (first instanceof Error) return { ...about, how: "stopped", ...this.#said(), thrown: first };
    if (first === "late" || first === "too_large") {
      await this.stop();
      const how = first === "late" ? "timed_out" : "output_too_large";
      return { ...about, how, ...this.#said(), ...this.#denied() };
    }
    const { ended, exit_code, denials, denials_dropped, is_watched } = first;
    return {
      ...about,
      how: ended,
      // That it ended at all is its fault.
      exit_code: exit_code ?? 0,
      ...this.#said(),
      denials: denials.map((one) => ({ ...one })),
      denials_dropped,
      is_watched,
    };
  }

  #denied(): Pick<Ended, "denials" | "denials_dropped" | "is_watched"> {
    const { denials, denials_dropped, is_watched } = this.#outcome ?? this.#confined.takeDenials();
    return { denials: denials.map((one) => ({ ...one })), denials_dropped, is_watched };
  }

  /** Of a worker that lives: since its last call ended. Of one that ended: of its whole life, but for what earlier calls took. */
  #used(): Record<string, number | string> {
    const ended = this.#outcome?.usage;
    const now = ended ?? this.#confined.sample();
    // It is just ending.
    if (now === undefined || now.peak_memory_bytes === 0) return {};
    // A ledger holds whole numbers: what is less than one is counted with the next call.
    const cpu_ms = Math.max(0, Math.floor(now.cpu_ms - this.#cpu_before_ms));
    this.#cpu_before_ms += cpu_ms;
    return {
      peak_memory_bytes: now.peak_memory_bytes,
      memory_measured: ended?.memory_measured ?? "sampled",
      cpu_ms,
      cpu_measured: ended?.cpu_measured ?? "sampled",
    };
  }

  #said(): Pick<Ended, "stderr" | "stderr_is_cut"> {
    const stderr = Buffer.concat(this.#stderr).toString("utf8");
    return { stderr, stderr_is_cut: this.#stderr_bytes > STDERR_KEPT_BYTES };
  }

  #hear(bytes: Uint8Array): void {
    this.#stderr.push(bytes);
    this.#stderr_bytes += bytes.length;
    let kept = this.#stderr.reduce((sum, one) => sum + one.length, 0);
    while (kept > STDERR_KEPT_BYTES && this.#stderr.length > 1) kept -= this.#stderr.shift()?.length ?? 0;
  }

  async #read(): Promise<void> {
    try {
      for await (const chunk of this.#confined.stdout) this.#take(chunk);
    } catch {
      // What became of it is told by its end.
    }
    this.#is_alive = false;
    // It mostly ends by itself now, and how it does says more than that it was killed.
    await Promise.race([this.#over, this.#clock.sleep(ENDING_MS)]);
    this.#confined.kill();
  }

  #take(chunk: Uint8Array): void {
    const waiting = this.#waiting;
    // Nobody asked: it would pass for the answer to the next call.
    if (waiting === undefined) return this.#end();
    const at = chunk.indexOf(NEWLINE);
    const part = at < 0 ? chunk : chunk.subarray(0, at);
    waiting.size_bytes += part.length;
    if (waiting.size_bytes > waiting.bytes_max) {
      this.#end();
      return waiting.line.resolve("too_large");
    }
    waiting.chunks.push(part);
    if (at < 0) return;
    this.#waiting = undefined;
    if (at < chunk.length - 1) this.#end();
    waiting.line.resolve(Buffer.concat(waiting.chunks));
  }

  #end(): void {
    this.#is_alive = false;
    this.#confined.kill();
  }
}

const ALARM_SLICE_MS = 1000;
const ENDING_MS = 250;
