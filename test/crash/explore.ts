/** Every point of one scenario: crash, recover, compare; crash the recovery at each of its points, recover again, compare. */
import type { SimDisk } from "../../src/effects/sim/index.ts";
import { type Case, caseId } from "./case.ts";
import { judge, judgeRecovered, recordOperation, recordRecovery, type Stage, type Verdict } from "./judge.ts";
import { type Crashed, crashesAt, type Limits, type Point, sample } from "./record.ts";
import { act, ROOT, worldOn } from "./world.ts";

export interface Depth {
  readonly first: Limits;
  readonly second: Limits;
  /** How many kills and how many power cuts get their recovery crashed in turn; Infinity for all. */
  readonly recoveries: { readonly kills: number; readonly cuts: number };
  /** At how many points of each such recovery; Infinity for all. */
  readonly points: number;
  /** On how many recovered disks another command is run to its end. */
  readonly continued: number;
}

export interface Failure {
  readonly case_id: string;
  readonly where: string;
  readonly verdict: Verdict;
}

export interface Tally {
  readonly name: string;
  points: number;
  states: number;
  second_states: number;
  before: number;
  after: number;
  stranded: number;
  divergent: number;
  litter: number;
  continued: number;
  readonly failures: Failure[];
}

const emptyTally = (name: string): Tally => ({
  name,
  points: 0,
  states: 0,
  second_states: 0,
  before: 0,
  after: 0,
  stranded: 0,
  divergent: 0,
  litter: 0,
  continued: 0,
  failures: [],
});

/** Lets timers and signals of the test run have their turn. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export async function explore(stage: Stage, depth: Depth, mode: Case["mode"], seed: number): Promise<Tally> {
  const tally = emptyTally(stage.scenario.name);
  const { points, error } = await recordOperation(stage);
  tally.points = points.length;
  const acknowledged = error === undefined ? "after" : "before";
  const known = { scenario: stage.scenario.name, mode, seed };
  const fresh = new Map<string, { readonly point: Point; readonly crashed: Crashed }>();
  for (const point of points) {
    await breathe();
    for (const crashed of crashesAt(point, depth.first, seed)) {
      tally.states += 1;
      const print = crashed.disk.fingerprint();
      const is_end = point === points.at(-1);
      if (fresh.has(print) && !is_end) continue;
      fresh.set(print, { point, crashed });
      const verdict = await judge(stage, crashed.disk, "recover");
      const found = is_end ? mustBe(acknowledged, verdict) : verdict;
      note(
        tally,
        found,
        { ...known, first: `${point.number}.${crashed.id}` },
        `${point.name}: ${crashed.name}`,
      );
    }
  }
  const is_cut = ({ crashed }: { crashed: Crashed }): boolean => crashed.id.startsWith("cut");
  const kills = [...fresh.values()].filter((one) => !is_cut(one));
  const cuts = [...fresh.values()].filter(is_cut);
  const { recoveries } = depth;
  const chosen = [...sample(kills, recoveries.kills, seed), ...sample(cuts, recoveries.cuts, seed)];
  for (const { point, crashed } of chosen) {
    const where = { ...known, first: `${point.number}.${crashed.id}` };
    await exploreRecovery(stage, crashed, depth, where, tally);
  }
  for (const { crashed } of sample([...fresh.values()], depth.continued, seed + 1)) {
    await goOn(stage, crashed.disk, tally);
  }
  return tally;
}

async function exploreRecovery(
  stage: Stage,
  crashed: Crashed,
  depth: Depth,
  where: Case,
  tally: Tally,
): Promise<void> {
  await breathe();
  const disk = crashed.disk.fork();
  const { points, error } = await recordRecovery(disk, "recover");
  const settled = judgeRecovered(stage, disk, { error });
  const end = points.at(-1);
  const chosen = sample(points.slice(0, -1), depth.points, where.seed + points.length);
  for (const point of end === undefined ? chosen : [...chosen, end]) {
    for (const again of crashesAt(point, depth.second, where.seed)) {
      tally.second_states += 1;
      const verdict = await judge(stage, again.disk, "recover again");
      // What a finished recovery came to has been seen by somebody, so it stays.
      const stays = point === end && (settled.outcome === "before" || settled.outcome === "after");
      const found = stays ? mustBe(settled.outcome, verdict) : verdict;
      note(tally, found, { ...where, second: `${point.number}.${again.id}` }, `${point.name}: ${again.name}`);
    }
  }
}

/** Once an outcome was reported to somebody, a crash may not turn it round. */
export function mustBe(acknowledged: Verdict["outcome"], verdict: Verdict): Verdict {
  if (verdict.outcome === acknowledged || verdict.problems.length > 0) return verdict;
  const problems = [`it was reported as ${acknowledged}, and is ${verdict.outcome} now`];
  return { ...verdict, outcome: "divergent", problems };
}

function note(tally: Tally, verdict: Verdict, where: Case, name: string): void {
  tally[verdict.outcome] += 1;
  tally.litter += verdict.litter > 0 ? 1 : 0;
  if (verdict.problems.length > 0) tally.failures.push({ case_id: caseId(where), where: name, verdict });
}

/** The next command after a crash is an ordinary one, and must work. */
async function goOn(stage: Stage, crashed: SimDisk, tally: Tally): Promise<void> {
  await breathe();
  const disk = crashed.fork();
  const world = worldOn(disk, "go on", stage.token);
  let problem: string | undefined;
  try {
    const fs = disk.fs;
    const source = `${ROOT}/src/next`;
    for (const path of [`${ROOT}/src`, source]) if (fs.stat(path) === undefined) fs.makeDirectory(path);
    const handle = fs.openWrite(`${source}/holdfast.toml`, { mode: 0o644, how: "replace" });
    handle.write(Buffer.from('id = "PKG-T1-NEXT-001"\nversion = "1.0.0"\ntarget = "modules/next"\n'));
    handle.close();
    const code = fs.openWrite(`${source}/next.py`, { mode: 0o644, how: "replace" });
    code.write(Buffer.from("NEXT = 1\n"));
    code.close();
    await act.pack(world, "src/next");
    await act.install(world, ["PKG-T1-NEXT-001"]);
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  tally.continued += 1;
  if (problem === undefined) return;
  tally.stranded += 1;
  const verdict: Verdict = {
    outcome: "stranded",
    problems: [`the next command fails: ${problem}`],
    litter: 0,
  };
  tally.failures.push({ case_id: "", where: "pack and install of another package", verdict });
}
