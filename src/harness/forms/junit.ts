/** JUnit XML as CI servers read it: a suite a scenario, a test case a step. */
import type { GoldenProblem, GoldenReport, GoldenScenario, GoldenStep } from "../../contracts/index.ts";
import { xmlText } from "../../reports/index.ts";

export function goldenJunit(report: GoldenReport): string {
  const numbers = numbersOf(report.scenarios.flatMap(({ steps }) => steps));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="golden run" ${numbers} time="${seconds(report.duration_ms)}">`,
    ...report.scenarios.flatMap((one) => suite(one, report.began_at)),
    "</testsuites>",
    "",
  ].join("\n");
}

/** Nobody may read a run in which nothing happened as one that passed. */
function suite(scenario: GoldenScenario, began_at: string): string[] {
  const { name, title, steps, duration_ms, packages } = scenario;
  return [
    `  <testsuite name="${xmlText(`${name}: ${title}`)}" ${numbersOf(steps)} time="${seconds(duration_ms)}" timestamp="${timestampOf(began_at)}">`,
    "    <properties>",
    `      <property name="scenario_digest" value="${xmlText(scenario.scenario_digest)}"/>`,
    ...packages.map(
      ({ package_id, version, digest }) =>
        `      <property name="${xmlText(`${package_id} ${version}`)}" value="${xmlText(`sha256:${digest}`)}"/>`,
    ),
    "    </properties>",
    ...steps.flatMap((step) => testcase(name, step)),
    "  </testsuite>",
  ];
}

function numbersOf(steps: readonly GoldenStep[]): string {
  const count = (verdict: GoldenStep["verdict"]): number =>
    steps.filter((step) => step.verdict === verdict).length;
  return `tests="${steps.length}" failures="${count("fail")}" errors="${count("infra-failure")}" skipped="${count("not-run")}"`;
}

function testcase(scenario: string, step: GoldenStep): string[] {
  const open = `    <testcase classname="${xmlText(scenario)}" name="${xmlText(step.id)}" time="${seconds(step.duration_ms)}"`;
  const inner = outcome(step);
  return inner.length === 0 ? [`${open}/>`] : [`${open}>`, ...inner, "    </testcase>"];
}

function outcome({ verdict, problems }: GoldenStep): string[] {
  if (verdict === "not-run") return ['      <skipped message="a step before it failed"/>'];
  const element = verdict === "infra-failure" ? "error" : verdict === "fail" ? "failure" : undefined;
  return element === undefined ? [] : problemElement(element, problems, verdict);
}

/** The first problem as what it is, all of them as its text. @param otherwise what it is where there is none */
export function problemElement(
  element: "failure" | "error",
  problems: readonly Pick<GoldenProblem, "code" | "message" | "next_step">[],
  otherwise: string = element,
): string[] {
  const text = problems
    .map(({ code, message, next_step }) => `${xmlText(`${message} [${code}]`)}\n${xmlText(next_step)}`)
    .join("\n");
  const { code = otherwise, message = otherwise } = problems[0] ?? {};
  return [`      <${element} type="${xmlText(code)}" message="${xmlText(message)}">${text}</${element}>`];
}

/** Of the schema of JUnit: without fraction and zone. */
export const timestampOf = (iso: string): string => xmlText(iso.replace(/\.\d+Z$|Z$/, ""));

export const seconds = (duration_ms: number): string => (duration_ms / 1000).toFixed(3);
