/** Workers of a run: processes of our own program that take one piece of work after the other. */
import type { Effects, StartedProgram } from "../../effects/index.ts";
import { isWorkLeft } from "./job.ts";
import { type Message, messageOf } from "./messages.ts";
import { WATCHDOG_SCRIPT } from "./watchdog-script.ts";

type Needs = Pick<Effects, "fs" | "programs" | "clock" | "signal">;

export interface Crew {
  /** Folder of the job. */
  readonly folder: string;
  /** How many pieces it has. */
  readonly count: number;
  readonly workers: number;
  /** Of one worker: absolute program and words. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Python that watches over each worker; without one a worker ends by itself when the run is gone. */
  readonly python: string | undefined;
  readonly onDoing: (at: number, doing: string) => void;
  readonly onDifference: (difference: string) => void;
}

export interface Worked {
  /** By number of the piece. */
  readonly results: ReadonlyMap<number, unknown>;
  /** Why there is none. */
  readonly lost: ReadonlyMap<number, string>;
}

/** A worker that was told to stop undoes what it is at; after this it is killed. */
const STOP_MS_MAX = 8000;
const STOP_SLICE_MS = 50;
const GRACE_S = "5";
const STARTS_MAX = 3;
const STDERR_CHARS_MAX = 2000;

/** @throws the reason of the signal, once every worker is gone */
export async function runCrew(effects: Needs, crew: Crew): Promise<Worked> {
  const results = new Map<number, unknown>();
  const lost = new Map<number, string>();
  const seats = Math.max(1, Math.min(crew.workers, crew.count));
  const whys = await Promise.all(
    Array.from({ length: seats }, () => fillSeat(effects, crew, { results, lost })),
  );
  effects.signal.throwIfAborted();
  const why = whys.find((one) => one !== undefined) ?? "no worker took it";
  for (let at = 0; at < crew.count; at++) if (!results.has(at) && !lost.has(at)) lost.set(at, why);
  return { results, lost };
}

interface Books {
  readonly results: Map<number, unknown>;
  readonly lost: Map<number, string>;
}

/** One worker at a time; a new one where the last died before all was taken. Returns why there is none any more. */
async function fillSeat(effects: Needs, crew: Crew, books: Books): Promise<string | undefined> {
  let why: string | undefined;
  for (let starts = 0; starts < STARTS_MAX && isWorkLeft(effects, crew.folder, crew.count); starts++) {
    if (effects.signal.aborted) return why;
    const { at, ended, is_finished } = await runWorker(effects, crew, books);
    if (is_finished) return undefined;
    why = ended;
    if (at !== undefined) books.lost.set(at, ended);
  }
  return why;
}

interface WorkerEnd {
  /** What it was at. */
  readonly at: number | undefined;
  readonly ended: string;
  readonly is_finished: boolean;
}

async function runWorker(effects: Needs, crew: Crew, { results, lost }: Books): Promise<WorkerEnd> {
  const program = await startWorker(effects, crew);
  const stop = (): void => void stopWorker(effects, program);
  effects.signal.addEventListener("abort", stop, { once: true });
  let at: number | undefined;
  let is_finished = false;
  let because: string | undefined;
  const hear = (message: Message): void => {
    if ("began" in message) at = message.began;
    else if ("doing" in message) crew.onDoing(message.at, message.doing);
    else if ("difference" in message) crew.onDifference(message.difference);
    else if ("done" in message) {
      results.set(message.done, message.result);
      at = undefined;
    } else if ("broken" in message) {
      lost.set(message.broken, `the harness failed: ${message.because}`);
      at = undefined;
    } else if ("finished" in message) {
      ({ because } = message);
      is_finished = because === undefined;
      // It waits for this, so that it knows the moment the run is gone.
      program.stdin.end();
    }
  };
  try {
    const said = tailOf(program.stderr);
    await readLines(program.stdout, (line) => {
      const message = messageOf(line);
      if (message !== undefined) hear(message);
    });
    const { exit_code, signal } = await program.ended;
    const how = signal ?? `exit ${exit_code}`;
    const last = (await said).trim();
    return { at, ended: `its worker ended (${how}): ${because ?? last}`, is_finished };
  } finally {
    effects.signal.removeEventListener("abort", stop);
    for (const channel of program.channels) channel.close();
  }
}

function startWorker({ programs }: Needs, { argv, cwd, env, python }: Crew): Promise<StartedProgram> {
  if (python === undefined) return programs.start({ argv, cwd, env, channels: 0 });
  const watched = [python, "-I", "-S", "-B", "-c", WATCHDOG_SCRIPT, GRACE_S, ...argv];
  return programs.start({ argv: watched, cwd, env, channels: 1 });
}

async function stopWorker({ clock }: Needs, program: StartedProgram): Promise<void> {
  program.stdin.end();
  const until_ms = clock.elapsed_ms() + STOP_MS_MAX;
  const ended = new AbortController();
  void program.ended.then(() => ended.abort());
  // In slices: a sleep nobody waits for any more would keep the run from ending.
  while (!ended.signal.aborted && clock.elapsed_ms() < until_ms) await clock.sleep(STOP_SLICE_MS);
  // The watchdog takes everything with it; without one the group has to do.
  if (program.channels.length === 0) program.kill();
  for (const channel of program.channels) channel.close();
}

async function readLines(chunks: AsyncIterable<Uint8Array>, take: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(take);
  }
}

async function tailOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of chunks)
    text = (text + decoder.decode(chunk, { stream: true })).slice(-STDERR_CHARS_MAX);
  return text;
}
