/** A whole `Effects` over a simulated disk: nothing outside this process is read, and the same seed does the same. */
import { createHash } from "node:crypto";
import type {
  Clock,
  Effects,
  FileSystem,
  Host,
  Locks,
  Network,
  Random,
  Subprocess,
  Workers,
} from "../ports.ts";
import type { SimDisk } from "./disk.ts";
import { seededNumbers } from "./seeded-numbers.ts";

export interface SimOptions {
  readonly seed: number;
  /** Where the virtual clock starts; default 2026-12-01T00:00:00Z. */
  readonly now_ms?: number;
  readonly host?: Partial<Host>;
  /** What programs do; without it every start fails with ENOENT. */
  readonly run?: Subprocess["run"];
  /** What servers answer; without it every connection is refused. */
  readonly get?: Network["get"];
  readonly signal?: AbortSignal;
}

const START_MS = Date.UTC(2026, 11, 1);

/** One process: its locks die with it, so a fork of the disk given to another process finds them free. */
export function simEffects(disk: Pick<SimDisk, "fs">, options: SimOptions): Effects {
  const clock = virtualClock(options.now_ms ?? START_MS);
  return {
    fs: disk.fs,
    clock,
    random: seededRandom(options.seed),
    subprocess: { run: options.run ?? refuseToRun },
    network: { get: options.get ?? refuseToConnect },
    locks: locksInMemory(disk.fs, clock),
    workers: workersHere(disk.fs),
    // What a database holds is derived; without one everything is read from the files themselves.
    databases: { open: () => undefined },
    host: { ...HOST, ...options.host },
    signal: options.signal ?? new AbortController().signal,
  };
}

const HOST: Host = {
  env: {},
  cwd: "/",
  home: "/people/ann",
  platform: "linux",
  arch: "x64",
  node_version: "24.0.0",
  pid: 4242,
  uid: 1000,
  cpu_count: 1,
};

const refuseToRun: Subprocess["run"] = ({ argv }) =>
  Promise.reject(Object.assign(new Error(`ENOENT: simulated, spawn ${argv[0]}`), { code: "ENOENT" }));

const refuseToConnect: Network["get"] = ({ url }) =>
  Promise.reject(
    Object.assign(new Error(`ECONNREFUSED: simulated, connect ${url}`), { code: "ECONNREFUSED" }),
  );

/** Time passes only while somebody sleeps, and one millisecond each time it is asked for. */
function virtualClock(start_ms: number): Clock {
  let now_ms = start_ms;
  return {
    now_ms: () => now_ms++,
    elapsed_ms: () => now_ms - start_ms,
    sleep: async (duration_ms) => {
      now_ms += duration_ms;
    },
    breathe: async () => undefined,
  };
}

function seededRandom(seed: number): Random {
  const draw = seededNumbers(seed);
  return {
    hex: (bytes) =>
      Buffer.from(Array.from({ length: bytes }, () => Math.floor(draw() * 256))).toString("hex"),
  };
}

/** Creates the lock file as SQLite does; who holds it is known only here. */
function locksInMemory(fs: FileSystem, clock: Clock): Locks {
  const held = new Set<string>();
  return {
    async acquire(path, { wait_ms, signal }) {
      if (fs.stat(path) === undefined) fs.openWrite(path, { mode: 0o644, how: "append" }).close();
      for (let waited_ms = 0; held.has(path); waited_ms++) {
        if (waited_ms >= wait_ms || signal?.aborted === true) return undefined;
        await clock.sleep(1);
      }
      held.add(path);
      return { release: () => void held.delete(path) };
    },
  };
}

function workersHere(fs: FileSystem): Workers {
  return {
    digestFiles: async (paths) =>
      paths.map((path) => {
        const stat = fs.stat(path);
        if (stat?.kind !== "file") return undefined;
        const sha256 = createHash("sha256").update(fs.read(path)).digest("hex");
        return { sha256, size_bytes: stat.size_bytes, executable: stat.executable };
      }),
  };
}
