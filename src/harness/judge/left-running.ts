/** What a plugin left running. */
import type { GoldenProblem } from "../../contracts/index.ts";
import type { Running } from "../oracle/processes.ts";
import { problem } from "../problems.ts";

export const leftProblems = (left: readonly Running[]): GoldenProblem[] =>
  left.flatMap(({ pid, command, ports }) => [
    problem(
      "PROCESS_LEFT",
      `process ${pid} was still running: ${command}`,
      { subject: command },
      "End what the plugin starts before its action answers.",
    ),
    ...ports.map((port) =>
      problem(
        "PORT_LEFT",
        `process ${pid} still listened at port ${port}: ${command}`,
        { subject: String(port) },
        "Close what the plugin opens before its action answers.",
      ),
    ),
  ]);
