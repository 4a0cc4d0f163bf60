/** One step, judged: by what was expected, by what always holds, and by what it was to show. */
import type { Expectation, GoldenProblem, ScenarioStep } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import type { Answer } from "../driver.ts";
import { problem } from "../problems.ts";
import type { Performed } from "../steps/performed.ts";
import type { World } from "../world/world.ts";
import { type Judged, judgeExpectations } from "./expectations.ts";
import { judgeAnswer, judgeInvariants } from "./invariants.ts";
import type { Observed } from "./observe.ts";

export interface StepCase {
  readonly world: World;
  readonly step: ScenarioStep;
  /** Failures that were to be injected, as `pkg failpoints` explains. */
  readonly injected: readonly string[];
}

/** Steps whose failure must leave everything as it was. */
const CHANGES = new Set(["install", "update", "rollback", "uninstall", "enable", "disable", "configure"]);

export function judgeStep(
  effects: Pick<Effects, "fs">,
  { world, step, injected }: StepCase,
  { answer, others }: Performed,
  observed: Observed,
): Judged {
  if (step.do === "tamper") return judgeTamper(step.path, answer, observed);
  const expect = expectationOf(step);
  const expected = judgeExpectations(effects, { world, expect, answer, observed });
  const changed_nothing = hasFailed(answer) && CHANGES.has(step.do);
  const always = judgeInvariants(effects, { world, answer, observed, changed_nothing });
  const beside = others.filter((one) => one !== answer).map((one) => judgeAnswer(world, one));
  const wanted = step.do === "crash" ? [`${step.at}=kill`] : injected;
  return {
    problems: [
      ...expected.problems,
      ...always.problems,
      ...beside.flatMap(({ problems }) => problems),
      ...(step.do === "concurrent" ? togetherProblems(others) : settlingProblems(others)),
      ...unreachedProblems(wanted, answer),
    ],
    checks:
      expected.checks + always.checks + beside.reduce((sum, { checks }) => sum + checks, 0) + wanted.length,
  };
}

const KILLED = 137;
/** Faults after the commit point: the change stands, and is not undone any more. */
const CHANGE_STANDS = new Set(["COMMITTED_UNRECORDED", "COMMIT_UNCERTAIN"]);

const hasFailed = ({ exit_code, fault }: Answer): boolean =>
  exit_code !== 0 && exit_code !== KILLED && !CHANGE_STANDS.has(fault?.code ?? "");

/** A killed command ends as a killed command does, unless the scenario says otherwise. */
const expectationOf = (step: ScenarioStep): Expectation =>
  step.do === "crash" && step.expect.exit_code === 0 ? { ...step.expect, exit_code: KILLED } : step.expect;

function unreachedProblems(wanted: readonly string[], { reached }: Answer): GoldenProblem[] {
  if (wanted.length <= reached.length) return [];
  return [
    problem(
      "INJECTION_UNREACHED",
      `the failure at ${wanted.join(", ")} never happened`,
      { expected: wanted.join(", "), actual: reached.join(", ") || "none" },
      'Run "pkg failpoints" for the points there are.',
    ),
  ];
}

function settlingProblems(others: readonly Answer[]): GoldenProblem[] {
  return others
    .filter(({ exit_code }) => exit_code !== 0)
    .map(({ exit_code, fault }) =>
      problem(
        "NOT_RESTORED",
        `what was interrupted could not be settled: ${fault?.message ?? `exit ${exit_code}`}`,
        { subject: fault?.code },
        'Run "pkg doctor" in the kept plane.',
      ),
    );
}

/** Whoever comes second may be refused, with a code; nobody may die of it. */
function togetherProblems(others: readonly Answer[]): GoldenProblem[] {
  return others
    .filter(({ exit_code, fault }) => exit_code !== 0 && (fault === null || fault.code === "BUG"))
    .map(({ exit_code, fault }) =>
      problem(
        "CONCURRENT",
        `a command that ran with others exited with ${exit_code}: ${fault?.message ?? "without saying why"}`,
        { actual: String(exit_code), subject: fault?.code },
        "Run the commands one after another to see whether it is their meeting that fails.",
      ),
    );
}

function judgeTamper(path: string, { fault }: Answer, { integrity }: Observed): Judged {
  if (fault !== null)
    return {
      problems: [problem("EXIT_CODE", fault.message, { subject: path }, fault.next_step)],
      checks: 1,
    };
  const text = JSON.stringify(integrity.document ?? "");
  const is_seen = integrity.exit_code !== 0 && text.includes(JSON.stringify(path));
  return {
    problems: is_seen
      ? []
      : [
          problem(
            "TAMPER_UNSEEN",
            `the integrity check did not name ${path}`,
            { subject: path, expected: "a finding", actual: `exit ${integrity.exit_code}` },
            "Name a path that the plane governs.",
          ),
        ],
    checks: 1,
  };
}
