/** What every form says of a matrix. */
import type { GoldenMatrix, MatrixCell, MatrixFinding } from "../../contracts/index.ts";
import { type Fact, isGood, surroundings } from "./facts.ts";

export const matrixHeadline = ({ totals }: GoldenMatrix): string =>
  `${totals.cells} cells: ${totals.pass} pass, ${totals.refused_as_declared} refused as declared, ${totals.fail} fail, ` +
  `${totals.infra_failure} infra-failure, ${totals.not_run} not run (${totals.waived} waived)`;

export const matrixFacts = (matrix: GoldenMatrix): readonly Fact[] => [
  ["checks", String(matrix.totals.checks)],
  ...surroundings(matrix),
  ["programs", `sha256 ${matrix.programs_digest}`],
  ...Object.entries(matrix.host_digests).map(([host, digest]) => [host, `sha256 ${digest}`] as const),
];

/** Nothing has to be done about it. */
export const isSettled = ({ verdict, waived }: MatrixCell): boolean => isGood(verdict) || waived !== null;

/** Findings that are of no cell: waivers, and a matrix in which nothing passed. */
export const generalFindings = ({ findings, cells }: GoldenMatrix): readonly MatrixFinding[] => {
  const ids = new Set(cells.map(({ id }) => id));
  return findings.filter(({ subject }) => !ids.has(subject));
};

const WORDS = {
  pass: "pass",
  fail: "FAIL",
  "refused-as-declared": "refused",
  "infra-failure": "INFRA",
  "not-run": "NOT RUN",
} as const;

/** In a word. What was refused and would have worked is marked: the findings say more. */
export function cellWord({ verdict, waived, refused_by, outside, works }: MatrixCell): string {
  const word = waived !== null ? "waived" : refused_by === "host" ? "no API" : WORDS[verdict];
  return outside.length > 0 && works === true ? `${word}*` : word;
}

export interface Grid {
  readonly version: string;
  readonly compat: Readonly<Record<string, string>>;
  /** Pythons; null for what runs in none. */
  readonly columns: readonly (string | null)[];
  /** A host and an API each, with a cell a column where there is one. */
  readonly rows: readonly { readonly name: string; readonly cells: readonly (MatrixCell | undefined)[] }[];
}

/** A table a version. */
export function gridsOf({ versions, cells, planned }: GoldenMatrix): readonly Grid[] {
  const columns = [...new Set(planned.map(({ python }) => python))];
  return versions.map(({ version, compat }) => {
    const own = cells.filter((cell) => cell.version === version);
    const by_row = Map.groupBy(own, ({ host, api }) => `${host.name}@${host.version} api ${api}`);
    const rows = [...by_row].map(([name, found]) => ({
      name,
      cells: columns.map((python) => found.find((cell) => cell.python === python)),
    }));
    return { version, compat, columns, rows };
  });
}
