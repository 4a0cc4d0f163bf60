/** Sessions in documents, run as they stand: `$` begins a command, `[exit N]` ends it, other lines must be in its output. */
import { expect } from "vitest";

export interface Step {
  readonly command: string;
  readonly lines: string[];
  exit: string;
}

export function sessionOf(text: string): Step[] {
  const steps: Step[] = [];
  for (const [, block = ""] of text.matchAll(/```console\n([\s\S]*?)```/g)) {
    for (const line of block.split("\n")) {
      const last = steps.at(-1);
      const exit = /^\[exit (.+)\]$/.exec(line)?.[1];
      if (line.startsWith("$ ")) steps.push({ command: line.slice(2), lines: [], exit: "0" });
      else if (exit !== undefined && last !== undefined) last.exit = exit;
      else if (line.trim() !== "") last?.lines.push(line);
    }
  }
  return steps;
}

/** `…` stands for anything. */
const patternOf = (line: string): RegExp =>
  new RegExp(
    `^${line
      .split("…")
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
  );

/** @param run one command of a shell; `sha256:…` in it stands for the digest that the last refusal asked for */
export function followSession(
  steps: readonly Step[],
  run: (command: string) => {
    readonly status: number | null;
    readonly stdout: string;
    readonly stderr: string;
  },
): void {
  let digest = "";
  for (const { command, lines, exit } of steps) {
    const words = command.replace("sha256:…", digest);
    const done = run(words);
    const output = done.stdout + done.stderr;
    digest = /--yes (sha256:[0-9a-f]{64})/.exec(output)?.[1] ?? digest;
    if (exit === "…") expect(done.status, words).not.toBe(0);
    else expect(done.status, `${words}\n${output}`).toBe(Number(exit));
    const actual = output.split("\n");
    for (const line of lines)
      expect(
        actual.some((one) => patternOf(line).test(one)),
        `${words}\n${line}\n--\n${output}`,
      ).toBe(true);
  }
}
