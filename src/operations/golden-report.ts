/** What golden run found, as one document and as text. */
import type { GoldenReport, GoldenScenario, GoldenStep } from "../contracts/index.ts";

export function textOfGolden(report: GoldenReport): string {
  const { totals } = report;
  return [
    ...report.scenarios.flatMap(scenarioLines),
    "",
    ...(report.swept_folders
      ? [`removed ${count(report.swept_folders, "folder")} of runs that were killed`]
      : []),
    `${totals.passed} of ${totals.scenarios} scenarios passed: ${totals.steps} steps, ${totals.checks} checks, ${seconds(report.duration_ms)}`,
    "",
  ].join("\n");
}

const SIGNS = {
  pass: "ok  ",
  fail: "FAIL",
  "refused-as-declared": "ok  ",
  "infra-failure": "INFRA",
  "not-run": "--  ",
} as const;

function scenarioLines({ name, title, verdict, steps, duration_ms }: GoldenScenario): string[] {
  return [
    `${SIGNS[verdict]} ${name}: ${title} (${seconds(duration_ms)})`,
    ...steps.flatMap((step) => stepLines(step)),
  ];
}

function stepLines({ id, verdict, duration_ms, counts, problems, injected }: GoldenStep): string[] {
  const seen = Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(", ");
  const failure = injected === null ? "" : `, injected ${injected}`;
  return [
    `  ${SIGNS[verdict]} ${id.padEnd(22)} ${String(duration_ms).padStart(6)} ms  ${seen}${failure}`,
    ...problems.flatMap(({ code, message, expected, actual, next_step }) => [
      `       ${message} [${code}]`,
      ...(expected === undefined ? [] : [`       expected ${expected}, got ${actual ?? "nothing"}`]),
      `       next: ${next_step}`,
    ]),
  ];
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

const seconds = (duration_ms: number): string => `${(duration_ms / 1000).toFixed(1)} s`;

export function totalsOf(scenarios: readonly GoldenScenario[]): GoldenReport["totals"] {
  const steps = scenarios.flatMap((one) => one.steps);
  const passed = scenarios.filter(({ verdict }) => verdict === "pass").length;
  return {
    scenarios: scenarios.length,
    steps: steps.filter(({ verdict }) => verdict !== "not-run").length,
    passed,
    failed: scenarios.length - passed,
    checks: steps.reduce((sum, { counts }) => sum + (counts["checks"] ?? 0), 0),
  };
}
