/** When a process began: a number of a process is used again, a number and its beginning are not. */
import type { FileSystem } from "../effects/index.ts";

/** Ticks since the machine began; empty where there is no such process. */
export function processStart(fs: Pick<FileSystem, "read">, pid: number | string): string {
  try {
    const text = fs.read(`/proc/${pid}/stat`).toString("latin1");
    // The name of the program, in brackets, may hold anything; the fields after it may not.
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
