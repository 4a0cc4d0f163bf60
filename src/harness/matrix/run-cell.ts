/** One cell of a matrix to its verdict. */
import type { MatrixCell, MatrixPoint } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { Fault } from "../../kernel/index.ts";
import { examplesOf } from "../canonical.ts";
import type { Driver } from "../driver.ts";
import { problem } from "../problems.ts";
import type { Attempt } from "./attempt.ts";
import { hostWord, OWN_NAME } from "./hosts.ts";
import type { MatrixJob } from "./job.ts";
import { attemptOnHoldfast, type OwnRunning } from "./on-holdfast.ts";
import { attemptOnHost, type Cell } from "./on-host.ts";

type Needs = Parameters<typeof attemptOnHoldfast>[0] & Pick<Effects, "subprocess">;

export interface CellRunning extends OwnRunning {
  readonly driver: Driver;
  readonly node: string;
}

export async function runCell(
  effects: Needs,
  job: MatrixJob,
  point: MatrixPoint,
  running: CellRunning,
): Promise<MatrixCell> {
  const from_ms = effects.clock.elapsed_ms();
  const python = job.pythons.find(({ version }) => version === point.python)?.executable;
  const host = job.hosts.find((one) => hostWord(one) === hostWord(point.host));
  const version = job.versions.find((one) => one.version === point.version);
  if (host === undefined || version === undefined) throw new Error(`the job cannot run ${point.id}`);
  if (point.python !== null && python === undefined) return unrun(point);
  const { driver, node } = running;
  const cell: Cell = { point, version, host, interpreters: { node, python }, driver };
  const attempt = await attemptIt(effects, cell, running);
  const asks_nothing = examplesOf(version.metadata).length === 0;
  const judged = judgeCell(point, asks_nothing ? silent(attempt, point) : attempt);
  return { ...judged, duration_ms: Math.round(effects.clock.elapsed_ms() - from_ms) };
}

async function attemptIt(effects: Needs, cell: Cell, running: CellRunning): Promise<Attempt> {
  try {
    if (cell.host.name === OWN_NAME) return await attemptOnHoldfast(effects, cell, running);
    return await attemptOnHost(effects, cell);
  } catch (error) {
    if (!(error instanceof Fault) || effects.signal.aborted) throw error;
    const { code, message, next_step } = error;
    const broken = [{ code, message, next_step }];
    return { refused_by: null, works: null, interpreter: null, checks: 1, problems: [], broken };
  }
}

/** What answers nothing has proven nothing. */
const silent = (attempt: Attempt, { id }: MatrixPoint): Attempt => ({
  ...attempt,
  works: false,
  problems: [
    ...attempt.problems,
    problem(
      "OUTPUT",
      "the plugin has neither an example nor a probe, so nothing was asked of it",
      { subject: id },
      "Give an action an example, or the plugin a probe.",
    ),
  ],
});

/** Pure: what an attempt means for a cell inside or outside the declared ranges. */
export function judgeCell(point: MatrixPoint, attempt: Attempt): MatrixCell {
  const { refused_by, works, interpreter, checks, problems, broken } = attempt;
  const head = { ...point, waived: null, refused_by, works, interpreter, checks, duration_ms: 0 };
  if (broken.length > 0) return { ...head, verdict: "infra-failure", problems: [...broken] };
  if (refused_by === "host") return { ...head, verdict: "refused-as-declared", problems: [] };
  if (point.outside.length > 0)
    return refused_by !== null
      ? { ...head, verdict: "refused-as-declared", problems: [] }
      : { ...head, verdict: "fail", problems: [notRefused(point), ...problems] };
  return works === true && problems.length === 0
    ? { ...head, verdict: "pass", problems: [] }
    : { ...head, verdict: "fail", problems: [...problems] };
}

const notRefused = ({ outside }: MatrixPoint) =>
  problem(
    "NOT_REFUSED",
    `it lies outside compat.${outside.join(" and compat.")}, and nothing refused it`,
    { expected: "COMPAT_UNMET", actual: "none" },
    'Run "pkg preflight" with the versions of this cell.',
  );

/** A Python that is wanted and not there is no reason to be green. */
export const unrun = (point: MatrixPoint, why?: string): MatrixCell => ({
  ...point,
  verdict: "not-run",
  waived: null,
  refused_by: null,
  works: null,
  interpreter: null,
  checks: 0,
  duration_ms: 0,
  problems: [
    problem(
      "NOT_RUN",
      why ?? `there is no Python ${point.python} on this machine`,
      { subject: point.id },
      why === undefined
        ? `Install Python ${point.python}, or waive the cell in golden/waivers.toml with owner, reason and expires.`
        : "Run the shard that holds it, and merge its report too.",
    ),
  ],
});

/** A cell whose worker died says nothing of the plugin. */
export const lostCell = (point: MatrixPoint, why: string): MatrixCell => ({
  ...unrun(point),
  verdict: "infra-failure",
  problems: [problem("HOST", why, { subject: point.id }, 'Run "golden matrix" again.')],
});
