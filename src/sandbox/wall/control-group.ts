/** A control group for one tree of processes, where this user may make one. */
import type { Effects, FileSystem } from "../../effects/index.ts";
import type { ConfineLimits } from "../confined.ts";

type Needs = Pick<Effects, "fs" | "host" | "random">;

export interface ControlGroup {
  /** Absolute folders; a process is put into each. */
  readonly folders: readonly string[];
  /** Whether the kernel had to kill for want of memory. */
  wasExceeded(): boolean;
  usage(): { readonly peak_memory_bytes: number; readonly cpu_ms?: number };
  /** Whether it is gone. Not while its last process is still being taken down. Never throws. */
  remove(): boolean;
}

const MOUNT = "/sys/fs/cgroup";

/** Undefined where none can be made. Never throws. */
export function makeControlGroup({ fs, random }: Needs, limits: ConfineLimits): ControlGroup | undefined {
  const own = ownGroups(fs);
  const name = `holdfast-${random.hex(8)}`;
  return versionTwo(fs, own.get(""), name, limits) ?? versionOne(fs, own, name, limits);
}

/** Controller → path; the empty name is version 2. */
function ownGroups(fs: Needs["fs"]): Map<string, string> {
  const groups = new Map<string, string>();
  try {
    for (const line of fs.readText("/proc/self/cgroup").split("\n")) {
      const [, controllers = "", path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      if (path !== undefined)
        for (const one of controllers.split(",")) groups.set(one, path === "/" ? "" : path);
    }
  } catch {
    // No /proc: no groups.
  }
  return groups;
}

function versionOne(
  fs: Needs["fs"],
  own: ReadonlyMap<string, string>,
  name: string,
  { memory_bytes_max, processes_max }: ConfineLimits,
): ControlGroup | undefined {
  const [memory, pids] = ["memory", "pids"].map((controller) => {
    const path = own.get(controller);
    return path === undefined ? undefined : `${MOUNT}/${controller}${path}/${name}`;
  });
  if (memory === undefined || pids === undefined) return undefined;
  const folders = [memory, pids];
  try {
    for (const folder of folders) fs.makeDirectory(folder);
    put(fs, `${memory}/memory.limit_in_bytes`, memory_bytes_max);
    // Beside the program: the two Perls, bubblewrap twice, and the relay.
    put(fs, `${pids}/pids.max`, processes_max + 5);
  } catch {
    removeAll(fs, folders);
    return undefined;
  }
  return {
    folders,
    wasExceeded: () => numberAfter(fs, `${memory}/memory.oom_control`, "oom_kill") > 0,
    usage: () => ({ peak_memory_bytes: numberAfter(fs, `${memory}/memory.max_usage_in_bytes`, "") }),
    remove: () => removeAll(fs, folders),
  };
}

/** A child of the group above our own: one with processes of its own cannot hand out controllers. */
function versionTwo(
  fs: Needs["fs"],
  own: string | undefined,
  name: string,
  { memory_bytes_max, processes_max }: ConfineLimits,
): ControlGroup | undefined {
  const [, above] = /^(.*)\/[^/]+$/.exec(own ?? "") ?? [];
  if (above === undefined) return undefined;
  const folder = `${MOUNT}${above}/${name}`;
  try {
    if (!/\bmemory\b/.test(fs.readText(`${MOUNT}${above}/cgroup.subtree_control`))) return undefined;
    fs.makeDirectory(folder);
    put(fs, `${folder}/memory.max`, memory_bytes_max);
    put(fs, `${folder}/pids.max`, processes_max + 5);
  } catch {
    removeAll(fs, [folder]);
    return undefined;
  }
  return {
    folders: [folder],
    wasExceeded: () => numberAfter(fs, `${folder}/memory.events`, "oom_kill") > 0,
    usage: () => ({
      peak_memory_bytes: numberAfter(fs, `${folder}/memory.peak`, ""),
      cpu_ms: Math.round(numberAfter(fs, `${folder}/cpu.stat`, "usage_usec") / 1000),
    }),
    remove: () => removeAll(fs, [folder]),
  };
}

function put(fs: FileSystem, path: string, value: number): void {
  const file = fs.openWrite(path, { mode: 0o644, how: "update" });
  try {
    file.write(Buffer.from(String(value)));
  } finally {
    file.close();
  }
}

/** The number of a line `word number`, or of the whole file. 0 where it cannot be read. */
function numberAfter(fs: Pick<FileSystem, "readText">, path: string, word: string): number {
  try {
    return Number(new RegExp(`^${word}\\s*(\\d+)$`, "m").exec(fs.readText(path))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function removeAll(fs: FileSystem, folders: readonly string[]): boolean {
  for (const folder of folders) {
    try {
      fs.removeDirectory(folder);
    } catch {
      // Never made, or its last process is still being taken down.
    }
  }
  return folders.every((folder) => fs.stat(folder) === undefined);
}

const NAME = /^holdfast-[0-9a-f]{16}$/;
/** From making its group to entering it nobody takes longer. */
const ENTERING_MS = 60_000;

/** Removes groups whose makers died before they could: the kernel lets nobody remove one that is in use. Never throws. */
export function sweepControlGroups({ fs, clock }: Pick<Effects, "fs" | "clock">): void {
  const own = ownGroups(fs);
  const parents = ["memory", "pids"].flatMap((controller) => {
    const path = own.get(controller);
    return path === undefined ? [] : [`${MOUNT}/${controller}${path}`];
  });
  const [, above] = /^(.*)\/[^/]+$/.exec(own.get("") ?? "") ?? [];
  if (above !== undefined) parents.push(`${MOUNT}${above}`);
  for (const parent of parents) {
    try {
      const old = fs.list(parent).filter(({ name }) => {
        const made_ns = NAME.test(name) ? fs.stat(`${parent}/${name}`)?.mtime_ns : undefined;
        return made_ns !== undefined && clock.now_ms() - Number(made_ns / 1_000_000n) >= ENTERING_MS;
      });
      removeAll(
        fs,
        old.map(({ name }) => `${parent}/${name}`),
      );
    } catch {
      // It has no such folder.
    }
  }
}
