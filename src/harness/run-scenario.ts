/** One scenario from an empty folder to its verdict. */
import type { GoldenProblem, GoldenScenario, GoldenStep, GoldenVerdict } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import type { Driver } from "./driver.ts";
import { make } from "./faults.ts";
import { type RecordedApis, serveApis } from "./fixtures/recorded-apis.ts";
import { type Contents, contentsOf } from "./judge/contents.ts";
import { runOutput } from "./judge/expectations.ts";
import { type Observed, Observer } from "./judge/observe.ts";
import { Repeats } from "./judge/repeats.ts";
import { judgeResidue } from "./judge/residue.ts";
import { judgeStep, type StepCase } from "./judge/step.ts";
import { traceOf } from "./judge/trace.ts";
import { type Normalise, normaliserOf, redactorOf } from "./normalise.ts";
import { type ScenarioFile, stepIds } from "./read-scenario.ts";
import { judgeRecording } from "./recording.ts";
import { callOf, packed } from "./steps/calls.ts";
import { perform } from "./steps/perform.ts";
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
  /** Told what stands in the files that a step wrote. */
  readonly onContents?: (step: string, contents: Contents) => void;
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
    if (effects.signal.aborted) throw error;
    const broken = brokenWorld(error instanceof Fault ? error : unforeseen(error));
    const problems = world === undefined ? broken.problems : redactorOf(world)(broken.problems);
    steps = [...steps, { ...broken, problems: problems as GoldenProblem[] }];
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

/** What nobody thought of: one scenario is lost by it, and the others are run. */
const unforeseen = (error: unknown): Fault =>
  make("HARNESS_FAILED", `the harness failed: ${error instanceof Error ? error.message : String(error)}`, {});

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
    redact: redactorOf(world),
    repeats: new Repeats(),
    onContents: running.onContents,
  };
  if (await installBefore(driver, world, scenario)) await observer.look();
  for (const [at, step] of scenario.steps.entries()) {
    effects.signal.throwIfAborted();
    const id = ids[at] ?? step.do;
    onStep?.(id);
    const injected = scenario.inject
      .filter((one) => one.step === id)
      .map(({ at: point, action }) => `${point}=${action}`);
    const result = await runStep(effects, { ...shared, step, id, injected });
    done.push(result);
    // What follows a broken step says nothing of its own.
    if (result.verdict !== "pass") {
      for (const [later, { do: what }] of scenario.steps.slice(at + 1).entries())
        done.push(notRun(ids[at + 1 + later] ?? what, what));
      return done;
    }
  }
  const { explained } = scenario;
  const residue = await judgeResidue(effects, { world, driver, observer, explained }, first);
  done.push({ ...residue, problems: shared.redact(residue.problems) as GoldenProblem[] });
  if (scenario.record && absolute_path !== undefined)
    done.push(heldAgainst(effects.fs, { absolute: absolute_path, shown: path }, done, running));
  return done;
}

interface RunningStep extends StepCase {
  readonly driver: Driver;
  readonly observer: Observer;
  readonly id: string;
  readonly normalise: Normalise;
  readonly redact: Normalise;
  readonly repeats: Repeats;
  readonly onContents: Running["onContents"] | undefined;
}

async function runStep(effects: Needs, one: RunningStep): Promise<GoldenStep> {
  const { world, driver, observer, step, id, injected } = one;
  const failpoints = injected.length === 0 ? undefined : injected.join(";");
  const from_ms = effects.clock.elapsed_ms();
  const performed = await perform(effects, world, driver, step, failpoints);
  const duration_ms = Math.round(effects.clock.elapsed_ms() - from_ms);
  const observed = await observer.look();
  one.onContents?.(id, contentsOf(effects, world, observed, one.normalise));
  const judged = judgeStep(effects, one, performed, observed);
  const problems = [...judged.problems];
  if (performed.undo !== undefined) {
    performed.undo();
    observer.begin();
  }
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
      checks: judged.checks,
      paths: observed.snapshot.entries.size,
      entries: observed.entries.length,
      processes: observed.processes.processes,
    },
    problems: one.redact(problems) as GoldenProblem[],
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
  { world, driver, step, id, normalise, repeats }: RunningStep,
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
