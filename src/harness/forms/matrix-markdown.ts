/** A matrix for a pull request or a step summary: a table a version, and every finding with what to do. */
import type { GoldenMatrix, MatrixFinding } from "../../contracts/index.ts";
import { markdownCode, markdownText } from "../../reports/index.ts";
import { factsTable, problemLines } from "./markdown.ts";
import { cellWord, type Grid, gridsOf, isSettled, matrixFacts, matrixHeadline } from "./matrix-facts.ts";

export function matrixMarkdown(matrix: GoldenMatrix): string {
  const { healthy, package_id, findings, cells } = matrix;
  return [
    `# Golden matrix: ${healthy ? "passed" : "failed"}`,
    "",
    `${markdownText(package_id)}: ${matrixHeadline(matrix)}.`,
    "",
    ...gridsOf(matrix).flatMap(gridPart),
    ...(findings.length === 0 ? [] : ["## Findings", "", ...findings.flatMap(findingLines), ""]),
    ...cells
      .filter((cell) => !isSettled(cell) && cell.problems.length > 0)
      .flatMap(({ id, problems }) => [`## ${markdownText(id)}`, "", ...problemLines(problems, ""), ""]),
    ...factsTable("Matrix", matrixFacts(matrix)),
  ].join("\n");
}

function gridPart({ version, compat, columns, rows }: Grid): string[] {
  const ranges = Object.entries(compat).map(([field, range]) => markdownCode(`${field} ${range}`));
  return [
    `## ${markdownText(version)}`,
    "",
    ...(ranges.length === 0 ? [] : [ranges.join(", "), ""]),
    `| host | ${columns.map((python) => markdownText(python ?? "")).join(" | ")} |`,
    `|---|${columns.map(() => "---").join("|")}|`,
    ...rows.map(
      ({ name, cells }) =>
        `| ${markdownText(name)} | ${cells.map((cell) => (cell === undefined ? "" : wordOf(cell))).join(" | ")} |`,
    ),
    "",
  ];
}

const wordOf = (cell: NonNullable<Grid["rows"][number]["cells"][number]>): string => {
  const word = markdownText(cellWord(cell));
  return isSettled(cell) ? word : `**${word}**`;
};

const findingLines = ({ severity, code, message, next_step }: MatrixFinding): string[] => [
  `- **${severity}**: ${markdownText(message)} (${markdownCode(code)})`,
  `  ${markdownText(next_step)}`,
];
