/**
 * Which data this process wrote and did not sync: what a power cut may take. Names are taken as durable once their data
 * is; losing directory entries too is what the simulated disk does.
 */
import type { FileSystem } from "../ports.ts";

export class Unsynced {
  readonly #fs: FileSystem;
  /** Bytes of each file that are on disk; undefined for a file that is new. */
  readonly #durable = new Map<string, number | undefined>();

  constructor(fs: FileSystem) {
    this.#fs = fs;
  }

  /** Before a file is opened for writing. */
  willOpen(path: string, how: "exclusive" | "append" | "replace" | "update"): void {
    this.willWrite(path);
    // What stood there is gone with the opening.
    if (how === "replace" && this.#durable.get(path) !== undefined) this.#durable.set(path, 0);
  }

  willWrite(path: string): void {
    if (!this.#durable.has(path)) this.#durable.set(path, this.#fs.stat(path)?.size_bytes);
  }

  /** Synced, or removed. */
  forget(path: string): void {
    this.#durable.delete(path);
  }

  /** A file, or a folder with all below it. */
  renamed(from: string, to: string): void {
    this.forget(to);
    const moved = [...this.#durable].filter(([path]) => path === from || path.startsWith(`${from}/`));
    for (const [path, size_bytes] of moved) {
      this.#durable.delete(path);
      this.#durable.set(to + path.slice(from.length), size_bytes);
    }
  }

  /** Cuts away what no sync made durable. Never makes a file longer. */
  lose(): void {
    for (const [path, size_bytes] of this.#durable) {
      const found = this.#fs.stat(path);
      if (found?.kind !== "file") continue;
      if (size_bytes === undefined) this.#fs.remove(path);
      else if (size_bytes < found.size_bytes) {
        const handle = this.#fs.openWrite(path, { mode: 0o600, how: "update" });
        handle.truncate(size_bytes);
        handle.close();
      }
    }
  }
}
