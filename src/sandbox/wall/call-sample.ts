/** What a tree used since it was last asked: for a program that serves many calls and lives on. Read from /proc. */
import type { FileSystem } from "../../effects/index.ts";

type Needs = Pick<FileSystem, "read" | "openRead" | "list" | "openWrite">;

const PROCESSES_MAX = 4096;
/** Of USER_HZ, which is 100 on every machine we know. */
const TICK_MS = 10;
/** Written to `clear_refs`: the highest memory so far is what is used now. */
const FORGET_PEAK = "5";

export interface CallSample {
  /** The highest of each process since it was last asked, together; since their start where that cannot be set back. */
  readonly peak_memory_bytes: number;
  /** Of the whole life of all processes that live or were waited for. */
  readonly cpu_ms: number;
}

/** `status` of a process is the longest of what is read. */
const FILE_BYTES_MAX = 8192;
/** Kept, since this is asked after each call. */
const buffer = Buffer.alloc(FILE_BYTES_MAX);

/** Zero for what ended meanwhile. Never throws. */
export function sampleCall(fs: Needs, pid: number): CallSample {
  const text = (path: string): string => textOf(fs, path);
  let peak_memory_bytes = 0;
  let cpu_ms = 0;
  const pids = [pid];
  for (let index = 0; index < pids.length && index < PROCESSES_MAX; index++) {
    const folder = `/proc/${pids[index]}`;
    const status = text(`${folder}/status`);
    const number = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
    peak_memory_bytes += number("VmHWM") * 1024;
    const tasks = number("Threads") > 1 ? namesIn(fs, `${folder}/task`) : [String(pids[index])];
    // In nanoseconds, where the times of `stat` count ticks: a call takes less than one.
    for (const task of tasks)
      cpu_ms += Number(text(`${folder}/task/${task}/schedstat`).split(" ")[0] ?? 0) / 1e6;
    const stat = text(`${folder}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // Of children that were waited for; after the name, which may hold anything, state is field 3.
    for (const field of [16, 17]) cpu_ms += Number(fields[field - 3] ?? 0) * TICK_MS;
    for (const task of tasks) pids.push(...childrenOf(fs, `${folder}/task/${task}`));
    forgetPeak(fs, folder);
  }
  return { peak_memory_bytes, cpu_ms };
}

/** However many. */
function childrenOf(fs: Pick<FileSystem, "read">, folder: string): number[] {
  try {
    const listed = fs.read(`${folder}/children`).toString("latin1");
    return listed.split(" ").flatMap((child) => (child === "" ? [] : [Number(child)]));
  } catch {
    return [];
  }
}

/** A short file of /proc is whole in one answer; to read it to its end would be to ask twice. */
function textOf(fs: Pick<FileSystem, "openRead">, path: string): string {
  try {
    const file = fs.openRead(path);
    try {
      return buffer.toString("latin1", 0, file.read(buffer));
    } finally {
      file.close();
    }
  } catch {
    return "";
  }
}

function namesIn(fs: Pick<FileSystem, "list">, folder: string): string[] {
  try {
    return fs.list(folder).map(({ name }) => name);
  } catch {
    return [];
  }
}

function forgetPeak(fs: Pick<FileSystem, "openWrite">, folder: string): void {
  try {
    const file = fs.openWrite(`${folder}/clear_refs`, { mode: 0o200, how: "update" });
    try {
      file.write(Buffer.from(FORGET_PEAK));
    } finally {
      file.close();
    }
  } catch {
    // Of another user, or gone.
  }
}
