/** Fails every stage of the tour at every point it comes by, and holds what stands afterwards against before and after. */
import type { GoldenFailures, GoldenProblem, InjectedFailure } from "../../contracts/index.ts";
import { CATALOGUE, PHASES } from "../../effects/failpoints/index.ts";
import type { Effects } from "../../effects/index.ts";
import type { Answer, Call, Driver } from "../driver.ts";
import { judgeInvariants } from "../judge/invariants.ts";
import { type Observed, Observer } from "../judge/observe.ts";
import { AFTER_FAILURE, unexplained } from "../oracle/rules.ts";
import { changesBetween, type Snapshot } from "../oracle/snapshot.ts";
import { problem } from "../problems.ts";
import { removeTree } from "../world/folder.ts";
import type { World } from "../world/world.ts";
import { keepWorld } from "./kept-world.ts";
import type { Stage } from "./tour.ts";

type Needs = Pick<Effects, "fs" | "host" | "clock" | "signal">;

export interface FailureRun {
  readonly world: World;
  readonly driver: Driver;
  readonly stages: readonly Stage[];
  /** Also what was injected already in an earlier stage. */
  readonly every: boolean;
  readonly onPoint: (stage: string, point: string, at: number, of: number) => void;
}

interface Standing {
  readonly snapshot: Snapshot;
  readonly installed: string;
}

interface Prior {
  readonly snapshot: Snapshot;
  /** What was wrong already: a repair that failed leaves what it was to repair. */
  readonly known: ReadonlySet<string>;
}

const keyOf = ({ code, subject }: GoldenProblem): string => `${code} ${subject}`;

function knownProblems(effects: Needs, world: World, observed: Observed): Set<string> {
  const answer: Answer = { exit_code: 0, document: null, fault: null, reached: [] };
  const { problems } = judgeInvariants(effects, { world, answer, observed, changed_nothing: false });
  return new Set(problems.map(keyOf));
}

export type Found = Pick<GoldenFailures, "failures" | "uncovered" | "uncovered_phases" | "unlisted">;

const LISTED = new Set(CATALOGUE.map(({ pattern }) => pattern));

/** `activate.file.rename#1` to `*.file.rename`. */
const patternOf = (point: string): string => point.replace(/^[^.]+\./, "*.").replace(/#\d+$/, "");

/** An observer that changes nothing: what only looking writes is put back with the rest. */
const standing = ({ snapshot, installed, plugins }: Observed): Standing => ({
  snapshot,
  installed: JSON.stringify([installed, plugins]),
});

export async function runFailures(effects: Needs, run: FailureRun): Promise<Found> {
  const done = new Set<string>();
  const unlisted = new Set<string>();
  const failures: InjectedFailure[] = [];
  for (const stage of run.stages)
    failures.push(...(await failStage(effects, run, stage, { done, unlisted })));
  const points = new Set(failures.map(({ point }) => patternOf(point)));
  const phases = new Set(failures.map(({ point }) => point.split(".")[0]));
  return {
    failures,
    unlisted: [...unlisted].sort(),
    uncovered: CATALOGUE.map(({ pattern }) => pattern).filter((pattern) => !points.has(pattern)),
    uncovered_phases: Object.keys(PHASES).filter((phase) => !phases.has(phase)),
  };
}

async function failStage(
  effects: Needs,
  run: FailureRun,
  stage: Stage,
  { done, unlisted }: { readonly done: Set<string>; readonly unlisted: Set<string> },
): Promise<InjectedFailure[]> {
  const { world, driver } = run;
  await stage.prepare?.();
  const snapshot = world.snapshots.take();
  const putBack = keepWorld(effects, world, "stage");
  // Looking settles what was interrupted, so the stage begins from what was kept.
  const observer = new Observer(effects, world, driver);
  const prior: Prior = { snapshot, known: knownProblems(effects, world, await observer.look()) };
  putBack();
  // Once without a failure of ours, with every point telling its name.
  const tracing = [stage.base, "*.*.*#every=delay:0"].filter((one) => one !== undefined).join(";");
  removeSecond(effects.fs, world);
  const clean = await drive(driver, world, { ...stage.call, failpoints: tracing });
  const after = standing(await observer.look());
  const all = pointsOf(clean, stage);
  for (const point of all) if (!LISTED.has(patternOf(point))) unlisted.add(patternOf(point));
  const points = all.filter((point) => LISTED.has(patternOf(point)) && (run.every || !done.has(point)));
  const found: InjectedFailure[] = [];
  for (const [index, point] of points.entries()) {
    effects.signal.throwIfAborted();
    done.add(point);
    run.onPoint(stage.name, point, index + 1, points.length);
    for (const action of actionsFor(point)) {
      putBack();
      found.push(await failAt(effects, run, { stage, point: `${point}#1`, action, prior, after }));
    }
  }
  // The tour goes on from a stage that succeeded.
  putBack();
  removeSecond(effects.fs, world);
  await drive(driver, world, {
    ...stage.call,
    ...(stage.base === undefined ? {} : { failpoints: stage.base }),
  });
  return found;
}

/** In the order they came by, each once; those before the stage's own failure are other stages'. */
function pointsOf({ reached }: Answer, { base }: Stage): string[] {
  const names = reached.map((one) => one.replace(/#\d+=.*$/, ""));
  const from = base === undefined ? 0 : reached.findIndex((one) => !one.includes("=delay"));
  return [...new Set(names.slice(from < 0 ? 0 : from))];
}

/** An error where the call can have one that its caller must bear, and the death of the process. */
const actionsFor = (point: string): string[] =>
  point.endsWith("lock.take") ? ["kill"] : ["error:EIO", "kill"];

const drive = (driver: Driver, { place }: World, call: Call): Promise<Answer> =>
  call.umask === undefined ? driver.within(place, call) : driver.apart(place, call);

interface Case {
  readonly stage: Stage;
  readonly point: string;
  readonly action: string;
  readonly prior: Prior;
  readonly after: Standing;
}

async function failAt(
  effects: Needs,
  { world, driver }: FailureRun,
  { stage, point, action, prior, after }: Case,
): Promise<InjectedFailure> {
  removeSecond(effects.fs, world);
  const observer = new Observer(effects, world, driver);
  const failpoints = [stage.base, `${point}=${action}`].filter((one) => one !== undefined).join(";");
  const kills = action === "kill";
  const call = { ...stage.call, failpoints };
  const answer = await (kills ? driver.apart(world.place, call) : drive(driver, world, call));
  const settled = await driver.within(world.place, { operation: "doctor", input: {} });
  const observed = await observer.look();
  const lines = unexplained(changesBetween(prior.snapshot, observed.snapshot), AFTER_FAILURE);
  const ended = endOf(lines, after, observed);
  const problems = judge(effects, world, {
    answer,
    settled,
    observed,
    ended,
    point: `${point}=${action}`,
    known: prior.known,
    lines,
  });
  return {
    stage: stage.name,
    point,
    action,
    exit_code: answer.exit_code,
    fault: answer.fault?.code ?? null,
    ended,
    problems,
  };
}

/** Byte for byte what was before; or the same paths, versions and states that come without a failure. */
function endOf(changed: readonly string[], after: Standing, observed: Observed): InjectedFailure["ended"] {
  if (changed.length === 0) return "prior";
  const { added, removed } = changesBetween(after.snapshot, observed.snapshot);
  const is_same_tree = unexplained({ added, removed, changed: [] }, AFTER_FAILURE).length === 0;
  return is_same_tree && standing(observed).installed === after.installed ? "new" : "neither";
}

interface Seen {
  readonly answer: Answer;
  readonly settled: Answer;
  readonly observed: Observed;
  readonly ended: InjectedFailure["ended"];
  readonly point: string;
  readonly known: Prior["known"];
  /** What differs from before. */
  readonly lines: readonly string[];
}

function judge(
  effects: Needs,
  world: World,
  { answer, settled, observed, ended, point, known, lines }: Seen,
): GoldenProblem[] {
  const { problems } = judgeInvariants(effects, { world, answer, observed, changed_nothing: false });
  const about = { subject: point };
  const step = `Run "HOLDFAST_FAILPOINTS='${point}' pkg …" on a plane of yours to see it again.`;
  const said = problems.filter((one) => ended !== "prior" || !known.has(keyOf(one)));
  if (settled.exit_code !== 0)
    said.push(
      problem(
        "NOT_RESTORED",
        `what was left could not be settled: ${settled.fault?.message ?? ""}`,
        about,
        step,
      ),
    );
  if (ended === "neither")
    said.push(
      problem(
        "NOT_RESTORED",
        `what stands is neither what was before nor what should have come: ${lines.slice(0, 5).join(", ")}`,
        about,
        step,
      ),
    );
  if (answer.exit_code === 70)
    said.push(
      problem(
        "EXIT_CODE",
        `a failure of the machine was taken for a bug: ${answer.fault?.message ?? ""}`,
        about,
        step,
      ),
    );
  if (answer.reached.length === 0)
    said.push(problem("INJECTION_UNREACHED", `nothing came by ${point}`, about, step));
  return said;
}

/** What `init` makes, beside the plane. */
function removeSecond(fs: Effects["fs"], { folder }: World): void {
  if (fs.stat(`${folder}/second`) !== undefined) removeTree(fs, `${folder}/second`);
}
