/** Everything there is in folders: paths, kinds, modes and bytes. */
import type { Effects } from "../../effects/index.ts";
import { sha256Hex } from "../../kernel/index.ts";

/** What is known of one path, as one comparable line. */
export interface Snapshot {
  /** By name: `plane/modules/x.py`; the value differs where anything of it does. */
  readonly entries: ReadonlyMap<string, string>;
}

interface Kept {
  readonly stamp: string;
  readonly line: string;
}

/**
 * Takes snapshots of the same folders again and again; a file whose stamp did not change is not read twice. A file changed
 * within the clock's grain of its stamp is: the stamp says nothing then.
 */
export class Snapshots {
  readonly #fs: Effects["fs"];
  readonly #clock: Effects["clock"];
  readonly #roots: readonly { readonly name: string; readonly path: string }[];
  #kept = new Map<string, Kept>();
  #at_ms = 0;

  constructor(
    { fs, clock }: Pick<Effects, "fs" | "clock">,
    roots: readonly { readonly name: string; readonly path: string }[],
  ) {
    this.#fs = fs;
    this.#clock = clock;
    this.#roots = roots;
  }

  take(): Snapshot {
    const kept = new Map<string, Kept>();
    const entries = new Map<string, string>();
    const began_ms = this.#clock.now_ms();
    for (const { name, path } of this.#roots) this.#walk(path, name, entries, kept);
    this.#kept = kept;
    this.#at_ms = began_ms;
    return { entries };
  }

  #walk(path: string, name: string, entries: Map<string, string>, kept: Map<string, Kept>): void {
    for (const entry of this.#fs.list(path)) {
      const at = `${path}/${entry.name}`;
      const called = `${name}/${entry.name}`;
      const line = this.#line(at, called, kept);
      if (line === undefined) continue;
      entries.set(called, line);
      if (entry.kind === "directory") this.#walk(at, called, entries, kept);
    }
  }

  #line(path: string, name: string, kept: Map<string, Kept>): string | undefined {
    const stat = this.#fs.stat(path);
    if (stat === undefined) return undefined;
    const mode = stat.mode.toString(8).padStart(4, "0");
    if (stat.kind === "symlink") return `symlink ${mode} ${this.#fs.readLink(path)}`;
    if (stat.kind !== "file") return `${stat.kind} ${mode}`;
    const stamp = [stat.inode, stat.size_bytes, stat.mtime_ns, stat.ctime_ns].join(" ");
    const known = this.#kept.get(name);
    const is_settled = Number(stat.ctime_ns / 1_000_000n) < this.#at_ms - 50;
    const line =
      known !== undefined && known.stamp === stamp && is_settled
        ? known.line
        : `file ${mode} ${stat.size_bytes} ${digestOf(this.#fs, path)}`;
    kept.set(name, { stamp, line });
    return line;
  }
}

/** A file another process just removed has no bytes. */
function digestOf(fs: Effects["fs"], path: string): string {
  try {
    return sha256Hex(fs.read(path));
  } catch {
    return "unreadable";
  }
}

export interface Changes {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

export function changesBetween(before: Snapshot, after: Snapshot): Changes {
  const added: string[] = [];
  const changed: string[] = [];
  for (const [name, line] of after.entries) {
    const was = before.entries.get(name);
    if (was === undefined) added.push(name);
    else if (was !== line) changed.push(name);
  }
  const removed = [...before.entries.keys()].filter((name) => !after.entries.has(name));
  return { added, removed, changed };
}
