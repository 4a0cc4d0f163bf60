/** For a pull request or a step summary: a table of scenarios, and every problem with what to run. */
import type { GoldenReport, GoldenScenario } from "../../contracts/index.ts";
import { markdownCode, markdownText } from "../../reports/index.ts";
import { countsText, factsOf, headline, isGood, passedWhole } from "./facts.ts";

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
    "<details><summary>Run</summary>",
    "",
    "| | |",
    "|---|---|",
    ...factsOf(report).map(([label, text]) => `| ${markdownText(label)} | ${markdownText(text)} |`),
    "",
    "</details>",
    "",
  ].join("\n");
}

const row = ({ name, verdict, steps, duration_ms }: GoldenScenario): string =>
  `| ${markdownText(name)} | ${isGood(verdict) ? verdict : `**${verdict}**`} | ${steps.length} | ${(duration_ms / 1000).toFixed(1)} s |`;

function problems({ name, steps }: GoldenScenario): string[] {
  const bad = steps.filter((step) => step.problems.length > 0);
  if (bad.length === 0) return [];
  return [
    `## ${markdownText(name)}`,
    "",
    ...bad.flatMap((step) => [
      `- **${markdownText(step.id)}** (${countsText(step.counts)})`,
      ...step.problems.flatMap(({ code, message, expected, actual, next_step }) => [
        `  - ${markdownText(message)} (${markdownCode(code)})`,
        ...(expected === undefined
          ? []
          : [`    expected ${markdownCode(expected)}, got ${markdownCode(actual ?? "nothing")}`]),
        `    ${markdownText(next_step)}`,
      ]),
    ]),
    "",
  ];
}
