/** `golden flaky`: the same lives again and again, held against each other. */
import { z } from "zod";
import {
  type Compared,
  type Contents,
  compareRuns,
  findSubjects,
  isSameContent,
  type Lived,
  planRun,
  runScenario,
  storedIn,
  sweepFolders,
  withStoredDependencies,
} from "../harness/index.ts";
import { absolute } from "../plane/index.ts";
import { operation } from "./define.ts";
import { driverOf } from "./golden-driver.ts";

interface Result extends Compared {
  readonly schema_version: "1.0";
  /** Nothing varied; of what failed each time, only the steps up to there were compared. */
  readonly deterministic: boolean;
  /** Scenarios that did not pass in the first run. */
  readonly failed: readonly string[];
}

export const goldenFlaky = operation({
  name: "golden flaky",
  summary: "Run the same scenarios several times, and name the step that varies and what of it.",
  examples: ["golden flaky PKG-T3-ECHO-001 --runs 5", "golden flaky golden/weather.toml --runs 10 --json"],
  authorised: false,
  input: z.strictObject({
    subjects: z.array(z.string().min(1)).min(1).meta({
      description: "Scenario files, source folders, package ids, or ID@VERSION in the store.",
      positional: 0,
    }),
    runs: z.coerce.number().int().min(2).max(1000).default(5).meta({ description: "How many times." }),
  }),
  run: async (context, { subjects: words, runs }) => {
    const { effects, root } = context;
    const { host } = effects;
    const base = root === undefined ? host.cwd : absolute(host.cwd, root);
    sweepFolders(effects);
    const sources = await findSubjects(effects, base);
    const planned = await planRun(effects, words, { root: base, cwd: host.cwd, subjects: sources });
    const subjects = await withStoredDependencies(effects, base, sources, storedIn(planned));
    const all: Lived[][] = [];
    for (let run = 1; run <= runs; run++) {
      context.onProgress(`run ${run}/${runs}`);
      const lives: Lived[] = [];
      for (const [at, file] of planned.entries()) {
        const contents = new Map<string, Contents>();
        const onContents = (step: string, found: Contents): void => {
          contents.set(step, sharing(found, all[0]?.[at]?.contents.get(step)));
        };
        const scenario = await runScenario(effects, file, {
          driver: driverOf(context),
          subjects,
          onContents,
        });
        lives.push({ scenario, contents });
      }
      all.push(lives);
    }
    const result = resultOf(all);
    return { result, exit_code: result.deterministic && result.failed.length === 0 ? 0 : 1 };
  },
  text: flakyText,
});

/** What is as it was in the first run is kept once. */
const sharing = (found: Contents, first: Contents | undefined): Contents =>
  new Map(
    [...found].map(([path, content]) => {
      const known = first?.get(path);
      return [path, known !== undefined && isSameContent(known, content) ? known : content] as const;
    }),
  );

function resultOf(all: readonly (readonly Lived[])[]): Result {
  const compared = compareRuns(all);
  const failed = (all[0] ?? [])
    .filter(({ scenario }) => scenario.verdict !== "pass")
    .map(({ scenario }) => scenario.name);
  return { schema_version: "1.0", ...compared, deterministic: compared.variations.length === 0, failed };
}

function flakyText(
  { deterministic, runs, scenarios, steps, variations, failed }: Result,
  { subjects }: { readonly subjects: readonly string[] },
): string {
  return [
    ...variations.flatMap(({ scenario, step, what, pointer, path, run, first, other }) => [
      `VARIES ${scenario}: ${step}: ${what}${pointer === null ? "" : ` at ${pointer}`}${path === null ? "" : ` of ${path}`}`,
      `  run 1: ${first}`,
      `  run ${run}: ${other}`,
      ...nextStep(pointer, path),
    ]),
    ...failed.map(
      (name) =>
        `FAILED ${name}: nothing after it was compared; run "golden run ${subjects.join(" ")}" for why`,
    ),
    `${deterministic ? "deterministic" : "not deterministic"}: ${runs} runs of ${scenarios} scenarios, ${steps} steps compared`,
    "",
  ].join("\n");
}

function nextStep(pointer: string | null, path: string | null): string[] {
  if (pointer !== null)
    return [
      `  next: Let the same input have the same answer, or write [[normalise]] pointer = "/output${pointer === "/" ? "" : pointer}" with a word for it.`,
    ];
  if (path === null) return [];
  return [
    `  next: Let it write the same, or write [[normalise]] with a pattern for what varies, or with pointer = "/contents/${path}" for the whole file.`,
  ];
}
