/** Runs what packages declare as signs of health, one after the other, behind a jail. */
import { HEALTH_TIMEOUT_MS } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { Fault } from "../../kernel/index.ts";
import { findJail, type JailSearch, lastWords, runJailed, runUnjailed } from "../../sandbox/index.ts";
import {
  type AskedInterpreters,
  type CheckCommand,
  commandOf,
  type Interpreters,
  liesIn,
  realOf,
} from "./command-of.ts";
import { checkFile } from "./file-check.ts";
import { type CodeCheck, judgeRun } from "./judge.ts";
import {
  type HealthLayer,
  type HealthReport,
  type HealthResult,
  healthReport,
  type Judged,
} from "./report.ts";
import type { HealthPlaces, HealthSubject } from "./subject.ts";

type Needs = Pick<Effects, "fs" | "subprocess" | "host" | "random" | "clock" | "signal" | "locks">;

export interface HealthRequest extends HealthPlaces {
  readonly packages: readonly HealthSubject[];
  readonly interpreters: Interpreters;
  /** A recorded approval lets checks run without a jail where no layer holds. */
  readonly approval_accepts_no_jail: boolean;
  readonly onCheck?: (result: HealthResult) => void;
}

const STDOUT_BYTES_MAX = 1 << 20;

/**
 * Every check of every package gets a verdict; none stops the next. No check at all is a report with counts of 0.
 * @throws the reason of `effects.signal`, which also ends a running check with its whole tree; never for a check that fails
 */
export async function runHealthChecks(effects: Needs, request: HealthRequest): Promise<HealthReport> {
  const { clock, signal } = effects;
  const places = {
    plane_root: realOf(effects, request.plane_root) ?? request.plane_root,
    tier_root: realOf(effects, request.tier_root) ?? request.tier_root,
    keys_directory: request.keys_directory,
  };
  const results: HealthResult[] = [];
  const run: Run = { ...request, ...places, asked: new Map() };
  let search: JailSearch | undefined;
  for (const subject of request.packages) {
    for (const check of subject.health?.checks ?? []) {
      signal.throwIfAborted();
      const began_ms = clock.elapsed_ms();
      let outcome: Outcome;
      if (check.kind === "file") {
        outcome = { ...checkFile(effects, run.plane_root, subject, check.path), layer: "not needed" };
      } else {
        search ??= await jailFor(effects, request, places);
        outcome = await runGuarded(effects, run, subject, check, search);
      }
      // A stopped command says nothing about the package.
      signal.throwIfAborted();
      const duration_ms = Math.round(clock.elapsed_ms() - began_ms);
      const { package_id, version } = subject;
      const result = { package_id, version, id: check.id, kind: check.kind, ...outcome, duration_ms };
      results.push(result);
      request.onCheck?.(result);
    }
  }
  return healthReport(results, search?.tried ?? []);
}

/** The jail is built by a Python from outside the plane, or not by Python. */
function jailFor(effects: Needs, { interpreters }: HealthRequest, places: HealthPlaces): Promise<JailSearch> {
  const { python } = interpreters;
  const is_usable = python !== undefined && !liesIn(effects, python, places.plane_root);
  return findJail(effects, is_usable ? { python } : {});
}

interface Run extends HealthRequest {
  readonly asked: AskedInterpreters;
}
type Outcome = Judged & { readonly layer: HealthLayer };

async function runGuarded(
  effects: Needs,
  run: Run,
  subject: HealthSubject,
  check: CodeCheck,
  search: JailSearch,
): Promise<Outcome> {
  if (search.jail === undefined && !run.approval_accepts_no_jail)
    return { verdict: "unknown", reason: noJail(search), layer: "none" };
  try {
    return await runCode(effects, run, subject, check, search);
  } catch (error) {
    const reason = whyNotStarted(error);
    if (reason === undefined) throw error;
    return { verdict: "unknown", reason, layer: search.jail?.layer ?? "none (approved)" };
  }
}

async function runCode(
  effects: Needs,
  run: Run,
  subject: HealthSubject,
  check: CodeCheck,
  { jail }: JailSearch,
): Promise<Outcome> {
  const layer = jail?.layer ?? "none (approved)";
  const mark = effects.random.hex(16);
  const { interpreters, asked } = run;
  const command = await commandOf(effects, check, subject, { places: run, interpreters, asked, mark });
  if ("verdict" in command) return { ...command, layer: "none" };
  const requestFor = ({ argv, env, stdin }: CheckCommand) => ({
    argv,
    cwd: run.tier_root,
    env,
    ...(stdin === undefined ? {} : { stdin }),
    limits: { timeout_ms: check.timeout_ms ?? HEALTH_TIMEOUT_MS, stdout_bytes_max: STDOUT_BYTES_MAX },
  });
  const result =
    jail === undefined
      ? await runUnjailed(effects, requestFor(command))
      : await runJailed(effects, jail, {
          ...requestFor(command),
          readable: [run.plane_root, ...command.readable],
          hidden: [run.keys_directory],
        });
  return { ...judgeRun(check, result, mark), layer };
}

/** Part of the reason of every check that was not run for want of a jail. */
export const NO_JAIL = "no jail holds on this machine";

function noJail({ tried }: JailSearch): string {
  const layers = tried.map(({ layer, reason }) => `${layer}: ${reason}`).join("; ");
  return `was not run, because ${NO_JAIL} (${layers})`;
}

/** Undefined for a bug of ours, which goes on as one. */
function whyNotStarted(error: unknown): string | undefined {
  if (error instanceof Fault) return error.message;
  if (error instanceof Error && "code" in error && typeof error.code === "string")
    return `could not be started: ${lastWords(error.message)}`;
  return undefined;
}
