/** `golden run` from code: the program of this very package in a process of its own, so a test does what a user does. */
import type { GoldenReport } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { Fault, type FaultJson } from "../kernel/index.ts";
import { raise } from "./faults.ts";

export interface GoldenOptions {
  /** Folder that subjects are relative to; default: the working directory. */
  readonly cwd?: string;
  /** Where `golden/` and `modules/` lie; default: `cwd`. Packages that others depend on are found there. */
  readonly root?: string;
  /** Variables of the run; default: those of this process. The plugins see none of them. */
  readonly env?: Readonly<Record<string, string>>;
  /** How many scenarios run at once; default: one a core. */
  readonly workers?: number;
  /** Rewrite recordings in place of holding the run against them. */
  readonly update?: boolean;
  /** Leave the planes of scenarios that fail. */
  readonly keep?: boolean;
  /** After this everything is ended; default: ten minutes. */
  readonly timeout_ms?: number;
  /** Ends everything when it aborts: that of a test's context. */
  readonly signal?: AbortSignal;
}

const OUTPUT_BYTES_MAX = 256 << 20;
const SAID_MAX = 2000;

/**
 * @param subjects scenario files, folders of them, source folders or package ids; none means everything below the root
 * @returns the report, also when something failed
 * @throws Fault what the program refuses with (SUBJECT_UNKNOWN, SCENARIO_INVALID, NOTHING_TO_RUN…), GOLDEN_UNANSWERED
 */
export async function runGoldenWith(
  { subprocess, host }: Pick<Effects, "subprocess" | "host">,
  program: readonly string[],
  subjects: string | readonly string[],
  options: GoldenOptions,
): Promise<GoldenReport> {
  const { cwd = host.cwd, env = definedOf(host.env), timeout_ms = 600_000, signal } = options;
  const done = await subprocess.run({
    argv: [...program, "run", ...flagsOf(options), "--json", "--", ...[subjects].flat()],
    cwd,
    env,
    limits: { timeout_ms, stdout_bytes_max: OUTPUT_BYTES_MAX },
    ...(signal === undefined ? {} : { signal }),
  });
  const document = parsed(done.stdout.toString("utf8"));
  if (isReport(document)) return document;
  const error = (document as { error?: unknown } | undefined)?.error;
  if (isFault(error)) throw new Fault({ ...error, exit_code: exitOf(done.exit_code) });
  const ended = done.timed_out
    ? `did not end within ${timeout_ms} ms`
    : `ended with ${done.exit_code ?? done.signal ?? "nothing"} and no report`;
  return raise("GOLDEN_UNANSWERED", `golden run ${ended}`, {
    ended,
    said: done.stderr.slice(-SAID_MAX).toWellFormed(),
  });
}

function flagsOf({ root, workers, update, keep }: GoldenOptions): string[] {
  return [
    ...(root === undefined ? [] : [`--root=${root}`]),
    ...(workers === undefined ? [] : [`--workers=${workers}`]),
    ...(update === true ? ["--update"] : []),
    ...(keep === true ? ["--keep"] : []),
  ];
}

const definedOf = (env: Effects["host"]["env"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The program is of this package, so a document of this kind has its shape. */
export const isReport = (value: unknown): value is GoldenReport =>
  typeof value === "object" &&
  value !== null &&
  Array.isArray((value as Partial<GoldenReport>).scenarios) &&
  typeof (value as Partial<GoldenReport>).totals === "object";

const isFault = (value: unknown): value is FaultJson =>
  typeof value === "object" && value !== null && "code" in value && "next_step" in value;

type Exit = Fault["exit_code"];
const EXITS: readonly Exit[] = [1, 2, 3, 4, 5, 6, 130];
const exitOf = (code: number | null): Exit => EXITS.find((one) => one === code) ?? 5;
