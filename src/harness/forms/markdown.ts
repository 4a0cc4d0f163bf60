/** For a pull request or a step summary: a table of scenarios, and every problem with what to run. */
import type { GoldenProblem, GoldenReport, GoldenScenario } from "../../contracts/index.ts";
import { markdownCode, markdownText } from "../../reports/index.ts";
import { countsText, type Fact, factsOf, headline, isGood, passedWhole, seconds } from "./facts.ts";

export function goldenMarkdown(report: GoldenReport): string {
  return [
    `# Golden run: ${passedWhole(report) ? "passed" : "failed"}`,
    "",
    `${headline(report)}.`,
    "",
    "| scenario | verdict | steps | took |",
    "|---|---|---:|---:|",
    ...report.scenarios.map(row),
    "",
    ...report.scenarios.flatMap(problems),
    ...factsTable("Run", factsOf(report)),
  ].join("\n");
}

const row = ({ name, verdict, steps, duration_ms }: GoldenScenario): string =>
  `| ${markdownText(name)} | ${isGood(verdict) ? verdict : `**${verdict}**`} | ${steps.length} | ${seconds(duration_ms)} |`;

function problems({ name, steps }: GoldenScenario): string[] {
  const bad = steps.filter((step) => step.problems.length > 0);
  if (bad.length === 0) return [];
  return [
    `## ${markdownText(name)}`,
    "",
    ...bad.flatMap((step) => [
      `- **${markdownText(step.id)}** (${countsText(step.counts)})`,
      ...problemLines(step.problems, "  "),
    ]),
    "",
  ];
}

/** A list, indented as it is told. */
export const problemLines = (list: readonly GoldenProblem[], indent: string): string[] =>
  list.flatMap(({ code, message, expected, actual, next_step }) => [
    `${indent}- ${markdownText(message)} (${markdownCode(code)})`,
    ...(expected === undefined
      ? []
      : [`${indent}  expected ${markdownCode(expected)}, got ${markdownCode(actual ?? "nothing")}`]),
    `${indent}  ${markdownText(next_step)}`,
  ]);

/** Folded, at the end. @param name text of ours */
export const factsTable = (name: string, facts: readonly Fact[]): string[] => [
  `<details><summary>${name}</summary>`,
  "",
  "| | |",
  "|---|---|",
  ...facts.map(([label, text]) => `| ${markdownText(label)} | ${markdownText(text)} |`),
  "",
  "</details>",
  "",
];
