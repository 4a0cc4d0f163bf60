/** The session in docs/plugin-author.md is run as it stands: each command, its exit code, and the lines shown below it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makePlane, REPOSITORY } from "../support/cli.ts";

const PROGRAM = `pkg() { "${process.execPath}" "${join(REPOSITORY, "bin/pkg.cjs")}" "$@"; }`;

interface Step {
  readonly command: string;
  readonly lines: string[];
  exit: string;
}

function sessionOf(text: string): Step[] {
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

test("the session of a plugin's author works as written", { timeout: 180_000 }, () => {
  const plane = makePlane();
  const steps = sessionOf(readFileSync(join(REPOSITORY, "docs/plugin-author.md"), "utf8"));
  expect(steps.length).toBeGreaterThan(20);
  let digest = "";
  for (const { command, lines, exit } of steps) {
    const words = command.replace("sha256:…", digest);
    const done = plane.run("sh", ["-c", `${PROGRAM}\n${words}`]);
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
});
