/** A whole `Effects` over a simulated disk: nothing outside this process is read, and the same seed does the same. */
import { createHash } from "node:crypto";
import {
  type Clock,
  type Effects,
  FILE_STATE,
  type FileStat,
  type FileSystem,
  type FileTable,
  type HeldLock,
  type Host,
  type Locks,
  type Network,
  type Random,
  STAMP_WIDTH,
  type Subprocess,
  type Workers,
} from "../ports.ts";
import type { SimDisk } from "./disk.ts";
import { SIM_UID } from "./disk-access.ts";
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
    programs: { start: refuseToRun, enterGroup: (pid) => refuseToRun({ argv: [`a group for ${pid}`] }) },
    sockets: {
      listen: () => refuseToConnect({ url: "a listener" }),
      addressesOf: (name) => refuseToConnect({ url: name }),
      connect: ({ address }) => refuseToConnect({ url: address }),
    },
    network: { get: options.get ?? refuseToConnect, post: refuseToConnect },
    locks: locksInMemory(disk.fs, clock),
    workers: workersHere(disk.fs),
    // What a database holds is derived; without one everything is read from the files themselves.
    databases: { open: () => undefined },
    terminal: { interactive: false, ask: async () => "" },
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
  uid: SIM_UID,
  cpu_count: 1,
};

const refuseToRun = ({ argv }: { readonly argv: readonly string[] }): Promise<never> =>
  Promise.reject(Object.assign(new Error(`ENOENT: simulated, spawn ${argv[0]}`), { code: "ENOENT" }));

const refuseToConnect = ({ url }: { readonly url: string }): Promise<never> =>
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
  const hold = (path: string): HeldLock => {
    held.add(path);
    return { release: () => void held.delete(path) };
  };
  return {
    async acquire(path, { wait_ms, signal }) {
      if (fs.stat(path) === undefined) fs.openWrite(path, { mode: 0o644, how: "append" }).close();
      for (let waited_ms = 0; held.has(path); waited_ms++) {
        if (waited_ms >= wait_ms || signal?.aborted === true) return undefined;
        await clock.sleep(1);
      }
      return hold(path);
    },
    takeAtOnce: (path) => (held.has(path) || fs.stat(path) === undefined ? undefined : hold(path)),
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
    startTable: (paths, known, { folder = "" } = {}) => ({
      finish: async () =>
        tableHere(
          fs,
          paths.map((path) => folder + path),
          known,
        ),
    }),
    changedStamps: async ({ paths, ends, stamps }) =>
      Array.from(ends).flatMap((end, index) => {
        const path = Buffer.from(paths.subarray(ends[index - 1] ?? 0, end)).toString("utf8");
        const is_same = stampOf(fs.stat(path)).every(
          (value, at) => stamps[index * STAMP_WIDTH + at] === value,
        );
        return is_same ? [] : [index];
      }),
  };
}

const KIND_BITS = { file: 0o100000, directory: 0o040000, symlink: 0o120000, other: 0o010000 } as const;

/** As the real workers take it from the kernel. */
function stampOf(stat: FileStat | undefined): bigint[] {
  if (stat === undefined) return Array.from({ length: STAMP_WIDTH }, () => 0n);
  const { size_bytes, kind, mode, mtime_ns, ctime_ns, inode, device } = stat;
  return [BigInt(size_bytes), BigInt(KIND_BITS[kind] | mode), mtime_ns, ctime_ns, inode, device];
}

function tableHere(fs: FileSystem, paths: readonly string[], known: BigUint64Array | null): FileTable {
  const states = new Uint8Array(paths.length);
  const digests = new Uint8Array(paths.length * 32);
  const stamps = new BigUint64Array(paths.length * STAMP_WIDTH);
  for (const [index, path] of paths.entries()) {
    const stat = fs.stat(path);
    if (stat?.kind !== "file") continue;
    const stamp = stampOf(stat);
    stamps.set(stamp, index * STAMP_WIDTH);
    const is_known = known !== null && stamp.every((value, at) => known[index * STAMP_WIDTH + at] === value);
    states[index] = is_known ? FILE_STATE.trusted : FILE_STATE.hashed;
    if (!is_known) digests.set(createHash("sha256").update(fs.read(path)).digest(), index * 32);
  }
  return { states, digests, stamps, problems: new Map() };
}
