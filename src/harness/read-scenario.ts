/** A scenario file to a scenario; whatever is wrong is named with its line. */
import { Scenario } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { Fault, refuseAll, sha256Hex } from "../kernel/index.ts";
import { locate, parseToml } from "../metadata/index.ts";
import { crossProblems, type Wrong } from "./cross-problems.ts";
import { make } from "./faults.ts";

export { stepIds } from "./cross-problems.ts";

export interface ScenarioFile {
  readonly scenario: Scenario;
  /** As the user named it. */
  readonly path: string;
  /** Undefined for a scenario nobody wrote. */
  readonly absolute_path?: string;
  /** Absolute folder that paths in it are relative to. */
  readonly directory: string;
  /** sha256 of its bytes. */
  readonly digest: string;
  /** Package whose canonical scenario this is. */
  readonly covers?: string;
}

export interface ScenarioReading {
  /** Undefined where the text has another shape than a scenario. */
  readonly scenario?: Scenario;
  /** Each with `path`, `line`, `column` and `field` in its details. */
  readonly problems: readonly Fault[];
}

/** @throws METADATA_SYNTAX, SCENARIO_INVALID for the first problem, with all of them under `details.findings` */
export async function readScenario(
  { fs }: Pick<Effects, "fs">,
  absolute_path: string,
  path: string,
): Promise<ScenarioFile> {
  const text = fs.readText(absolute_path);
  const { scenario, problems } = await inspectScenario(text, path);
  refuseAll(problems);
  const directory = absolute_path.slice(0, absolute_path.lastIndexOf("/"));
  return {
    scenario: scenario as Scenario,
    path,
    absolute_path,
    directory,
    digest: sha256Hex(Buffer.from(text)),
  };
}

/** @returns everything that is wrong with a text; a shape that is wrong hides what names mean */
export async function inspectScenario(text: string, path: string): Promise<ScenarioReading> {
  let document: unknown;
  try {
    document = parseToml(text, path);
  } catch (error) {
    if (error instanceof Fault) return { problems: [error] };
    throw error;
  }
  const read = Scenario.safeParse(document);
  if (read.success)
    return { scenario: read.data, problems: await scenarioFaults(text, path, crossProblems(read.data)) };
  const wrong = read.error.issues.flatMap((issue): Wrong[] => {
    const pointer = pointerOf(issue.path);
    if (issue.code !== "unrecognized_keys") return [{ pointer, message: issue.message }];
    return issue.keys.map((key) => ({
      pointer: pointerOf([...issue.path, key]),
      message: `is no field of ${pointer === "/" ? "a scenario" : pointer}`,
      of: "key",
    }));
  });
  return { problems: await scenarioFaults(text, path, wrong) };
}

const pointerOf = (path: readonly PropertyKey[]): string =>
  `/${path.map((part) => String(part).replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`;

/** With the line and column each has in the text. */
export async function scenarioFaults(text: string, path: string, wrong: readonly Wrong[]): Promise<Fault[]> {
  const wanted = wrong.map(({ pointer, of = "value" }) => ({ pointer, of }));
  const places = await locate(text, "toml", wanted);
  return wrong.map(({ pointer, message }, index) => {
    const { line, column } = places[index] ?? { line: 1, column: 1 };
    return make("SCENARIO_INVALID", `${path}:${line}:${column}: ${pointer}: ${message}`, {
      path,
      field: pointer,
      line,
      column,
    });
  });
}
