/** Matchers for `expect.extend` of Vitest, and of whatever else takes them. They import no test framework. */
import type { GoldenReport, GoldenScenario, GoldenStep } from "../contracts/index.ts";
import { fullId, goldenStep } from "./find-step.ts";
import { isReport } from "./run-golden.ts";

export interface Matched {
  readonly pass: boolean;
  /** What to say where the test wanted the other. */
  readonly message: () => string;
  readonly expected?: unknown;
  readonly actual?: unknown;
}

interface Failed {
  readonly scenario: GoldenScenario;
  /** Undefined for a scenario that has none. */
  readonly step: GoldenStep | undefined;
}

export const goldenMatchers = { toPassGolden, toPassGoldenAt, toFailGoldenAt, toMatchRecording };

/** Every scenario passed, and there was one. */
function toPassGolden(received: unknown): Matched {
  const report = reportOf(received, "toPassGolden");
  const failed = failedIn(report);
  const { scenarios, steps, checks } = report.totals;
  const is_empty = report.scenarios.length === 0;
  return {
    pass: failed.length === 0 && !is_empty,
    message: () =>
      failed.length === 0 && !is_empty
        ? `expected a failure, and all passed: ${scenarios} scenarios, ${steps} steps, ${checks} checks`
        : is_empty
          ? "expected every scenario to pass, and none ran"
          : `expected every scenario to pass\n${failed.map(linesOf).join("\n")}`,
  };
}

/** The step passed. @param step its id, or `scenario/step` */
function toPassGoldenAt(received: unknown, step: string): Matched {
  const report = reportOf(received, "toPassGoldenAt");
  const { verdict } = goldenStep(report, step);
  return {
    pass: verdict === "pass",
    message: () =>
      verdict === "pass"
        ? `expected ${step} not to pass`
        : `expected ${step} to pass, and it is ${verdict}\n${failedIn(report).map(linesOf).join("\n")}`,
    expected: "pass",
    actual: verdict,
  };
}

/** The step is the first that failed, and for this reason. @param code such as RESIDUE; none means any */
function toFailGoldenAt(received: unknown, step: string, code?: string): Matched {
  const report = reportOf(received, "toFailGoldenAt");
  const found = goldenStep(report, step);
  const codes = found.problems.map((one) => one.code);
  const pass = found.verdict === "fail" && (code === undefined || codes.includes(code));
  const wanted = code === undefined ? step : `${step} with ${code}`;
  const failed = failedIn(report);
  return {
    pass,
    message: () =>
      pass
        ? `expected no failure at ${wanted}`
        : failed.length === 0
          ? `expected a failure at ${wanted}, and every scenario passed`
          : `expected a failure at ${wanted}\n${failed.map(linesOf).join("\n")}`,
    expected: code === undefined ? "fail" : [code],
    actual: code === undefined ? found.verdict : codes,
  };
}

/** Every scenario was held against its recording, and is as it was. */
function toMatchRecording(received: unknown): Matched {
  const report = reportOf(received, "toMatchRecording");
  const without = report.scenarios.filter(({ steps }) => !steps.some(({ id }) => id === RECORDING));
  const differing = report.scenarios.flatMap((scenario) =>
    scenario.steps
      .filter(({ id, verdict }) => id === RECORDING && verdict !== "pass")
      .map((step) => ({ scenario, step })),
  );
  const pass = report.scenarios.length > 0 && without.length === 0 && differing.length === 0;
  return {
    pass,
    message: () =>
      pass
        ? "expected another answer than the recorded one"
        : [
            "expected every scenario to do what was recorded",
            ...without.map(
              ({ name }) =>
                `  ${name} was not held against a recording: write "record = true" in a scenario that passes`,
            ),
            ...differing.map(linesOf),
            ...(report.scenarios.length === 0 ? ["  no scenario ran"] : []),
          ].join("\n"),
  };
}

const RECORDING = "recording";

/** A test of something else than a report is no test. */
function reportOf(received: unknown, matcher: string): GoldenReport {
  if (isReport(received)) return received;
  throw new TypeError(`${matcher} wants the report of runGolden, awaited; it got ${typeof received}`);
}

/** The step that broke each scenario; what came after it did not run. */
function failedIn({ scenarios }: GoldenReport): Failed[] {
  return scenarios
    .filter(({ verdict }) => verdict !== "pass")
    .map((scenario) => ({
      scenario,
      step: scenario.steps.find(({ verdict }) => verdict !== "pass"),
    }));
}

function linesOf({ scenario, step }: Failed): string {
  if (step === undefined) return `  ${scenario.name}/(no step): ${scenario.verdict}`;
  return [
    `  ${fullId(scenario, step)}: ${step.verdict}`,
    ...step.problems.flatMap(({ code, message, expected, actual, next_step }) => [
      `    [${code}] ${message}`,
      ...(expected === undefined && actual === undefined
        ? []
        : [`      expected ${expected ?? "nothing"}, got ${actual ?? "nothing"}`]),
      `      next: ${next_step}`,
    ]),
  ].join("\n");
}
