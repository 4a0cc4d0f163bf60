/** What golden matrix found, as text of at most 80 columns where names allow. */
import type { GoldenMatrix, MatrixCell } from "../contracts/index.ts";

const SIGNS = {
  pass: "pass",
  fail: "FAIL",
  "refused-as-declared": "refused",
  "infra-failure": "INFRA",
  "not-run": "NOT RUN",
} as const;

const HEAD_WIDTH = 32;
const CELL_WIDTH = 9;

export function textOfMatrix(matrix: GoldenMatrix): string {
  const { package_id, versions, cells, findings, totals, swept_folders } = matrix;
  const pythons = [...new Set(matrix.planned.map(({ python }) => python))];
  return [
    ...versions.flatMap(({ version, compat }) => [
      `${package_id} ${version}`,
      ...Object.entries(compat).map(([field, range]) => `  ${field} ${range}`),
      ...tableOf(
        cells.filter((cell) => cell.version === version),
        pythons,
      ),
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

function tableOf(cells: readonly MatrixCell[], pythons: readonly (string | null)[]): string[] {
  const rows = new Map<string, Map<string | null, string>>();
  for (const { host, api, python, verdict, waived, outside, works, refused_by } of cells) {
    const name = `${host.name}@${host.version} api ${api}`;
    const row = rows.get(name) ?? new Map<string | null, string>();
    // What was refused and would have worked is marked: the findings say more.
    const sign = waived !== null ? "waived" : refused_by === "host" ? "no API" : SIGNS[verdict];
    row.set(python, outside.length > 0 && works === true ? `${sign}*` : sign);
    rows.set(name, row);
  }
  const head = pythons.map((python) => (python === null ? "" : python).padEnd(CELL_WIDTH)).join("");
  return [
    `  ${"".padEnd(HEAD_WIDTH)}${head}`.trimEnd(),
    ...[...rows].map(([name, row]) =>
      `  ${name.padEnd(HEAD_WIDTH)}${pythons.map((one) => (row.get(one) ?? "").padEnd(CELL_WIDTH)).join("")}`.trimEnd(),
    ),
  ].filter((line) => line !== "");
}
