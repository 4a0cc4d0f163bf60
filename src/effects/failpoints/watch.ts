/** The ports with somebody told before each call; what a call does stays the same. Knows the phase from the journal's bytes. */
import type { Effects, FileSystem, ReadHandle, WriteHandle } from "../ports.ts";
import type { Phase, Verb } from "./catalogue.ts";
import { type Artefact, artefactOf, phaseAfter } from "./point-name.ts";
import { Unsynced } from "./unsynced.ts";

/** A place where something can go wrong, as a port sees it. */
export interface Point {
  readonly phase: Phase;
  readonly artefact: Artefact;
  readonly verb: Verb;
  /** Absent for requests over the network. */
  readonly path: string | undefined;
  /** Of a write: does half of it. */
  readonly tear?: () => void;
}

/** Called before the port acts; what it throws is what the caller of the port gets. */
export type BeforeCall = (point: Point) => void;

export const pointName = ({ phase, artefact, verb }: Point): string => `${phase}.${artefact}.${verb}`;

export function watchEffects(
  effects: Effects,
  before: BeforeCall,
  unsynced = new Unsynced(effects.fs),
): Effects {
  const { subprocess, network, locks, workers } = effects;
  const watch = new Watch(before, unsynced);
  return {
    ...effects,
    fs: watchedFiles(effects.fs, watch),
    subprocess: {
      run: async (request) => {
        watch.at(request.argv[0], "spawn", "process");
        return subprocess.run(request);
      },
    },
    network: {
      get: async (request) => {
        watch.at(undefined, "fetch", "network");
        const reply = await network.get(request);
        return { ...reply, body: watchedBody(reply.body, watch), close: () => reply.close() };
      },
      post: async (request) => {
        watch.at(undefined, "fetch", "network");
        const reply = await network.post(request);
        return { ...reply, body: watchedBody(reply.body, watch), close: () => reply.close() };
      },
    },
    locks: {
      acquire: async (path, options) => {
        watch.at(path, "take", "lock");
        return locks.acquire(path, options);
      },
      takeAtOnce: (path) => {
        const lock = locks.takeAtOnce?.(path);
        // One that is not to be had is asked for again, and told of then.
        if (lock === undefined) return undefined;
        try {
          watch.at(path, "take", "lock");
          return lock;
        } catch (error) {
          lock.release();
          throw error;
        }
      },
    },
    workers: {
      digestFiles: async (paths) => {
        for (const path of paths) watch.at(path, "read");
        return workers.digestFiles(paths);
      },
      startTable: (paths, known, options) => {
        for (const path of paths) watch.at(`${options?.folder ?? ""}${path}`, "read");
        return workers.startTable(paths, known, options);
      },
      changedStamps: async (table, count_max) => workers.changedStamps(table, count_max),
    },
  };
}

const JOURNAL = /\/(TX-[^/]+)\/journal\.jsonl$/;

class Watch {
  phase: Phase = "start";
  /** The transaction this process began last. */
  #own: string | undefined;
  readonly #before: BeforeCall;
  readonly unsynced: Unsynced;

  constructor(before: BeforeCall, unsynced: Unsynced) {
    this.#before = before;
    this.unsynced = unsynced;
  }

  /** Recovery writes to journals of others while a command has one of its own: those say nothing about its phase. */
  wrote(path: string, bytes: Uint8Array): void {
    const [, id] = JOURNAL.exec(path) ?? [];
    if (id === undefined) return;
    const phase = phaseAfter(Buffer.from(bytes).toString("utf8"));
    if (phase === "start") this.#own = id;
    if (phase !== undefined && (this.#own ?? id) === id) this.phase = phase;
  }

  at(path: string | undefined, verb: Verb, artefact?: Artefact, tear?: () => void): void {
    const point = { phase: this.phase, artefact: artefact ?? artefactOf(path ?? ""), verb, path };
    this.#before(tear === undefined ? point : { ...point, tear });
  }
}

async function* watchedBody(body: AsyncIterable<Uint8Array>, watch: Watch): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    watch.at(undefined, "read", "network");
    yield chunk;
  }
}

function watchedFiles(fs: FileSystem, watch: Watch): FileSystem {
  const { unsynced } = watch;
  const told =
    <A extends [string, ...unknown[]], R>(verb: Verb, call: (...args: A) => R) =>
    (...args: A): R => {
      watch.at(args[0], verb);
      return call(...args);
    };
  return {
    stat: (path) => fs.stat(path),
    realPath: (path) => fs.realPath(path),
    readLink: (path) => fs.readLink(path),
    makeLink: (path, target) => fs.makeLink(path, target),
    freeBytes: (path) => fs.freeBytes(path),
    list: told("list", (path) => fs.list(path)),
    read: told("read", (path) => fs.read(path)),
    readText: told("read", (path) => fs.readText(path)),
    openRead: told("read", (path) => watchedReading(path, fs.openRead(path), watch)),
    openBeneath: (directory, names) => {
      const path = [directory, ...names].join("/");
      watch.at(path, "read");
      return watchedReading(path, fs.openBeneath(directory, names), watch);
    },
    openWrite: (path, options) => {
      watch.at(path, "open");
      unsynced.willOpen(path, options.how);
      return watchedWriting(path, fs.openWrite(path, options), watch);
    },
    rename: (from, to) => {
      watch.at(to, "rename");
      fs.rename(from, to);
      unsynced.renamed(from, to);
    },
    remove: told("remove", (path) => {
      fs.remove(path);
      unsynced.forget(path);
    }),
    makeDirectory: told("make-directory", (path: string, mode?: number) => fs.makeDirectory(path, mode)),
    removeDirectory: told("remove-directory", (path) => fs.removeDirectory(path)),
    setMode: told("set-mode", (path: string, mode: number) => fs.setMode(path, mode)),
    syncFiles: async (paths) => {
      for (const path of paths) watch.at(path, "sync");
      await fs.syncFiles(paths);
      for (const path of paths) unsynced.forget(path);
    },
    syncDirectory: told("sync-directory", (path) => fs.syncDirectory(path)),
  };
}

function watchedReading(path: string, handle: ReadHandle, watch: Watch): ReadHandle {
  return {
    read: (buffer, position) => {
      watch.at(path, "read");
      return handle.read(buffer, position);
    },
    stat: () => handle.stat(),
    close: () => handle.close(),
  };
}

function watchedWriting(path: string, handle: WriteHandle, watch: Watch): WriteHandle {
  const { unsynced } = watch;
  const sync = (act: () => void) => () => {
    watch.at(path, "sync");
    act();
    unsynced.forget(path);
  };
  return {
    write(bytes, position) {
      const tear = (): void => handle.write(bytes.subarray(0, bytes.length >> 1), position);
      watch.at(path, "write", undefined, tear);
      unsynced.willWrite(path);
      handle.write(bytes, position);
      watch.wrote(path, bytes);
    },
    sync: sync(() => handle.sync()),
    datasync: sync(() => handle.datasync()),
    truncate(size_bytes) {
      watch.at(path, "truncate");
      handle.truncate(size_bytes);
    },
    stat: () => handle.stat(),
    close: () => handle.close(),
  };
}
