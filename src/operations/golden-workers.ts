/** `golden worker`: takes pieces of a run that started it, and the way such workers are started. */
import { z } from "zod";
import type { GoldenScenario } from "../contracts/index.ts";
import {
  type MatrixJob,
  makeJob,
  notRun,
  Remover,
  readJob,
  removeTree,
  runCell,
  runCrew,
  runScenario,
  type ScenarioFile,
  type Subject,
  takePieces,
  unrunScenario,
  untilFinished,
  type Work,
  type Worked,
} from "../harness/index.ts";
import { absolute } from "../plane/index.ts";
import { findPython } from "../python/index.ts";
import { type Context, operation } from "./define.ts";
import { driverOf } from "./golden-driver.ts";

/** What a job consists of; written by the run, read by each worker. */
export interface ScenarioJob {
  readonly kind: "scenarios";
  readonly pieces: readonly ScenarioFile[];
  readonly subjects: readonly Subject[];
  readonly keep: boolean;
  /** Rewrite recordings. */
  readonly updates: boolean;
}

type Job = ScenarioJob | MatrixJob;

export const goldenWorker = operation({
  name: "golden worker",
  summary: "Run pieces of a golden run that is under way; it starts its workers itself.",
  examples: ["golden worker --help"],
  authorised: false,
  input: z.strictObject({
    job: z.string().min(1).meta({ description: "Folder the run has made.", positional: 0 }),
  }),
  run: async (given, input) => {
    const context = stoppable(given);
    const say = given.onText.bind(given);
    const pieces = await untilFinished(say, () => workAt(context, input.job, say));
    return { result: { pieces } };
  },
  text: () => "",
});

async function workAt(context: Context, job_word: string, say: (line: string) => void): Promise<number> {
  const { effects } = context;
  const folder = absolute(effects.host.cwd, job_word);
  const job = readJob(effects, folder) as Job;
  const temporary = `${folder}/t${effects.host.pid}`;
  effects.fs.makeDirectory(temporary, 0o700);
  const remover = new Remover(effects);
  const work = workOf(context, job, temporary, remover);
  try {
    return await takePieces(effects, { folder, count: job.pieces.length, work, say });
  } finally {
    await remover.settle();
  }
}

function workOf(context: Context, job: Job, temporary: string, remover: Remover): Work {
  const remove = remover.remove.bind(remover);
  const { effects, files } = context;
  const driver = driverOf(context);
  const subjects = new Map(job.subjects.map((one) => [one.package_id, one]));
  if (job.kind === "cells") {
    const running = { driver, subjects, temporary, remove, node: files.node, pythonIn: pythonIn(context) };
    return async (at, { onDoing }) => {
      const point = pieceAt(job.pieces, at);
      onDoing(point.id);
      return runCell(effects, job, point, running);
    };
  }
  const { keep, updates } = job;
  return (at, { onDoing, onDifference }) => {
    const running = { driver, subjects, keep, updates, temporary, remove, onStep: onDoing, onDifference };
    return runScenario(effects, pieceAt(job.pieces, at), running);
  };
}

/** Asking an interpreter takes longer than looking it up; each PATH is asked about once. */
function pythonIn({ effects }: Context) {
  const known = new Map<string, Promise<string | undefined>>();
  return (env: Context["effects"]["host"]["env"]): Promise<string | undefined> => {
    const path = env["PATH"] ?? "";
    const found =
      known.get(path) ??
      findPython({ ...effects, host: { ...effects.host, env } }, {}).then(
        ({ executable }) => effects.fs.realPath(executable),
        () => undefined,
      );
    known.set(path, found);
    return found;
  };
}

function pieceAt<T>(pieces: readonly T[], at: number): T {
  const piece = pieces[at];
  if (piece === undefined) throw new Error(`the job has no piece ${at}`);
  return piece;
}

/** Its standard input ends when the run is done with it, or gone: what it is at is undone then. */
function stoppable(context: Context): Context {
  const gone = new AbortController();
  context.readInput(0).then(
    () => gone.abort(new Error("the run that started it ended")),
    () => gone.abort(new Error("the run that started it ended")),
  );
  const { effects } = context;
  return { ...context, effects: { ...effects, signal: AbortSignal.any([effects.signal, gone.signal]) } };
}

export interface Together {
  readonly workers: number | undefined;
  readonly onDoing: (at: number, doing: string) => void;
  /** Told of a recording that differs. */
  readonly onDifference?: (difference: string) => void;
}

/** Runs all pieces of a job in processes of our own. @throws the reason of the signal, once nothing of them is left */
export async function runTogether(context: Context, job: Job, together: Together): Promise<Worked> {
  const { effects, files } = context;
  const { host } = effects;
  const folder = makeJob(effects, job);
  const python = (await findPython(effects, {}).catch(() => undefined))?.executable;
  try {
    return await runCrew(effects, {
      folder,
      count: job.pieces.length,
      workers: together.workers ?? host.cpu_count,
      argv: [files.node, files.launcher_script, "golden", "worker", folder],
      cwd: host.cwd,
      env: workerEnvironment(context, python),
      python: host.platform === "linux" ? python : undefined,
      onDoing: together.onDoing,
      onDifference: together.onDifference ?? (() => undefined),
    });
  } finally {
    removeTree(effects.fs, folder);
  }
}

/** The Python that planes would find, found at once: a shim in its place takes longer than many a step. */
function workerEnvironment({ effects: { fs, host } }: Context, python: string | undefined) {
  const env = Object.fromEntries(Object.entries(host.env).filter((one): one is [string, string] => !!one[1]));
  const folder = python?.slice(0, python.lastIndexOf("/"));
  if (python === undefined || folder === undefined) return env;
  const first = `${folder}/python3`;
  const is_same = fs.stat(first) !== undefined && fs.realPath(first) === fs.realPath(python);
  return is_same ? { ...env, PATH: `${folder}:${env["PATH"] ?? ""}` } : env;
}

/** A scenario whose worker died says nothing of its packages. */
export function lostScenario({ scenario, digest }: ScenarioFile, why: string): GoldenScenario {
  const { name, title = name, canonical, required } = scenario;
  const next_step = `Run "golden run ${name}" again.`;
  return unrunScenario(
    { name, title, canonical: canonical !== undefined, required, scenario_digest: digest },
    {
      ...notRun("worker", "prepare"),
      verdict: "infra-failure",
      problems: [{ code: "WORKER_LOST", message: why, next_step }],
    },
  );
}
