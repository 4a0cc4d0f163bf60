/**
 * A file system that dies or fails at a chosen change. It stands before a real one, so what it leaves is what a killed
 * process leaves; lost unsynced data is not simulated here.
 */
import type { FileSystem, WriteHandle } from "../ports.ts";

/** The process is gone: nothing after this may touch the disk. */
export class SimulatedCrash extends Error {
  override readonly name = "SimulatedCrash";
}

export type Mishap =
  | { readonly kind: "crash" }
  /** One failing call, as the operating system would report it; later calls work. */
  | { readonly kind: "error"; readonly code: "EIO" | "ENOSPC" | "EACCES" | "EMFILE" };

export interface Watched {
  readonly fs: FileSystem;
  /** Changes asked for so far. */
  readonly changes: () => number;
}

/**
 * @param at the change, counted from 0, before which the mishap happens; Infinity only counts
 * @param torn a crashing write leaves half of its bytes
 */
export function crashingFileSystem(real: FileSystem, at: number, mishap: Mishap, torn = false): Watched {
  let count = 0;
  let dead = false;
  const alive = (): void => {
    if (dead) throw new SimulatedCrash("the process is dead");
  };
  const change = (path: string): void => {
    alive();
    if (count++ !== at) return;
    if (mishap.kind === "error")
      throw Object.assign(new Error(`${mishap.code}: simulated at ${path}`), { code: mishap.code, path });
    dead = true;
    throw new SimulatedCrash(`crashed before change ${at} at ${path}`);
  };
  const reads =
    <A extends unknown[], R>(call: (...args: A) => R) =>
    (...args: A): R => {
      alive();
      return call(...args);
    };
  const changes =
    <A extends [string, ...unknown[]], R>(call: (...args: A) => R) =>
    (...args: A): R => {
      change(args[0]);
      return call(...args);
    };
  const handle = (path: string, inner: WriteHandle): WriteHandle => watchedHandle(path, inner, change, torn);
  const fs: FileSystem = {
    stat: reads((path) => real.stat(path)),
    realPath: reads((path) => real.realPath(path)),
    readLink: reads((path) => real.readLink(path)),
    makeLink: changes((path: string, target: string) => real.makeLink(path, target)),
    list: reads((path) => real.list(path)),
    read: reads((path) => real.read(path)),
    readText: reads((path) => real.readText(path)),
    openRead: reads((path) => real.openRead(path)),
    openBeneath: reads((directory, names) => real.openBeneath(directory, names)),
    freeBytes: reads((path) => real.freeBytes(path)),
    openWrite: (path, options) => {
      change(path);
      return handle(path, real.openWrite(path, options));
    },
    rename: changes((from: string, to: string) => real.rename(from, to)),
    remove: changes((path: string) => real.remove(path)),
    makeDirectory: changes((path: string, mode?: number) => real.makeDirectory(path, mode)),
    removeDirectory: changes((path: string) => real.removeDirectory(path)),
    setMode: changes((path: string, mode: number) => real.setMode(path, mode)),
    async syncFiles(paths) {
      for (const path of paths) {
        change(path);
        await real.syncFiles([path]);
      }
    },
    syncDirectory: changes((path: string) => real.syncDirectory(path)),
  };
  return { fs, changes: () => count };
}

function watchedHandle(
  path: string,
  inner: WriteHandle,
  change: (path: string) => void,
  torn: boolean,
): WriteHandle {
  return {
    write(bytes, position) {
      try {
        change(path);
      } catch (error) {
        if (torn && error instanceof SimulatedCrash && bytes.length > 1)
          inner.write(bytes.subarray(0, bytes.length >> 1), position);
        throw error;
      }
      inner.write(bytes, position);
    },
    sync: () => {
      change(path);
      inner.sync();
    },
    datasync: () => {
      change(path);
      inner.datasync();
    },
    truncate: (size) => {
      change(path);
      inner.truncate(size);
    },
    stat: () => inner.stat(),
    close: () => inner.close(),
  };
}
