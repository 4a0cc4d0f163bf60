/** A recording: what each step of a scenario did when somebody last looked at it and found it right. */
import { createTwoFilesPatch } from "diff";
import type { GoldenProblem, GoldenStep } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { type Json, prettyJson } from "../kernel/index.ts";
import { problem } from "./problems.ts";
import { writeText } from "./world/folder.ts";

export interface Recording {
  readonly problems: readonly GoldenProblem[];
  /** Difference in unified form; empty where there is none. */
  readonly difference: string;
}

const recordingPath = (scenario_path: string): string => scenario_path.replace(/\.toml$/, ".golden.json");

/**
 * Holds what was done against the file beside the scenario, or writes the file.
 * @param absolute path of the scenario @param shown path as the user named it
 */
export function judgeRecording(
  fs: Effects["fs"],
  { absolute, shown }: { readonly absolute: string; readonly shown: string },
  steps: readonly GoldenStep[],
  updates: boolean,
): Recording {
  const path = recordingPath(absolute);
  const name = recordingPath(shown);
  const now = prettyJson({ schema_version: "1.0", steps: steps.map(recorded) });
  const before = fs.stat(path)?.kind === "file" ? fs.readText(path) : undefined;
  const difference =
    before === now ? "" : createTwoFilesPatch(`${name}, recorded`, `${name}, done`, before ?? "", now);
  if (updates) {
    if (before !== now) writeText(fs, path, now);
    return { problems: [], difference };
  }
  const update = `golden run ${shown} --update`;
  if (before === undefined)
    return {
      problems: [
        problem(
          "RECORDING",
          `${name} is not there`,
          { subject: name },
          `Run "${update}" and look at what it writes.`,
        ),
      ],
      difference: "",
    };
  if (difference === "") return { problems: [], difference };
  const [first = ""] = difference.split("\n").filter((line) => /^[-+](?![-+])/.test(line));
  const message = `${name} was recorded otherwise: ${first.slice(0, 200)}`;
  return {
    problems: [
      problem(
        "RECORDING",
        message,
        { subject: name },
        `Mend what changed, or run "${update}" if it is right.`,
      ),
    ],
    difference,
  };
}

const recorded = ({ id, exit_code, fault, trace }: GoldenStep): Json =>
  JSON.parse(JSON.stringify({ id, exit_code, fault, ...trace })) as Json;
