/**
 * A program that stands ready: its wall is built and its interpreter has started, and it waits for our word before it reads what it
 * is to run. So nothing of a plugin runs before the call it runs for, and each call still has a process of its own.
 */
import { type FileStat, stampOf } from "../effects/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import { startConfined } from "./confine.ts";
import type { CallLimits, Confined, ConfineNeeds, StartRequest } from "./confined.ts";
import { makeWrittenFolders } from "./wall/granted-paths.ts";
import { hiddenPaths, planWall } from "./wall/plan.ts";
import type { Wall } from "./wall/wall.ts";

export type ReadyRequest = Omit<StartRequest, "broker" | "onStderr" | "program"> & {
  /** Never bare: who waits for the word is the part of its interpreter that is ours. */
  readonly program: Omit<StartRequest["program"], "is_bare" | "is_held">;
};

export interface Ready {
  /** Of all that it was started with: `readyKey` as it was when it was started. */
  readonly key: string;
  readonly is_alive: boolean;
  /** Gives the word, once. The limits count from here. */
  begin(stdin: Uint8Array | string, limits: CallLimits): Confined;
  /** Kills the whole tree; resolves when nothing of it lives. Never throws. */
  stop(): Promise<void>;
}

/** @throws as `confine` */
export async function standReady(effects: ConfineNeeds, wall: Wall, request: ReadyRequest): Promise<Ready> {
  // Before the wall is built: what changes while it is built is another key.
  const key = readyKey(effects.fs, wall, request);
  const held = { ...request, program: { ...request.program, is_held: true } };
  const confinement = await startConfined(effects, wall, held);
  return {
    key,
    get is_alive() {
      return confinement.is_alive;
    },
    begin: (stdin, limits) => confinement.begin(stdin, limits),
    stop: () => confinement.stop(),
  };
}

/**
 * Two requests of one key would be shown the very same files, under the same limits, grants and environment. Each is known by its
 * inode and when that was made; also what is laid over, since the kernel takes away what lies on a name that is replaced.
 * @throws as `confine` where it looks at what is granted
 */
export function readyKey(fs: ConfineNeeds["fs"], wall: Wall, request: ReadyRequest): string {
  const { signal: _, overlays = [], limits, ...rest } = request;
  const { memory_bytes_max, processes_max, temp_bytes_max } = limits;
  makeWrittenFolders(fs, request.plane_root, request.profile.files.write);
  const plan = planWall(fs, request, wall.perl);
  const covered = [...plan.masks.map(({ path }) => path), ...plan.overlays];
  const shown = [...plan.system.shown, ...plan.mounts.map(({ path }) => path), ...plan.kept];
  const files = [request.program.executable, ...shown, ...covered].map((path) => identityOf(fs.stat(path)));
  const laid_over = overlays.map(({ path, bytes }) => [path, sha256Hex(bytes)]);
  const around = [memory_bytes_max, processes_max, temp_bytes_max];
  return sha256Hex(JSON.stringify([wall, rest, plan, files, packageOf(fs, request), laid_over, around]));
}

/**
 * For a process that serves many calls: another one when something is hidden that was not there, or is replaced, since it would
 * see both. @throws SANDBOX_TOO_MANY_PATHS
 */
export function hiddenKey(fs: ConfineNeeds["fs"], request: Parameters<typeof hiddenPaths>[1]): string {
  const found = hiddenPaths(fs, request).map(({ path }) => [path, ...identityOf(fs.stat(path))]);
  return sha256Hex(JSON.stringify(found));
}

/** The number of an inode is soon given again, so the time it was made is added; where no file system keeps that, its last change. */
const identityOf = (found: FileStat | undefined): (string | number)[] =>
  found === undefined
    ? []
    : [`${found.device} ${found.inode} ${found.born_ns === 0n ? found.ctime_ns : found.born_ns}`, found.uid];

/** Before Node loads anything at all, it reads what package the folder belongs to that it starts in, and keeps the answer. */
const packageOf = (fs: ConfineNeeds["fs"], { profile, cwd, plane_root }: ReadyRequest): string => {
  const found = profile.runtime === "node" ? fs.stat(`${cwd ?? plane_root}/package.json`) : undefined;
  return found === undefined ? "" : stampOf(found);
};
