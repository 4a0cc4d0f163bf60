/** The end of what a program said, and a bound to how much it may say. */
const TAIL_BYTES = 64 << 10;
const ALL_BYTES_MAX = 16 << 20;

export class StderrTail {
  readonly #onBytes: ((bytes: Uint8Array) => void) | undefined;
  readonly #onFlood: () => void;
  #kept = Buffer.alloc(0);
  #bytes = 0;

  constructor(onBytes: ((bytes: Uint8Array) => void) | undefined, onFlood: () => void) {
    this.#onBytes = onBytes;
    this.#onFlood = onFlood;
  }

  get text(): string {
    return this.#kept.toString("utf8");
  }

  async read(incoming: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const bytes of incoming) {
      this.#bytes += bytes.length;
      if (this.#bytes > ALL_BYTES_MAX) return this.#onFlood();
      this.#onBytes?.(bytes);
      const all = Buffer.concat([this.#kept, bytes]);
      this.#kept = all.subarray(Math.max(0, all.length - TAIL_BYTES));
    }
  }
}
