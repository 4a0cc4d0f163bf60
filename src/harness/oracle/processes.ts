/** Processes and listening ports that belong to a world: what a plugin left running is found here. */
import type { Effects } from "../../effects/index.ts";
import { processStart } from "../../sandbox/index.ts";

export interface Running {
  readonly pid: number;
  readonly command: string;
  /** Ports it listens at. */
  readonly ports: readonly number[];
}

export interface LookedAt {
  readonly processes: number;
  readonly running: readonly Running[];
}

/** What runs already when a world is made: a process and when it started, since numbers are used again. */
export type Before = ReadonlySet<string>;

export interface Sought {
  readonly folder: string;
  readonly mark: string;
  /** These are not looked at: what ran before there was a world is none of it, and looking costs a read for each open file. */
  readonly before?: Before;
}

type Needs = Pick<Effects, "fs" | "host">;

export function runningNow({ fs, host }: Needs): Before {
  return new Set(host.platform === "linux" ? pidsIn(fs).map((pid) => lifeOf(fs, pid)) : []);
}

/**
 * Every process of the machine that carries the mark in its environment, or has its program, folder or an open file below
 * the folder of the world. The process that looks is none of them.
 */
export function runningIn({ fs, host }: Needs, { folder, mark, before }: Sought): LookedAt {
  if (host.platform !== "linux") return { processes: 0, running: [] };
  // Read only where a process was found: most of the time nobody's ports are asked for.
  let listening: Map<string, number> | undefined;
  const pids = pidsIn(fs);
  const running: Running[] = [];
  for (const name of pids) {
    if (Number(name) === host.pid || before?.has(lifeOf(fs, name)) === true) continue;
    const links = linksOf(fs, name);
    const environment = textOf(fs, `/proc/${name}/environ`);
    const is_ours = environment.includes(mark) || links.some((link) => link.startsWith(`${folder}/`));
    if (!is_ours) continue;
    const portsOf = (inodes: readonly string[]): number[] => {
      listening ??= listeningSockets(fs);
      const known = listening;
      return inodes.flatMap((inode) => known.get(inode) ?? []);
    };
    const sockets = links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
    running.push({
      pid: Number(name),
      command: textOf(fs, `/proc/${name}/cmdline`).replaceAll("\0", " ").trim().slice(0, 200),
      ports: portsOf(sockets),
    });
  }
  return { processes: pids.length, running };
}

const TRIES = 20;

/** A process that ends while the folder is read can fail the whole reading. */
function pidsIn(fs: Effects["fs"]): string[] {
  for (let left = TRIES; ; left--) {
    try {
      return fs.list("/proc").flatMap(({ name }) => (/^\d+$/.test(name) ? [name] : []));
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}

const lifeOf = (fs: Effects["fs"], pid: string): string => `${pid} ${processStart(fs, pid)}`;

function linksOf(fs: Effects["fs"], pid: string): string[] {
  const at = (path: string): string[] => {
    try {
      return [fs.readLink(path)];
    } catch {
      return [];
    }
  };
  let open: string[] = [];
  try {
    open = fs.list(`/proc/${pid}/fd`).flatMap(({ name }) => at(`/proc/${pid}/fd/${name}`));
  } catch {
    // It ended, or belongs to somebody else.
  }
  return [...at(`/proc/${pid}/cwd`), ...at(`/proc/${pid}/exe`), ...open];
}

function textOf(fs: Effects["fs"], path: string): string {
  try {
    return fs.read(path).toString("latin1");
  } catch {
    return "";
  }
}

/** Ports by inode of the socket; state 0A is LISTEN. */
function listeningSockets(fs: Effects["fs"]): Map<string, number> {
  const found = new Map<string, number>();
  for (const table of ["tcp", "tcp6"]) {
    for (const line of textOf(fs, `/proc/net/${table}`).split("\n").slice(1)) {
      const cells = line.trim().split(/\s+/);
      const port = cells[1]?.split(":")[1];
      const inode = cells[9];
      if (cells[3] === "0A" && port !== undefined && inode !== undefined)
        found.set(inode, Number.parseInt(port, 16));
    }
  }
  return found;
}
