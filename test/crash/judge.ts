/** Lets the next process recover a crashed disk and says what became of it. Equal disks are judged once. */
import type { Mutation, RenamePromise, SimDisk } from "../../src/effects/sim/index.ts";
import { pendingTransactions } from "../../src/journal/index.ts";
import { openPlane, type Plane, writing } from "../../src/plane/index.ts";
import { differences, givenUp, ledgerProblems, owedEntries, type Picture, pictureOf } from "./compare.ts";
import { type Recorded, record } from "./record.ts";
import type { Scenario } from "./scenarios.ts";
import { newWorld, processOn, ROOT, type Turn, worldOn } from "./world.ts";

export type Outcome = "before" | "after" | "divergent" | "stranded";

export interface Verdict {
  readonly outcome: Outcome;
  /** Empty unless divergent or stranded. */
  readonly problems: readonly string[];
  readonly litter: number;
}

/** A scenario made ready: the disk before, and what before and after look like. */
export interface Stage {
  readonly scenario: Scenario;
  readonly token: string;
  readonly plane: Plane;
  readonly start: SimDisk;
  readonly before: Picture;
  /** Undefined when the operation must fail and end as before. */
  readonly after: Picture | undefined;
  readonly owed: ReadonlySet<string>;
  readonly known: Map<string, Verdict>;
}

/** The same path every writing command takes before its own work. */
const recoverOn = async (disk: SimDisk, turn: Turn): Promise<void> => {
  const effects = processOn(disk, turn);
  await writing(effects, openPlane(effects, ROOT), { user: "next" }, async () => undefined);
};

export const recordRecovery = (
  disk: SimDisk,
  turn: Turn,
  answer?: (mutation: Mutation) => { kind: "drop" } | undefined,
): Promise<Recorded> => record(disk, () => recoverOn(disk, turn), answer);

/** Runs the operation on a copy of the disk before. `dropped` names a mutation that silently does nothing. */
export function recordOperation(
  { scenario, start, token }: Pick<Stage, "scenario" | "start" | "token">,
  dropped = -1,
  seen: (mutation: Mutation) => void = () => undefined,
): Promise<Recorded & { readonly disk: SimDisk }> {
  const disk = start.fork();
  const fails = scenario.fails_at?.();
  const answer = (mutation: Mutation) => {
    seen(mutation);
    if (mutation.number === dropped) return { kind: "drop" } as const;
    return fails?.(mutation) === true ? ({ kind: "error", code: "EIO" } as const) : undefined;
  };
  return record(disk, () => scenario.run(worldOn(disk, "operate", token, scenario.programs)), answer).then(
    (recorded) => ({
      ...recorded,
      disk,
    }),
  );
}

export async function setStage(scenario: Scenario, renames: RenamePromise): Promise<Stage> {
  const world = await newWorld(renames, scenario.free_bytes);
  await scenario.prepare(world);
  world.disk.settle();
  const stage = { scenario, token: world.token, plane: world.plane, start: world.disk };
  const before = await settledPicture(world.disk.fork());
  const { error, disk } = await recordOperation(stage);
  const known = new Map<string, Verdict>();
  if (scenario.fails_at !== undefined) {
    if (error === undefined) throw new Error(`${scenario.name} did not fail`);
    return { ...stage, before, after: undefined, owed: new Set(), known };
  }
  if (error !== undefined) throw new Error(`${scenario.name} fails undisturbed`, { cause: error });
  const after = await settledPicture(disk);
  if (differences(after, before).length === 0) throw new Error(`${scenario.name} changes nothing`);
  return { ...stage, before, after, owed: owedEntries(after, before), known };
}

async function settledPicture(disk: SimDisk): Promise<Picture> {
  await recoverOn(disk, "recover");
  return pictureOf(disk);
}

/** Recovers a copy of the disk and judges it. */
export async function judge(stage: Stage, crashed: SimDisk, turn: Turn): Promise<Verdict> {
  const key = crashed.fingerprint();
  const known = stage.known.get(key);
  if (known !== undefined) return known;
  const disk = crashed.fork();
  const verdict = judgeRecovered(stage, disk, await recoverQuietly(disk, turn));
  stage.known.set(key, verdict);
  return verdict;
}

const recoverQuietly = (disk: SimDisk, turn: Turn): Promise<{ readonly error: unknown }> =>
  recoverOn(disk, turn).then(
    () => ({ error: undefined }),
    (error: unknown) => ({ error }),
  );

/** What a recovery that has run came to. */
export function judgeRecovered(stage: Stage, disk: SimDisk, { error }: Pick<Recorded, "error">): Verdict {
  if (error !== undefined) {
    const { code, message } = error as { code?: string; message: string };
    return {
      outcome: "stranded",
      problems: [`recovery fails: ${code ?? ""} ${message}`],
      litter: 0,
    };
  }
  const effects = processOn(disk, "go on");
  const pending = pendingTransactions(effects, ROOT);
  if (pending.length > 0) {
    return { outcome: "stranded", problems: [`still pending: ${pending.join(", ")}`], litter: 0 };
  }
  const found = pictureOf(disk);
  const litter = found.litter.length;
  const from_before = differences(found, stage.before);
  const from_after =
    stage.after === undefined
      ? undefined
      : differences(found, stage.after, givenUp(stage.before, stage.after));
  const side = from_before.length === 0 ? "before" : from_after?.length === 0 ? "after" : undefined;
  if (side === undefined) {
    const after = from_after === undefined ? [] : [`beside after: ${from_after.slice(0, 6).join("; ")}`];
    const problems = [`beside before: ${from_before.slice(0, 6).join("; ")}`, ...after];
    return { outcome: "divergent", problems, litter };
  }
  const problems = ledgerProblems(disk, stage.plane, found, stage.before, stage.owed, side);
  return { outcome: problems.length === 0 ? side : "divergent", problems, litter };
}
