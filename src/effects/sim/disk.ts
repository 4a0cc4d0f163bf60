/**
 * A disk in memory that can lose its power. It serves the `FileSystem` of the product and knows for every operation
 * whether it would survive; what it can look like afterwards is listed by `powerCuts`.
 */
import { sortedBy } from "../../kernel/index.ts";
import type { FileSystem } from "../ports.ts";
import { type Mishap, SimulatedCrash } from "./crashing-file-system.ts";
import type { BeforeMutation, Verb } from "./disk-access.ts";
import { diskFileSystem } from "./disk-file-system.ts";
import { fail } from "./disk-paths.ts";
import {
  copyState,
  type DiskState,
  emptyState,
  type RenamePromise,
  ROOT_INODE,
  settleState,
} from "./disk-state.ts";
import { fingerprintOf, fingerprintOfChanges } from "./fingerprint.ts";
import { type CutLimits, powerCuts } from "./power-cut.ts";

/** One change asked of the disk, told before it happens. */
export interface Mutation {
  /** Counted from 0 for this disk. */
  readonly number: number;
  readonly verb: Verb;
  /** Absolute. */
  readonly path: string;
  readonly to?: string;
  /** `rename /p/a -> /p/b` */
  readonly name: string;
  /** A sync that finds nothing to do. */
  readonly idle: boolean;
  /** For a write: the disk as a process leaves it that dies half way through. */
  readonly torn?: () => SimDisk;
}

/** `tear`: half of a write, then a crash. `drop`: reports success and does nothing. */
export type Answer = Mishap | { readonly kind: "tear" } | { readonly kind: "drop" } | undefined;

export interface DiskOptions {
  readonly rename_promise?: RenamePromise;
  /** What `freeBytes` says; default 1 TiB. */
  readonly free_bytes?: number;
  readonly umask?: number;
}

export interface CutDisk {
  readonly name: string;
  readonly disk: SimDisk;
}

export class SimDisk {
  /** Called before each mutation; its answer decides what happens. */
  onMutation: ((mutation: Mutation) => Answer) | undefined;
  readonly fs: FileSystem;
  readonly #state: DiskState;
  readonly #options: DiskOptions;
  #count = 0;
  #dead = false;

  constructor(options: DiskOptions = {}, state: DiskState = emptyState(options.rename_promise ?? "either")) {
    this.#options = options;
    this.#state = state;
    this.fs = diskFileSystem({
      state,
      before: (asked) => this.#before(asked),
      alive: () => {
        if (this.#dead) throw new SimulatedCrash("the process is dead");
      },
      free_bytes: options.free_bytes ?? 2 ** 40,
      umask: options.umask ?? 0o022,
    });
  }

  /** The disk as the next process finds it when this one is killed now. Costs little; neither touches the other. */
  fork(): SimDisk {
    return new SimDisk(this.#options, copyState(this.#state));
  }

  /** Makes everything durable. */
  settle(): void {
    settleState(this.#state);
  }

  /** Disks that can be found after the power is cut now. */
  *powerCuts(limits: CutLimits): Generator<CutDisk> {
    for (const { name, state } of powerCuts(this.#state, limits)) {
      yield { name, disk: new SimDisk(this.#options, state) };
    }
  }

  /** Name changes that a power cut can still lose. */
  get pending_count(): number {
    return this.#state.pending.length;
  }

  /** Equal for forks of one disk that hold the same, seen and durable; others may share it only by accident. */
  fingerprint(): string {
    const { nodes, durable, pending } = this.#state;
    return `${fingerprintOf(nodes, durable)}-${fingerprintOfChanges(pending)}`;
  }

  /** Every path with kind, mode and bytes, sorted by path; folders end with a slash. */
  tree(): Map<string, { readonly mode: number; readonly bytes: Buffer | undefined }> {
    const tree = new Map<string, { mode: number; bytes: Buffer | undefined }>();
    const walk = (inode: number, path: string): void => {
      const node = this.#state.nodes.get(inode);
      if (node?.kind === "file") tree.set(path, { mode: node.mode, bytes: node.bytes });
      if (node?.kind !== "directory") return;
      tree.set(`${path}/`, { mode: node.mode, bytes: undefined });
      for (const [name, child] of sortedBy(node.entries, ([key]) => key)) walk(child, `${path}/${name}`);
    };
    walk(ROOT_INODE, "");
    return tree;
  }

  #before({ verb, path, to, idle, tear }: Parameters<BeforeMutation>[0]): boolean {
    const name = to === undefined ? `${verb} ${path}` : `${verb} ${path} -> ${to}`;
    const torn = (half: (state: DiskState) => void): SimDisk => {
      const state = copyState(this.#state);
      half(state);
      return new SimDisk(this.#options, state);
    };
    const answer = this.onMutation?.({
      number: this.#count++,
      verb,
      path,
      name,
      idle: idle === true,
      ...(to === undefined ? {} : { to }),
      ...(tear === undefined ? {} : { torn: () => torn(tear) }),
    });
    this.#state.mutations += 1;
    switch (answer?.kind) {
      case undefined:
        return true;
      case "drop":
        return false;
      case "error":
        throw fail(answer.code, verb, path, to);
      case "tear":
        tear?.(this.#state);
        break;
      case "crash":
    }
    this.#dead = true;
    throw new SimulatedCrash(`crashed before ${name}`);
  }
}
