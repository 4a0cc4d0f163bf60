/** `golden check`: what is wrong with scenarios, all of it, without running them. */
import { z } from "zod";
import { type CheckedScenario, checkScenario, findScenarios, harnessFault } from "../harness/index.ts";
import { type Outcome, operation } from "./define.ts";

interface Checked {
  readonly schema_version: "1.0";
  /** How many were read as scenarios. */
  readonly scenarios: number;
  readonly steps: number;
  readonly problems: number;
  readonly files: readonly CheckedScenario[];
}

export const goldenCheck = operation({
  name: "golden check",
  summary: "Read scenarios and report every problem with line and column, without running anything.",
  examples: ["golden check", "golden check golden/first.toml", "golden check golden --json"],
  authorised: false,
  input: z.strictObject({
    files: z.array(z.string().min(1)).max(10_000).optional().meta({
      description: "Scenario files or folders of them; default: golden.",
      positional: 0,
    }),
  }),
  run: async ({ effects, root }, input): Promise<Outcome<Checked>> => {
    const words = input.files ?? [root === undefined ? "golden" : `${root}/golden`];
    const found = findScenarios(effects, words, effects.host.cwd);
    if (found.length === 0)
      throw harnessFault("NOTHING_TO_CHECK", `${words.join(", ")} holds no scenario`, {
        path: words.join(", "),
      });
    const files: CheckedScenario[] = [];
    for (const { absolute, shown } of found) files.push(await checkScenario(effects, absolute, shown));
    const problems = files.reduce((sum, one) => sum + one.problems.length, 0);
    const result: Checked = {
      schema_version: "1.0",
      scenarios: files.filter(({ name }) => name !== null).length,
      steps: files.reduce((sum, { steps }) => sum + steps, 0),
      problems,
      files,
    };
    return { result, exit_code: problems === 0 ? 0 : 2 };
  },
  text: ({ scenarios, steps, problems, files }) =>
    [
      ...files.flatMap((one) =>
        one.problems.map((problem) => `${placed(one.path, problem)} [${problem.code}]`),
      ),
      `${scenarios} of ${files.length} files read as scenarios, ${steps} steps, ${problems} problems`,
      "",
    ].join("\n"),
});

/** Most messages begin with their place; that of a text that is no TOML does not. */
function placed(path: string, { message, details }: CheckedScenario["problems"][number]): string {
  if (message.startsWith(`${path}:`)) return message;
  return `${path}:${Number(details["line"] ?? 1)}:${Number(details["column"] ?? 1)}: ${message}`;
}
