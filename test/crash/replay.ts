/** One case again, told step by step. */
import type { Mutation, RenamePromise, SimDisk } from "../../src/effects/sim/index.ts";
import type { Case } from "./case.ts";
import { pictureOf } from "./compare.ts";
import { judgeRecovered, recordOperation, recordRecovery, setStage, type Verdict } from "./judge.ts";
import { type Crashed, crashesAt, type Limits, type Point } from "./record.ts";
import { SCENARIOS } from "./scenarios.ts";
import { ROOT } from "./world.ts";

const SHOWN_BEFORE = 12;
const short = (text: string): string => text.replaceAll(`${ROOT}/`, "").replace(/TX-[0-9A-Za-z-]+/g, "TX");

/** @param say takes the lines */
export async function replay(
  wanted: Case,
  limits: { readonly first: Limits; readonly second: Limits; readonly mutants: Limits },
  renames: RenamePromise,
  say: (line: string) => void,
): Promise<Verdict | undefined> {
  const scenario = SCENARIOS.find(({ name }) => name === wanted.scenario);
  if (scenario === undefined) return undefined;
  const stage = await setStage(scenario, renames);
  const is_mutant = wanted.dropped !== undefined || wanted.dropped_in_recovery !== undefined;
  const run = await recordOperation(stage, wanted.dropped);
  say(`${wanted.scenario}: ${run.mutations.length} mutations${dropLine(run.mutations, wanted.dropped)}`);
  const crashed = pick(run.points, wanted.first, is_mutant ? limits.mutants : limits.first, wanted.seed, say);
  if (crashed === undefined) return undefined;
  let disk = crashed.disk.fork();
  const dropped = wanted.dropped_in_recovery;
  let recovery = await recordRecovery(disk, "recover", ({ number }) =>
    number === dropped ? { kind: "drop" } : undefined,
  );
  if (wanted.second !== undefined) {
    say(`recovery: ${recovery.mutations.length} mutations${dropLine(recovery.mutations, dropped)}`);
    const again = pick(
      recovery.points,
      wanted.second,
      is_mutant ? limits.mutants : limits.second,
      wanted.seed,
      say,
    );
    if (again === undefined) return undefined;
    disk = again.disk.fork();
    recovery = await recordRecovery(disk, "recover again");
  }
  say(`recovery${wanted.second === undefined ? "" : " again"}:`);
  for (const { name } of recovery.mutations) say(`    ${short(name)}`);
  const verdict = judgeRecovered(stage, disk, recovery);
  tell(disk, recovery.error, verdict, say);
  return verdict;
}

const dropLine = (mutations: readonly Mutation[], dropped: number | undefined): string =>
  dropped === undefined ? "" : `, dropped: ${dropped} ${short(mutations[dropped]?.name ?? "none")}`;

function pick(
  points: readonly Point[],
  id: string,
  limits: Limits,
  seed: number,
  say: (line: string) => void,
): Crashed | undefined {
  const [number, kind] = id.split(".");
  const at = points.findIndex((point) => point.number === Number(number));
  const point = points[at];
  if (point === undefined) return undefined;
  for (const { number: done, name } of points.slice(Math.max(0, at - SHOWN_BEFORE), at))
    say(`    ${done} ${short(name)}`);
  const found = [...crashesAt(point, limits, seed)].find((crashed) => crashed.id === kind);
  say(`  X ${point.number} ${short(point.name)}  <- ${found?.name ?? "no such crash"}`);
  if (found !== undefined) showState(found.disk, say);
  return found;
}

function showState(disk: SimDisk, say: (line: string) => void): void {
  for (const [path, { mode, bytes }] of disk.tree()) {
    if (!path.includes("/.holdfast/state/") || path.endsWith(".lock")) continue;
    say(`      ${mode.toString(8)} ${bytes?.length ?? "-"} ${short(path)}`);
  }
}

function tell(disk: SimDisk, error: unknown, verdict: Verdict, say: (line: string) => void): void {
  say(`verdict: ${verdict.outcome}`);
  for (const problem of verdict.problems) say(`    ${short(problem)}`);
  for (const path of pictureOf(disk).litter) say(`    litter: ${short(path)}`);
  if (error instanceof Error) say(short(error.stack ?? error.message));
}
