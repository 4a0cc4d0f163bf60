/** A scenario file to a scenario; whatever is wrong is named with its line. */
import { Scenario } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { type Fault, refuseAll, sha256Hex } from "../kernel/index.ts";
import { locate, parseToml } from "../metadata/index.ts";
import { make } from "./faults.ts";

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

/** @throws METADATA_SYNTAX, SCENARIO_INVALID for the first problem, with all of them under `details.findings` */
export async function readScenario(
  { fs }: Pick<Effects, "fs">,
  absolute_path: string,
  path: string,
): Promise<ScenarioFile> {
  const text = fs.readText(absolute_path);
  const read = Scenario.safeParse(parseToml(text, path));
  if (!read.success) {
    const issues = read.error.issues.map((issue) => ({
      field: `/${issue.path.map(String).join("/")}`,
      of:
        issue.code === "unrecognized_keys"
          ? `/${[...issue.path, issue.keys[0]].map(String).join("/")}`
          : undefined,
      message: issue.message,
    }));
    const places = await locate(
      text,
      "toml",
      issues.map(({ field, of }) => ({ pointer: of ?? field, of: of === undefined ? "value" : "key" })),
    );
    refuseAll(
      issues.map(({ field, of, message }, index) => {
        const { line, column } = places[index] ?? { line: 1, column: 1 };
        const at = of ?? field;
        return make("SCENARIO_INVALID", `${path}:${line}:${column}: ${at}: ${message}`, {
          path,
          field: at,
          line,
          column,
        });
      }),
    );
  }
  const scenario = read.data as Scenario;
  refuseAll(await crossProblems(scenario, text, path));
  const directory = absolute_path.slice(0, absolute_path.lastIndexOf("/"));
  return { scenario, path, absolute_path, directory, digest: sha256Hex(Buffer.from(text)) };
}

/** What no shape can say: names that must exist, ids that must differ. */
async function crossProblems(scenario: Scenario, text: string, path: string): Promise<Fault[]> {
  const handles = new Set(Object.keys(scenario.packages));
  const wrong: { pointer: string; message: string }[] = [];
  const known = (pointer: string, handle: string): void => {
    if (!handles.has(handle))
      wrong.push({ pointer, message: `there is no package "${handle}" in this scenario` });
  };
  scenario.before.forEach((handle, at) => known(`/before/${at}`, handle));
  if (scenario.canonical !== undefined) {
    known("/canonical", scenario.canonical);
    if (scenario.steps.length > 0)
      wrong.push({ pointer: "/steps", message: "a canonical scenario has its steps from the package" });
  } else if (scenario.steps.length === 0) {
    wrong.push({ pointer: "/name", message: "a scenario without a step proves nothing" });
  }
  const ids = stepIds(scenario);
  scenario.steps.forEach((step, at) => {
    if ("package" in step) known(`/steps/${at}/package`, step.package);
    if ("packages" in step)
      step.packages.forEach((one, index) => known(`/steps/${at}/packages/${index}`, one));
    if (ids.indexOf(ids[at] ?? "") !== at)
      wrong.push({ pointer: `/steps/${at}/id`, message: `two steps are named "${ids[at]}"` });
  });
  scenario.inject.forEach(({ step }, at) => {
    if (scenario.canonical === undefined && !ids.includes(step))
      wrong.push({ pointer: `/inject/${at}/step`, message: `there is no step "${step}"` });
  });
  const places = await locate(
    text,
    "toml",
    wrong.map(({ pointer }) => ({ pointer, of: "value" as const })),
  );
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

/** The name of each step: its own, or what it does and a number from the second on. */
export function stepIds({ steps }: Pick<Scenario, "steps">): string[] {
  const seen = new Map<string, number>();
  return steps.map((step) => {
    if (step.id !== undefined) return step.id;
    const count = (seen.get(step.do) ?? 0) + 1;
    seen.set(step.do, count);
    return count === 1 ? step.do : `${step.do}-${count}`;
  });
}
