/** Append-only JSON lines that survive a power cut: a torn last line was never acknowledged and is ignored. */
import type { FileSystem } from "../effects/index.ts";
import { make } from "./faults.ts";

export function appendLines(fs: FileSystem, path: string, values: readonly unknown[]): void {
  const torn = fs.stat(path) !== undefined && !endsWithNewline(fs.read(path));
  const handle = fs.openWrite(path, { mode: 0o600, how: "append" });
  try {
    handle.write(
      Buffer.from((torn ? "\n" : "") + values.map((value) => `${JSON.stringify(value)}\n`).join("")),
    );
    handle.datasync();
  } finally {
    handle.close();
  }
}

const endsWithNewline = (bytes: Buffer): boolean => bytes.length === 0 || bytes.at(-1) === 0x0a;

/** Lines cut short by a death in mid-write are left out: they were never acknowledged. @throws JOURNAL_DAMAGED when a complete line is not JSON */
export function readLines<T>(fs: FileSystem, path: string): T[] {
  if (fs.stat(path) === undefined) return [];
  const lines = fs.read(path).toString("utf8").split("\n");
  lines.pop();
  const whole = lines.filter((line) => line.endsWith("}"));
  return whole.map((line) => {
    try {
      return JSON.parse(line) as T;
    } catch (error) {
      throw make(
        "JOURNAL_DAMAGED",
        `${path} holds a line that is not JSON`,
        { path, problem: line.slice(0, 80) },
        error,
      );
    }
  });
}
