/** What waits for a call of its plugin: for a time, of a bounded number, and only in the state it was started in. */
import type { Effects } from "../effects/index.ts";

interface Waiter {
  readonly is_alive: boolean;
  stop(): Promise<void>;
}

interface Entry<T> {
  readonly one: T;
  readonly key: RestingKey;
  readonly since_ms: number;
}

/** Two of one key are as good as each other. */
export interface RestingKey {
  readonly namespace: string;
  /** Of files and record: of its plugin nothing of another state is kept. */
  readonly state: string;
  /** What it was started with. */
  readonly started_with: string;
}

export interface RestingOptions {
  /** One nobody asked for so long is ended. */
  readonly idle_ms: number;
  /** The one that waits longest goes first. */
  readonly count_max: number;
}

export class Resting<T extends Waiter> {
  readonly #clock: Effects["clock"];
  readonly #options: RestingOptions;
  #entries: Entry<T>[] = [];
  #is_reaping = false;

  constructor(clock: Effects["clock"], options: RestingOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  get count(): number {
    return this.#entries.length;
  }

  has(key: RestingKey): boolean {
    return this.#entries.some(({ one, key: other }) => one.is_alive && isSame(key, other));
  }

  /** The one that came last. */
  take(key: RestingKey): T | undefined {
    void this.retire(
      (one, other) => !one.is_alive || (other.namespace === key.namespace && other.state !== key.state),
    );
    const at = this.#entries.findLastIndex(({ one, key: other }) => one.is_alive && isSame(key, other));
    return at < 0 ? undefined : this.#entries.splice(at, 1)[0]?.one;
  }

  async add(one: T, key: RestingKey): Promise<void> {
    this.#entries.push({ one, key, since_ms: this.#clock.elapsed_ms() });
    void this.#reap();
    const oldest = this.#entries[0]?.one;
    if (this.#entries.length > this.#options.count_max) await this.retire((other) => other === oldest);
  }

  /** Resolves when nothing of those that go lives any more. */
  async retire(goes: (one: T, key: RestingKey, since_ms: number) => boolean): Promise<void> {
    const leaving = this.#entries.filter(({ one, key, since_ms }) => goes(one, key, since_ms));
    this.#entries = this.#entries.filter((entry) => !leaving.includes(entry));
    await Promise.all(leaving.map(({ one }) => one.stop()));
  }

  /** One loop for all, while somebody rests. */
  async #reap(): Promise<void> {
    if (this.#is_reaping) return;
    this.#is_reaping = true;
    const { idle_ms } = this.#options;
    while (this.#entries.length > 0) {
      await this.#clock.sleep(Math.min(idle_ms, REAP_SLICE_MS));
      const now_ms = this.#clock.elapsed_ms();
      await this.retire((one, _, since_ms) => !one.is_alive || now_ms - since_ms >= idle_ms);
    }
    this.#is_reaping = false;
  }
}

const REAP_SLICE_MS = 1000;

const isSame = (a: RestingKey, b: RestingKey): boolean =>
  a.namespace === b.namespace && a.state === b.state && a.started_with === b.started_with;
