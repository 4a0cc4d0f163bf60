/** What golden matrix found, as text of at most 80 columns where names allow. */
import type { GoldenMatrix } from "../contracts/index.ts";
import { cellWord, type Grid, gridsOf } from "../harness/index.ts";

const HEAD_WIDTH = 32;
const CELL_WIDTH = 9;

export function textOfMatrix(matrix: GoldenMatrix): string {
  const { package_id, findings, totals, swept_folders } = matrix;
  return [
    ...gridsOf(matrix).flatMap((grid) => [
      `${package_id} ${grid.version}`,
      ...Object.entries(grid.compat).map(([field, range]) => `  ${field} ${range}`),
      ...gridLines(grid),
      "",
    ]),
    ...findings.flatMap(({ severity, code, message, next_step }) => [
      `${severity}: ${message} [${code}]`,
      `  next: ${next_step}`,
    ]),
    ...(findings.length === 0 ? [] : [""]),
    ...(swept_folders === 0 ? [] : [`removed ${swept_folders} folders of runs that were killed`]),
    `${totals.cells} cells: ${totals.pass} pass, ${totals.refused_as_declared} refused as declared, ${totals.fail} fail,`,
    `${totals.infra_failure} infra-failure, ${totals.not_run} not run (${totals.waived} waived); ${totals.checks} checks, ${(matrix.duration_ms / 1000).toFixed(1)} s`,
    matrix.healthy ? "PASS" : "FAIL",
    "",
  ].join("\n");
}

const gridLines = ({ columns, rows }: Grid): string[] =>
  [
    ["", columns.map((python) => python ?? "")] as const,
    ...rows.map(
      ({ name, cells }) => [name, cells.map((cell) => (cell === undefined ? "" : cellWord(cell)))] as const,
    ),
  ]
    .map(([name, words]) =>
      `  ${name.padEnd(HEAD_WIDTH)}${words.map((word) => word.padEnd(CELL_WIDTH)).join("")}`.trimEnd(),
    )
    .filter((line) => line !== "");
