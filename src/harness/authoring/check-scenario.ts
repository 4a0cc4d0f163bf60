/** Everything that is wrong with a scenario and can be seen without running it: its text, and the files it names. */
import type { Scenario } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import type { Fault } from "../../kernel/index.ts";
import { canonicalScenario } from "../canonical.ts";
import { stepIds, type Wrong } from "../cross-problems.ts";
import { make } from "../faults.ts";
import { BROKEN_WAYS } from "../fixtures/generated.ts";
import { inspectScenario, scenarioFaults } from "../read-scenario.ts";
import { subjectAt } from "../subjects.ts";
import { absoluteIn } from "../world/materials.ts";

type Needs = Pick<Effects, "fs">;

export interface CheckedScenario {
  /** As the user named it. */
  readonly path: string;
  /** Null where the text has another shape than a scenario. */
  readonly name: string | null;
  /** How many steps it has, those of the canonical scenario included. */
  readonly steps: number;
  /** Each with `line` and `column` in its details. */
  readonly problems: readonly Fault[];
}

/** @param shown the path as the user named it */
export async function checkScenario(
  { fs }: Needs,
  absolute_path: string,
  shown: string,
): Promise<CheckedScenario> {
  const text = readable(fs, absolute_path);
  if (text === undefined) {
    const at = { path: shown, field: "/", line: 1, column: 1 };
    const problem = make("SCENARIO_INVALID", `${shown}:1:1: is no file of UTF-8 text`, at);
    return { path: shown, name: null, steps: 0, problems: [problem] };
  }
  const { scenario, problems } = await inspectScenario(text, shown);
  if (scenario === undefined) return { path: shown, name: null, steps: 0, problems };
  const directory = absolute_path.slice(0, absolute_path.lastIndexOf("/"));
  const { ids, wrong } = await stepsOf({ fs }, scenario, directory);
  const files = [
    ...wrong,
    ...packageProblems(fs, scenario, directory),
    ...answerProblems(fs, scenario, directory),
  ];
  return {
    path: shown,
    name: scenario.name,
    steps: ids.length,
    problems: [...problems, ...(await scenarioFaults(text, shown, files))].sort(byPlace),
  };
}

const byPlace = (a: Fault, b: Fault): number => placeOf(a) - placeOf(b);
const placeOf = ({ details }: Fault): number =>
  Number(details["line"] ?? 1) * 10_000 + Math.min(9999, Number(details["column"] ?? 1));

function readable(fs: Effects["fs"], path: string): string | undefined {
  try {
    return fs.readText(path);
  } catch {
    return undefined;
  }
}

/** Steps of a canonical scenario follow from its package, so names of steps are known only here. */
async function stepsOf(
  effects: Needs,
  scenario: Scenario,
  directory: string,
): Promise<{ readonly ids: readonly string[]; readonly wrong: readonly Wrong[] }> {
  const { canonical } = scenario;
  const given = canonical === undefined ? undefined : scenario.packages[canonical];
  if (given === undefined) return { ids: stepIds(scenario), wrong: [] };
  const folder = given.source === undefined ? undefined : absoluteIn(directory, given.source);
  const subject = folder === undefined ? undefined : await subjectAt(effects, folder);
  if (subject === undefined)
    return {
      ids: [],
      wrong: [
        {
          pointer: `/packages/${canonical}`,
          message: "a canonical scenario needs a source that declares a package",
        },
      ],
    };
  const ids = stepIds(canonicalScenario({ ...subject, package: given }, scenario));
  const unknown = scenario.inject.flatMap(({ step }, at) =>
    ids.includes(step)
      ? []
      : [
          {
            pointer: `/inject/${at}/step`,
            message: `there is no step "${step}"; there are ${ids.join(", ")}`,
          },
        ],
  );
  return { ids, wrong: unknown };
}

function packageProblems(fs: Effects["fs"], { packages }: Scenario, directory: string): Wrong[] {
  return Object.entries(packages).flatMap(([handle, { source, archive, generate, edits }]): Wrong[] => {
    const at = `/packages/${handle}`;
    if (archive !== undefined && fs.stat(absoluteIn(directory, archive))?.kind !== "file")
      return [{ pointer: `${at}/archive`, message: `there is no file ${archive}` }];
    if (generate?.broken !== undefined && !Object.hasOwn(BROKEN_WAYS, generate.broken))
      return [
        {
          pointer: `${at}/generate/broken`,
          message: `nothing is broken by "${generate.broken}"; there are ${Object.keys(BROKEN_WAYS).join(", ")}`,
        },
      ];
    if (source === undefined) return [];
    const folder = absoluteIn(directory, source);
    if (fs.stat(folder)?.kind !== "directory")
      return [{ pointer: `${at}/source`, message: `there is no folder ${source}` }];
    return edits.flatMap(({ path, find }, index) =>
      readable(fs, `${folder}/${path}`)?.includes(find) === true
        ? []
        : [{ pointer: `${at}/edits/${index}/find`, message: `${path} does not hold this text` }],
    );
  });
}

function answerProblems(fs: Effects["fs"], { apis }: Scenario, directory: string): Wrong[] {
  return apis.flatMap(({ answers }, api) =>
    answers.flatMap(({ file }, at): Wrong[] =>
      file === undefined || fs.stat(absoluteIn(directory, file))?.kind === "file"
        ? []
        : [{ pointer: `/apis/${api}/answers/${at}/file`, message: `there is no file ${file}` }],
    ),
  );
}
