/** One scenario from an empty folder to its verdict. */
import type {
  Expectation,
  GoldenProblem,
  GoldenScenario,
  GoldenStep,
  GoldenVerdict,
  ScenarioStep,
} from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import type { Answer, Driver } from "./driver.ts";
import { type RecordedApis, serveApis } from "./fixtures/recorded-apis.ts";
import { judgeExpectations, runOutput } from "./judge/expectations.ts";
import { judgeInvariants } from "./judge/invariants.ts";
import { type Observed, Observer } from "./judge/observe.ts";
import { Repeats } from "./judge/repeats.ts";
import { judgeResidue } from "./judge/residue.ts";
import { traceOf } from "./judge/trace.ts";
import { type Normalise, normaliserOf } from "./normalise.ts";
import { problem } from "./problems.ts";
import { type ScenarioFile, stepIds } from "./read-scenario.ts";
import { judgeRecording } from "./recording.ts";
import { callOf, packed } from "./steps/calls.ts";
import { perform } from "./steps/perform.ts";
import type { Performed } from "./steps/performed.ts";
import type { Subjects } from "./subjects.ts";
import { brokenWorld, notRun } from "./unrun.ts";
import { endWorld, installBefore, makeWorld, type World } from "./world/world.ts";

export interface Running {
  readonly driver: Driver;
  readonly subjects: Subjects;
  /** Told before each step. */
  readonly onStep?: (id: string) => void;
  /** Leave the plane where it is when the scenario fails. */
  readonly keep?: boolean;
  /** Rewrite recordings instead of holding the run against them. */
  readonly updates?: boolean;
  /** Told of a recording that differs. */
  readonly onDifference?: (difference: string) => void;
  /** Takes away a world that is done with; at once where nobody else does. */
  readonly remove?: (world: World) => void;
  /** Folder for passing files of worlds that run one after the other. */
  readonly temporary?: string;
}

type Needs = Pick<Effects, "fs" | "host" | "random" | "clock" | "signal" | "sockets">;

export async function runScenario(
  effects: Needs,
  file: ScenarioFile,
  running: Running,
): Promise<GoldenScenario> {
  const { clock } = effects;
  const { scenario } = file;
  const from_ms = clock.elapsed_ms();
  const head = {
    name: scenario.name,
    title: scenario.title ?? scenario.name,
    canonical: scenario.canonical !== undefined,
    required: scenario.required,
    scenario_digest: file.digest,
  };
  let world: World | undefined;
  let apis: RecordedApis | undefined;
  let steps: GoldenStep[] = [];
  try {
    apis = await serveApis(effects, scenario.apis, file.directory);
    world = await makeWorld(effects, file, { ...running, apis });
    steps = await runSteps(effects, world, file, running);
    return {
      ...head,
      verdict: verdictOf(steps),
      duration_ms: Math.round(clock.elapsed_ms() - from_ms),
      packages: [...world.packages.values()].map(({ package_id, version, digest }) => ({
        package_id,
        version,
        digest,
      })),
      steps,
    };
  } catch (error) {
    if (!(error instanceof Fault) || effects.signal.aborted) throw error;
    steps = [...steps, brokenWorld(error)];
    return {
      ...head,
      verdict: verdictOf(steps),
      duration_ms: Math.round(clock.elapsed_ms() - from_ms),
      packages: [],
      steps,
    };
  } finally {
    apis?.close();
    if (world !== undefined && !(running.keep === true && verdictOf(steps) !== "pass"))
      (running.remove ?? ((one) => endWorld(effects, one)))(world);
  }
}

const verdictOf = (steps: readonly GoldenStep[]): GoldenVerdict =>
  steps.length === 0 ? "not-run" : (steps.find(({ verdict }) => verdict !== "pass")?.verdict ?? "pass");

async function runSteps(
  effects: Needs,
  world: World,
  { scenario, path, absolute_path }: ScenarioFile,
  running: Running,
): Promise<GoldenStep[]> {
  const { driver, onStep } = running;
  const observer = new Observer(effects, world, driver);
  const first = observer.last;
  const ids = stepIds(scenario);
  const done: GoldenStep[] = [];
  const shared = {
    world,
    driver,
    observer,
    normalise: normaliserOf(world, scenario),
    repeats: new Repeats(),
  };
  if (await installBefore(driver, world, scenario)) await observer.look();
  for (const [at, step] of scenario.steps.entries()) {
    effects.signal.throwIfAborted();
    const id = ids[at] ?? step.do;
    onStep?.(id);
    const injected = scenario.inject
      .filter((one) => one.step === id)
      .map(({ at: point, action }) => `${point}=${action}`);
    const one = await runStep(effects, { ...shared, step, id, injected });
    done.push(one);
    // What follows a broken step says nothing of its own.
    if (one.verdict !== "pass") {
      for (const [later, { do: what }] of scenario.steps.slice(at + 1).entries())
        done.push(notRun(ids[at + 1 + later] ?? what, what));
      return done;
    }
  }
  const { explained } = scenario;
  done.push(await judgeResidue(effects, { world, driver, observer, explained }, first));
  if (scenario.record && absolute_path !== undefined)
    done.push(heldAgainst(effects.fs, { absolute: absolute_path, shown: path }, done, running));
  return done;
}

interface StepCase {
  readonly world: World;
  readonly driver: Driver;
  readonly observer: Observer;
  readonly step: ScenarioStep;
  readonly id: string;
  readonly injected: readonly string[];
  readonly normalise: Normalise;
  readonly repeats: Repeats;
}

async function runStep(effects: Needs, one: StepCase): Promise<GoldenStep> {
  const { world, driver, observer, step, id, injected } = one;
  const failpoints = injected.length === 0 ? undefined : injected.join(";");
  const from_ms = effects.clock.elapsed_ms();
  const performed = await perform(effects, world, driver, step, failpoints);
  const duration_ms = Math.round(effects.clock.elapsed_ms() - from_ms);
  const observed = await observer.look();
  const { problems, checks } = judge(effects, one, performed, observed);
  performed.undo?.();
  const { answer } = performed;
  const trace = traceOf(answer, observed, one.normalise);
  if (step.do === "configure" || step.do === "enable") one.repeats.forget();
  if (answer.exit_code === 0) problems.push(...(await judgeRepeat(one, observed, trace.output)));
  return {
    id,
    do: step.do,
    verdict: problems.length === 0 ? "pass" : "fail",
    duration_ms,
    exit_code: answer.exit_code,
    fault: answer.fault?.code ?? null,
    injected: answer.reached[0] ?? null,
    trace,
    counts: {
      checks,
      paths: observed.snapshot.entries.size,
      entries: observed.entries.length,
      processes: observed.processes.processes,
    },
    problems: one.normalise(problems) as GoldenProblem[],
  };
}

function heldAgainst(
  fs: Effects["fs"],
  place: { readonly absolute: string; readonly shown: string },
  steps: readonly GoldenStep[],
  { updates = false, onDifference }: Running,
): GoldenStep {
  const { problems, difference } = judgeRecording(fs, place, steps, updates);
  if (difference !== "") onDifference?.(difference);
  return {
    ...notRun("recording", "compare"),
    verdict: problems.length === 0 ? "pass" : "fail",
    counts: { checks: steps.length },
    problems: [...problems],
  };
}

async function judgeRepeat(
  { world, driver, step, id, normalise, repeats }: StepCase,
  { installed }: Observed,
  output: unknown,
): Promise<GoldenProblem[]> {
  if (step.do !== "execute") return [];
  const version = installed[packed(world, step.package).package_id];
  if (version === undefined) return [];
  const again = async (): Promise<unknown> => {
    const repeated = await driver.within(world.place, callOf(world, step));
    return (normalise({ output: runOutput(repeated) }) as { output: unknown }).output;
  };
  return repeats.judge({ id, step, version }, output, again);
}

/** Steps whose failure must leave everything as it was. */
const CHANGES = new Set(["install", "update", "rollback", "uninstall", "enable", "disable", "configure"]);

function judge(
  effects: Needs,
  { world, step, injected }: StepCase,
  { answer, others }: Performed,
  observed: Observed,
): { readonly problems: GoldenProblem[]; readonly checks: number } {
  if (step.do === "tamper") return judgeTamper(step.path, observed);
  const expect = expectationOf(step);
  const expected = judgeExpectations(effects, { world, expect, answer, observed });
  const always = judgeInvariants(effects, {
    world,
    answer,
    observed,
    changed_nothing: answer.exit_code !== 0 && answer.exit_code !== 137 && CHANGES.has(step.do),
  });
  const problems = [...expected.problems, ...always.problems, ...settlingProblems(step, others)];
  const wanted = step.do === "crash" ? [`${step.at}=kill`] : injected;
  if (wanted.length > answer.reached.length)
    problems.push(
      problem(
        "INJECTION_UNREACHED",
        `the failure at ${wanted.join(", ")} never happened`,
        { expected: wanted.join(", "), actual: answer.reached.join(", ") || "none" },
        'Run "pkg failpoints" for the points there are.',
      ),
    );
  return { problems, checks: expected.checks + always.checks + wanted.length };
}

/** A killed command ends as a killed command does, unless the scenario says otherwise. */
const expectationOf = (step: ScenarioStep): Expectation =>
  step.do === "crash" && step.expect.exit_code === 0 ? { ...step.expect, exit_code: 137 } : step.expect;

function settlingProblems(step: ScenarioStep, others: readonly Answer[]): GoldenProblem[] {
  if (step.do === "concurrent") return [];
  return others
    .filter(({ exit_code }) => exit_code !== 0)
    .map(({ exit_code, fault }) =>
      problem(
        "NOT_RESTORED",
        `what was interrupted could not be settled: ${fault?.message ?? `exit ${exit_code}`}`,
        { subject: fault?.code },
        'Run "pkg doctor" in the kept plane.',
      ),
    );
}

function judgeTamper(path: string, { integrity }: Observed): { problems: GoldenProblem[]; checks: number } {
  const text = JSON.stringify(integrity.document ?? "");
  const is_seen = integrity.exit_code !== 0 && text.includes(JSON.stringify(path));
  return {
    problems: is_seen
      ? []
      : [
          problem(
            "TAMPER_UNSEEN",
            `the integrity check did not name ${path}`,
            { subject: path, expected: "a finding", actual: `exit ${integrity.exit_code}` },
            "Name a path that the plane governs.",
          ),
        ],
    checks: 1,
  };
}
