/** Fault injection as a product: the ports misbehave at named points; no logic knows of it. */
import type { Effects, FileSystem, WriteHandle } from "../ports.ts";
import { type FailpointActions, Injector } from "./injector.ts";
import { phaseIn } from "./point-name.ts";

export { ACTIONS, ARTEFACTS, PHASES, VERBS } from "./catalogue.ts";
export { failpointFaults } from "./faults.ts";
export type { FailpointActions } from "./injector.ts";

/** @param spec as `pkg failpoints` explains it @throws FAILPOINT_INVALID before anything is touched */
export function withFailpoints(
  effects: Effects,
  spec: string,
  actions: FailpointActions,
): { readonly effects: Effects; readonly unreached: () => string[] } {
  const injector = new Injector(effects.fs, spec, actions);
  const { subprocess, network, locks } = effects;
  return {
    unreached: () => injector.unreached(),
    effects: {
      ...effects,
      fs: watchedFiles(effects.fs, injector),
      subprocess: {
        run: async (request) => {
          injector.at(request.argv[0], "spawn", "process");
          return subprocess.run(request);
        },
      },
      network: {
        get: async (request) => {
          injector.at(undefined, "fetch", "network");
          return network.get(request);
        },
      },
      locks: {
        acquire: async (path, options) => {
          injector.at(path, "take", "lock");
          return locks.acquire(path, options);
        },
      },
    },
  };
}

function watchedFiles(fs: FileSystem, injector: Injector): FileSystem {
  return {
    ...fs,
    list: (path) => {
      injector.at(path, "list");
      return fs.list(path);
    },
    read: (path) => {
      injector.at(path, "read");
      return fs.read(path);
    },
    readText: (path) => {
      injector.at(path, "read");
      return fs.readText(path);
    },
    openRead: (path) => {
      injector.at(path, "read");
      return fs.openRead(path);
    },
    openWrite: (path, options) => {
      injector.at(path, "open");
      injector.willWrite(path);
      return watchedHandle(path, fs.openWrite(path, options), injector);
    },
    rename: (from, to) => {
      injector.at(to, "rename");
      fs.rename(from, to);
      injector.renamed(from, to);
    },
    remove: (path) => {
      injector.at(path, "remove");
      fs.remove(path);
    },
    makeDirectory: (path, mode) => {
      injector.at(path, "make-directory");
      fs.makeDirectory(path, mode);
    },
    removeDirectory: (path) => {
      injector.at(path, "remove-directory");
      fs.removeDirectory(path);
    },
    setMode: (path, mode) => {
      injector.at(path, "set-mode");
      fs.setMode(path, mode);
    },
    syncFiles: async (paths) => {
      for (const path of paths) injector.at(path, "sync");
      await fs.syncFiles(paths);
      for (const path of paths) injector.synced(path);
    },
    syncDirectory: (path) => {
      injector.at(path, "sync-directory");
      fs.syncDirectory(path);
    },
  };
}

function watchedHandle(path: string, handle: WriteHandle, injector: Injector): WriteHandle {
  const sync = (act: () => void) => () => {
    injector.at(path, "sync");
    act();
    injector.synced(path);
  };
  return {
    write(bytes) {
      const tear = (): void => handle.write(bytes.subarray(0, bytes.length >> 1));
      injector.at(path, "write", undefined, tear);
      injector.willWrite(path);
      handle.write(bytes);
      if (path.endsWith("/journal.jsonl"))
        injector.phase = phaseIn(Buffer.from(bytes).toString("utf8")) ?? injector.phase;
    },
    sync: sync(() => handle.sync()),
    datasync: sync(() => handle.datasync()),
    truncate: (size_bytes) => handle.truncate(size_bytes),
    close: () => handle.close(),
  };
}
