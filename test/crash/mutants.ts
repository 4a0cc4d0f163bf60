/**
 * Is every sync and every journal write needed? Each is dropped by itself: reported as done, and not done. Then some crash
 * must end badly, else it protects nothing, or the model of the disk does not see what it protects.
 */
import type { Mutation } from "../../src/effects/sim/index.ts";
import { type Case, caseId } from "./case.ts";
import { breathe, mustBe } from "./explore.ts";
import { judge, judgeRecovered, recordOperation, recordRecovery, type Stage } from "./judge.ts";
import { type Crashed, crashesAt, type Limits, type Recorded, sample } from "./record.ts";
import { ROOT } from "./world.ts";

export interface MutantDepth {
  readonly limits: Limits;
  /** How many mutants of the operation; Infinity for all. */
  readonly operation: number;
  /** For each call of a recovery, at how many of its occurrences. */
  readonly recovery: number;
}

export interface Mutant {
  /** `datasync transactions/TX/journal.jsonl (journal/log.ts:14 < journal/transaction.ts:188)` */
  readonly name: string;
  readonly scenario: string;
  readonly in_recovery: boolean;
  /** The case that shows it; undefined when none does. */
  readonly caught_by: string | undefined;
  readonly problem: string;
}

const SYNCS = ["sync", "datasync", "sync directory"];
const JOURNAL = /\/\.holdfast\/state\/(transactions|preparing)\/[^/]+\/[a-z]+\.jsonl$/;

/** The calls that are there only so that a crash does no harm, and that do something. */
function protects({ verb, path, idle }: Mutation): boolean {
  return !idle && (SYNCS.includes(verb) || (verb === "write" && JOURNAL.test(path)));
}

/** Verb, path without its particulars, and who asked for it. */
function nameOf({ verb, path }: Mutation, site: string): string {
  const general = path
    .replace(`${ROOT}/`, "")
    .replace(/\/+$/, "")
    .replace(/TX-[0-9A-Za-z-]+/, "TX")
    .replace(/\.torn-\d+-[0-9a-f]+$/, ".torn-*")
    .replace(/\.[0-9a-f]{12,}\.(tmp|new)$/, ".*.$1")
    .replace(/(staged|aside|kept|extracted)([/-])\d+.*/, "$1$2*")
    .replace(/generations\/\d+/, "generations/N")
    .replace(/PKG-[A-Z0-9-]+/, "PKG")
    .replace(/^\/people\/.*\/(heads|tokens)\//, "~/$1/");
  return `${verb} ${general} (${site})`;
}

/** The two innermost places of the product's code on the stack, the ones that only pass a call on left out. */
function callSite(): string {
  const frames = (new Error("stack").stack ?? "")
    .split("\n")
    .flatMap((line) => /\/src\/((?!effects\/)[a-z]+\/[a-z-]+\.ts:\d+)/.exec(line)?.[1] ?? []);
  return frames.slice(0, 3).join(" < ");
}

/** Mutants of the operation itself. */
export async function operationMutants(
  stage: Stage,
  depth: MutantDepth,
  known: Pick<Case, "mode" | "seed">,
): Promise<Mutant[]> {
  const sites: string[] = [];
  const { mutations } = await recordOperation(stage, -1, () => sites.push(callSite()));
  const wanted = sample(mutations.filter(protects), depth.operation, known.seed);
  const mutants: Mutant[] = [];
  for (const mutation of wanted) {
    const run = await recordOperation(stage, mutation.number);
    const acknowledged = run.error === undefined ? "after" : "before";
    const where = { ...known, scenario: stage.scenario.name, dropped: mutation.number };
    const found = await firstBad(
      run,
      mutation.number,
      depth.limits,
      known.seed,
      async (crashed, is_end, id) => {
        const verdict = await judge(stage, crashed.disk, "recover");
        const judged = is_end ? mustBe(acknowledged, verdict) : verdict;
        return judged.problems[0] === undefined
          ? undefined
          : { caught_by: caseId({ ...where, first: id }), problem: judged.problems[0] };
      },
    );
    const name = nameOf(mutation, sites[mutation.number] ?? "");
    mutants.push({ name, scenario: stage.scenario.name, in_recovery: false, ...found });
  }
  return mutants;
}

/** Mutants of recovery, on one crashed disk for each course a recovery takes. */
export async function recoveryMutants(
  stage: Stage,
  depth: MutantDepth,
  known: Pick<Case, "mode" | "seed">,
): Promise<Mutant[]> {
  const done = new Map<string, { tries: number; mutant: Mutant }>();
  for (const { crashed, id } of await courses(stage, known.seed)) {
    const sites: string[] = [];
    const { mutations } = await recordRecovery(crashed.disk.fork(), "recover", () => {
      sites.push(callSite());
      return undefined;
    });
    for (const mutation of mutations.filter(protects)) {
      const name = nameOf(mutation, sites[mutation.number] ?? "");
      const before = done.get(name);
      if (before?.mutant.caught_by !== undefined || (before?.tries ?? 0) >= depth.recovery) continue;
      const where = { ...known, scenario: stage.scenario.name, first: id };
      const found = await dropInRecovery(stage, crashed, mutation.number, depth.limits, where);
      const mutant = { name, scenario: stage.scenario.name, in_recovery: true, ...found };
      done.set(name, { tries: (before?.tries ?? 0) + 1, mutant });
    }
  }
  return [...done.values()].map(({ mutant }) => mutant);
}

type Caught = Pick<Mutant, "caught_by" | "problem">;
const SURVIVES: Caught = { caught_by: undefined, problem: "" };

async function dropInRecovery(
  stage: Stage,
  crashed: Crashed,
  dropped: number,
  limits: Limits,
  where: Case,
): Promise<Caught> {
  const disk = crashed.disk.fork();
  const run = await recordRecovery(disk, "recover", ({ number }) =>
    number === dropped ? { kind: "drop" } : undefined,
  );
  const settled = judgeRecovered(stage, disk, run);
  return firstBad(run, dropped, limits, where.seed, async (again, is_end, id) => {
    const verdict = await judge(stage, again.disk, "recover again");
    const stays = is_end && settled.problems.length === 0;
    const judged = stays ? mustBe(settled.outcome, verdict) : verdict;
    return judged.problems[0] === undefined
      ? undefined
      : {
          caught_by: caseId({ ...where, dropped_in_recovery: dropped, second: id }),
          problem: judged.problems[0],
        };
  });
}

/** Looks at the end first, then at each crash after the dropped call. */
async function firstBad(
  { points }: Recorded,
  dropped: number,
  limits: Limits,
  seed: number,
  look: (crashed: Crashed, is_end: boolean, id: string) => Promise<Caught | undefined>,
): Promise<Caught> {
  await breathe();
  const end = points.at(-1);
  const after = points.filter((point) => point.number > dropped && point !== end);
  for (const point of end === undefined ? after : [end, ...after]) {
    for (const crashed of crashesAt(point, limits, seed)) {
      const found = await look(crashed, point === end, `${point.number}.${crashed.id}`);
      if (found !== undefined) return found;
    }
  }
  return SURVIVES;
}

/** One crashed disk for each different sequence of calls a recovery makes. */
async function courses(stage: Stage, seed: number): Promise<{ crashed: Crashed; id: string }[]> {
  const { points } = await recordOperation(stage);
  const found = new Map<string, { crashed: Crashed; id: string }>();
  for (const point of points) {
    await breathe();
    for (const crashed of crashesAt(point, { exhaustive_max: 0, samples: 2 }, seed)) {
      // Sampled cuts are numbered by other limits, so only kills can be named again.
      if (crashed.id.startsWith("cut")) continue;
      const { mutations } = await recordRecovery(crashed.disk.fork(), "recover");
      const course = mutations.map((mutation) => nameOf(mutation, "")).join("\n");
      if (!found.has(course)) found.set(course, { crashed, id: `${point.number}.${crashed.id}` });
    }
  }
  const all = [...found.values()];
  // The later a recovery starts, the more it has to do.
  return all.reverse();
}
