/** What no shape can say of a scenario: names that must exist, ids that must differ, patterns and points that must be some. */
import { type ChangeStep, Expectation, type Scenario, type ScenarioStep } from "../contracts/index.ts";
import { failpointProblem } from "../effects/failpoints/index.ts";

export interface Wrong {
  readonly pointer: string;
  readonly message: string;
  /** What of the field is pointed at; default: its value. */
  readonly of?: "key" | "value";
}

type Say = (pointer: string, message: string) => void;

export function crossProblems(scenario: Scenario): Wrong[] {
  const wrong: Wrong[] = [];
  const say: Say = (pointer, message) => void wrong.push({ pointer, message });
  const known = handlesOf(scenario, say);
  scenario.before.forEach((handle, at) => known(`/before/${at}`, handle));
  if (scenario.canonical !== undefined) {
    known("/canonical", scenario.canonical);
    if (scenario.steps.length > 0) say("/steps", "a canonical scenario has its steps from the package");
  } else {
    if (scenario.steps.length === 0) say("/name", "a scenario without a step proves nothing");
    if (Object.keys(scenario.settings).length > 0)
      say("/settings", "only a canonical scenario takes settings; write a step that configures");
  }
  scenario.configuration.forEach(({ text }, at) => {
    for (const [, domain = ""] of text.matchAll(/\$\{api:([^}]+)\}/g))
      if (!scenario.apis.some((api) => api.domain === domain))
        say(`/configuration/${at}/text`, `there is no api "${domain}" in this scenario`);
  });
  const ids = stepIds(scenario);
  scenario.steps.forEach((step, at) => {
    stepProblems(step, `/steps/${at}`, known, say);
    surroundingProblems(scenario, step, `/steps/${at}`, say);
    if (ids.indexOf(ids[at] ?? "") !== at) say(`/steps/${at}/id`, `two steps are named "${ids[at]}"`);
  });
  scenario.inject.forEach(({ step, at: point, action }, at) => {
    if (scenario.canonical === undefined && !ids.includes(step))
      say(`/inject/${at}/step`, `there is no step "${step}"`);
    const into = scenario.steps[ids.indexOf(step)];
    if (into !== undefined && !INJECTED.has(into.do))
      say(`/inject/${at}/step`, `a failure cannot be injected into "${into.do}"`);
    pointProblem(`/inject/${at}/at`, `${point}=${action}`, say);
  });
  scenario.normalise.forEach(({ pointer, pattern }, at) => {
    if (pattern !== undefined) patternProblem(`/normalise/${at}/pattern`, pattern, "gu", say);
    if ((pattern === undefined) === (pointer === undefined))
      say(`/normalise/${at}`, "names exactly one of pointer and pattern");
  });
  return wrong;
}

/** Steps that are one command, which can be made to fail. */
const INJECTED: ReadonlySet<string> = new Set([
  "install",
  "update",
  "rollback",
  "uninstall",
  "disable",
  "configure",
  "execute",
  "preflight",
]);
/** Steps whose commands run in processes of their own. */
const APART: ReadonlySet<string> = new Set(["crash", "concurrent", "restart"]);

/** Recorded answers and the time of a scenario are there for commands in this process alone. */
function surroundingProblems(scenario: Scenario, step: ScenarioStep, at: string, say: Say): void {
  const inner = step.do === "crash" ? [step.during] : step.do === "concurrent" ? step.steps : [];
  if (scenario.apis.length > 0 && inner.some((one) => one.do === "execute"))
    say(`${at}/do`, "runs an action in a process of its own, where recorded APIs do not answer");
  const is_typed = step.do === "enable" && (step.answer === "no" || step.answer === "terminal");
  if (scenario.now !== undefined && (APART.has(step.do) || is_typed))
    say(`${at}/do`, "runs in a process of its own, whose clock nobody sets");
  innerProblems(step, inner, at, say);
  emptyProblems(step, at, say);
}

function innerProblems(step: ScenarioStep, inner: readonly ChangeStep[], at: string, say: Say): void {
  for (const [index, { id, title, expect }] of inner.entries())
    if (id !== undefined || title !== undefined || isSaid(expect))
      say(
        step.do === "crash" ? `${at}/during` : `${at}/steps/${index}`,
        "has its name and expectations outside",
      );
}

/** What would be taken for a check and is none. */
function emptyProblems(step: ScenarioStep, at: string, say: Say): void {
  if (step.do === "tamper" && isSaid(step.expect))
    say(`${at}/expect`, "expects nothing but that the integrity check names the path");
  if (step.do === "update" && step.packages.length > 1 && step.to === undefined)
    say(`${at}/packages`, "are several, so to has to name the version");
  if (step.do === "enable" && !step.approve && step.answer !== "yes")
    say(`${at}/approve`, "says something only of the answer yes");
  if (isEmpty(step.expect.output)) say(`${at}/expect/output`, "holds for every answer");
}

const isSaid = (expect: Expectation): boolean => JSON.stringify(expect) !== NOTHING_SAID;
const NOTHING_SAID = JSON.stringify(Expectation.parse({}));
const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;

type Known = (pointer: string, handle: string) => void;

function handlesOf({ packages, canonical }: Scenario, say: Say): Known {
  const handles = new Set(Object.keys(packages));
  // The canonical scenario names its two versions itself.
  if (canonical !== undefined) for (const handle of ["now", "next"]) handles.add(handle);
  return (pointer, handle) => {
    if (!handles.has(handle)) say(pointer, `there is no package "${handle}" in this scenario`);
  };
}

function stepProblems(step: ScenarioStep, at: string, known: Known, say: Say): void {
  if ("package" in step) known(`${at}/package`, step.package);
  if ("packages" in step) step.packages.forEach((one, index) => known(`${at}/packages/${index}`, one));
  if (step.do === "crash") {
    stepProblems(step.during, `${at}/during`, known, say);
    pointProblem(`${at}/at`, `${step.at}=kill`, say);
  }
  if (step.do === "concurrent")
    step.steps.forEach((one, index) => stepProblems(one, `${at}/steps/${index}`, known, say));
  for (const handle of Object.keys(step.expect.state ?? {})) known(`${at}/expect/state/${handle}`, handle);
  for (const [pointer, pattern] of Object.entries(step.expect.patterns ?? {}))
    patternProblem(
      `${at}/expect/patterns/${pointer.replaceAll("~", "~0").replaceAll("/", "~1")}`,
      pattern,
      "u",
      say,
    );
}

function patternProblem(pointer: string, pattern: string, flags: string, say: Say): void {
  try {
    RegExp(pattern, flags);
  } catch (error) {
    say(pointer, `is no pattern: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function pointProblem(pointer: string, rule: string, say: Say): void {
  const problem = failpointProblem(rule);
  if (problem !== undefined) say(pointer, problem);
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
