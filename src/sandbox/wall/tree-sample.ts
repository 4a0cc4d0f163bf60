/** Memory and processor time of a process and everything below it, read from /proc. */
import type { FileSystem } from "../../effects/index.ts";

const PROCESSES_MAX = 4096;
/** Of USER_HZ, which is 100 on every machine we know. */
const TICK_MS = 10;

export interface TreeSample {
  /** What is not shared with files: the libraries of each process are counted for none. */
  readonly memory_bytes: number;
  readonly cpu_ms: number;
}

/** Zero for what ended meanwhile. Never throws. */
export function sampleTree(fs: Pick<FileSystem, "read">, pid: number): TreeSample {
  const text = (path: string): string => {
    try {
      return fs.read(path).toString("latin1");
    } catch {
      return "";
    }
  };
  let memory_bytes = 0;
  let ticks = 0;
  const pids = [pid];
  for (let index = 0; index < pids.length && index < PROCESSES_MAX; index++) {
    const folder = `/proc/${pids[index]}`;
    const status = text(`${folder}/status`);
    for (const name of ["RssAnon", "RssShmem"])
      memory_bytes += Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024;
    // After the name, which may hold anything: state is field 3; times are 14 to 17.
    const stat = text(`${folder}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    for (const field of [14, 15, 16, 17]) ticks += Number(fields[field - 3] ?? 0);
    for (const child of text(`${folder}/task/${pids[index]}/children`).split(" "))
      if (child !== "") pids.push(Number(child));
  }
  return { memory_bytes, cpu_ms: ticks * TICK_MS };
}
