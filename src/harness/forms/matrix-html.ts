/** A matrix as one page: a table a version, what was found, and every cell that wants something done. */
import type { GoldenMatrix, MatrixCell, MatrixFinding } from "../../contracts/index.ts";
import { htmlText } from "../../reports/index.ts";
import { seconds } from "./facts.ts";
import { cellWord, type Grid, gridsOf, isSettled, matrixFacts, matrixHeadline } from "./matrix-facts.ts";
import { goldenPage, problemMarkup } from "./page.ts";

export const matrixHtml = (matrix: GoldenMatrix): string =>
  goldenPage({
    name: "Golden matrix",
    passed: matrix.healthy,
    headline: `${matrix.package_id}: ${matrixHeadline(matrix)}`,
    main: [
      ...gridsOf(matrix).flatMap(gridPart),
      ...findingsPart(matrix.findings),
      ...matrix.cells.filter((cell) => !isSettled(cell)).flatMap(cellPart),
    ],
    facts: matrixFacts(matrix),
  });

function gridPart({ version, compat, columns, rows }: Grid): string[] {
  const ranges = Object.entries(compat).map(([field, range]) => `${field} ${range}`);
  return [
    `<h2>${htmlText(version)}</h2>`,
    `<p>${htmlText(ranges.join(", ") || "no ranges declared")}</p>`,
    `<table><thead><tr><th>host</th>${columns.map((python) => `<th>${htmlText(python ?? "")}</th>`).join("")}</tr></thead><tbody>`,
    ...rows.map(
      ({ name, cells }) =>
        `<tr><td>${htmlText(name)}</td>${cells.map((cell) => gridCell(cell)).join("")}</tr>`,
    ),
    "</tbody></table>",
  ];
}

function gridCell(cell: MatrixCell | undefined): string {
  if (cell === undefined) return "<td></td>";
  const kind = cell.waived === null ? cell.verdict : "waived";
  return `<td class="${kind}">${htmlText(cellWord(cell))}</td>`;
}

function findingsPart(findings: readonly MatrixFinding[]): string[] {
  if (findings.length === 0) return [];
  return [
    "<h2>Findings</h2>",
    "<table><tbody>",
    ...findings.map(
      ({ severity, code, message, next_step }) =>
        `<tr><td${severity === "error" ? ' class="fail"' : ""}>${severity}</td><td>${htmlText(message)} <code>${htmlText(code)}</code><br>${htmlText(next_step)}</td></tr>`,
    ),
    "</tbody></table>",
  ];
}

const cellPart = ({ id, verdict, duration_ms, interpreter, problems }: MatrixCell): string[] => [
  "<details open>",
  `<summary><span class="${verdict}">${verdict}</span> <strong>${htmlText(id)}</strong>, ${seconds(duration_ms)}</summary>`,
  ...(interpreter === null ? [] : [`<p>ran with <code>${htmlText(interpreter)}</code></p>`]),
  "<table><tbody>",
  ...problems.map((one) => `<tr><td>${problemMarkup(one)}</td></tr>`),
  "</tbody></table>",
  "</details>",
];
