/** The whole proof: every scenario explored, then every protecting call dropped. */
import type { RenamePromise } from "../../src/effects/sim/index.ts";
import type { Case } from "./case.ts";
import { readCase } from "./case.ts";
import { type Depth, explore, type Tally } from "./explore.ts";
import { setStage } from "./judge.ts";
import { type Mutant, type MutantDepth, operationMutants, recoveryMutants } from "./mutants.ts";
import { replay } from "./replay.ts";
import { mutantTable, tallyTable } from "./report.ts";
import { SCENARIOS } from "./scenarios.ts";

const ALL = Number.POSITIVE_INFINITY;

const DEPTHS: Record<Case["mode"], Depth & { readonly mutants: MutantDepth }> = {
  quick: {
    first: { exhaustive_max: 4, samples: 3 },
    second: { exhaustive_max: 2, samples: 2 },
    recoveries: { kills: 5, cuts: 5 },
    points: 5,
    continued: 3,
    mutants: { limits: { exhaustive_max: 3, samples: 6 }, operation: 2, recovery: 0 },
  },
  full: {
    first: { exhaustive_max: 12, samples: 60 },
    second: { exhaustive_max: 3, samples: 3 },
    recoveries: { kills: ALL, cuts: 200 },
    points: ALL,
    continued: 40,
    mutants: { limits: { exhaustive_max: 7, samples: 40 }, operation: ALL, recovery: 6 },
  },
};

export interface CrashOptions {
  readonly mode: Case["mode"];
  readonly seed: number;
  /** Names of scenarios; absent means all. */
  readonly only?: readonly string[] | undefined;
  readonly parts: readonly ("explore" | "mutants")[];
  /** When a rename between two folders is durable; default `either`. */
  readonly renames?: RenamePromise;
  readonly say: (line: string) => void;
}

export interface CrashReport {
  readonly tallies: readonly Tally[];
  readonly mutants: readonly Mutant[];
}

export async function runCrash({
  mode,
  seed,
  only,
  parts,
  renames = "either",
  say,
}: CrashOptions): Promise<CrashReport> {
  const depth = DEPTHS[mode];
  const tallies: Tally[] = [];
  const mutants: Mutant[] = [];
  for (const scenario of SCENARIOS.filter(({ name }) => only === undefined || only.includes(name))) {
    const stage = await setStage(scenario, renames);
    if (parts.includes("explore")) tallies.push(await explore(stage, depth, mode, seed));
    // What an operation that fails makes durable is mostly of no use to anybody: only the full run asks what is.
    if (parts.includes("mutants") && (mode === "full" || scenario.fails_at === undefined)) {
      mutants.push(...(await operationMutants(stage, depth.mutants, { mode, seed })));
      if (depth.mutants.recovery > 0)
        mutants.push(...(await recoveryMutants(stage, depth.mutants, { mode, seed })));
    }
    const bad = [...stage.known.values()].filter(({ problems }) => problems.length > 0).length;
    say(
      `${scenario.name}: ${stage.known.size} different states recovered, ${bad} badly (mutants among them)`,
    );
  }
  return { tallies, mutants };
}

/** The report people read. @returns the exit code */
export function tellReport({ tallies, mutants }: CrashReport, say: (line: string) => void): number {
  for (const line of tallyTable(tallies)) say(line);
  const failures = tallies.flatMap((tally) => tally.failures);
  for (const { case_id, where, verdict } of failures.slice(0, FAILURES_SHOWN)) {
    say(`${verdict.outcome}: ${where}`);
    for (const problem of verdict.problems.slice(0, 3)) say(`    ${problem}`);
    if (case_id !== "") say(`    npm run crash -- --replay '${case_id}'`);
  }
  if (failures.length > FAILURES_SHOWN) say(`… and ${failures.length - FAILURES_SHOWN} more`);
  for (const line of mutants.length === 0 ? [] : mutantTable(mutants)) say(line);
  const seen = tallies.reduce(
    (sum, { states, second_states }) => sum + states + second_states,
    mutants.length,
  );
  return failures.length > 0 || seen === 0 ? 1 : 0;
}

const FAILURES_SHOWN = 10;

/** `--quick`, `--seed N`, `--only install,fix`, `--parts explore,mutants`, `--renames both`, `--replay CASE` */
export async function main(argv: readonly string[], say: (line: string) => void): Promise<number> {
  const value = (name: string): string | undefined => argv.find((_word, at) => argv[at - 1] === name);
  const renames = value("--renames") === "both" ? "both" : "either";
  const again = value("--replay");
  if (again !== undefined) {
    const wanted = readCase(again);
    const depth = wanted === undefined ? undefined : DEPTHS[wanted.mode];
    const verdict =
      wanted === undefined || depth === undefined
        ? undefined
        : await replay(wanted, { ...depth, mutants: depth.mutants.limits }, renames, say);
    if (verdict === undefined) say(`"${again}" names no case of this code`);
    return verdict === undefined ? 2 : verdict.problems.length > 0 ? 1 : 0;
  }
  const mode = argv.includes("--quick") ? "quick" : "full";
  const seed = Number(value("--seed") ?? 1);
  const parts = (value("--parts")?.split(",") ?? ["explore", "mutants"]) as CrashOptions["parts"];
  const start = performance.now();
  const report = await runCrash({ mode, seed, only: value("--only")?.split(","), parts, renames, say });
  const exit_code = tellReport(report, say);
  say(
    `${mode}, seed ${seed}, renames durable with ${renames}, ${((performance.now() - start) / 1000).toFixed(1)} s`,
  );
  return exit_code;
}
