/** From cells to a result: waivers, findings, totals. Pure, so that merged shards are closed as one run is. */
import type {
  GoldenMatrix,
  GoldenVerdict,
  MatrixCell,
  MatrixFinding,
  MatrixWaiver,
} from "../../contracts/index.ts";
import { matchesGlob } from "../../metadata/index.ts";

export type OpenMatrix = Omit<GoldenMatrix, "totals" | "healthy" | "findings">;

/** @param today ISO date in UTC that waivers are held against */
export function closeMatrix(open: OpenMatrix, today: string): GoldenMatrix {
  const active = open.waivers.filter(({ expires }) => expires >= today);
  const cells = open.cells.map((cell) => waive(cell, active));
  const findings = [
    ...cells.flatMap(findingsOf),
    ...open.waivers.flatMap((one) => waiverFindings(one, cells, today)),
    ...(cells.some(({ verdict }) => verdict === "pass") || open.shard !== null ? [] : [NOTHING]),
  ];
  const count = (verdict: GoldenVerdict): number => cells.filter((one) => one.verdict === verdict).length;
  return {
    ...open,
    cells,
    findings,
    healthy: findings.every(({ severity }) => severity !== "error") && count("infra-failure") === 0,
    totals: {
      cells: cells.length,
      pass: count("pass"),
      refused_as_declared: count("refused-as-declared"),
      fail: count("fail"),
      infra_failure: count("infra-failure"),
      not_run: count("not-run"),
      waived: cells.filter(({ waived }) => waived !== null).length,
      checks: cells.reduce((sum, { checks }) => sum + checks, 0),
    },
  };
}

function waive(cell: MatrixCell, active: readonly MatrixWaiver[]): MatrixCell {
  if (cell.verdict !== "not-run") return cell;
  const found = active.find((one) => matchesGlob(cell.id, one.cell));
  if (found === undefined) return cell;
  const { owner, reason, expires } = found;
  return { ...cell, waived: { owner, reason, expires } };
}

interface Row {
  readonly verdict: GoldenVerdict;
  /** Inside the declared ranges; left out where it does not matter, as `works` is. */
  readonly inside?: boolean;
  readonly works?: boolean;
  readonly code: MatrixFinding["code"];
  readonly severity: MatrixFinding["severity"];
  readonly says: (cell: MatrixCell) => string;
  /** Default: that of the first problem. */
  readonly next_step?: string;
}

/** What is said of a cell; of no row, nothing. */
const ROWS: readonly Row[] = [
  {
    verdict: "not-run",
    code: "CELL_NOT_RUN",
    severity: "error",
    says: (cell) => `${cell.id} was not run${because(cell)}`,
  },
  {
    verdict: "fail",
    inside: true,
    code: "FAILED_INSIDE_RANGE",
    severity: "error",
    says: (cell) => `${cell.id} is claimed, and fails${because(cell)}`,
  },
  {
    verdict: "fail",
    inside: false,
    code: "RAN_OUTSIDE_RANGE",
    severity: "error",
    says: (cell) => `${cell.id}${because(cell)}`,
  },
  {
    verdict: "refused-as-declared",
    inside: false,
    works: true,
    code: "RANGE_TOO_NARROW",
    severity: "warning",
    says: ({ id, outside }) =>
      `${id} is refused as declared, but works: compat.${outside.join(" and compat.")} is narrower than the truth`,
    next_step: "Widen the range, if what it leaves out is to be supported.",
  },
];

const because = ({ problems: [first] }: MatrixCell): string =>
  first === undefined ? "" : `: ${first.message}`;

function findingsOf(cell: MatrixCell): MatrixFinding[] {
  if (cell.waived !== null) return [];
  const is_inside = cell.outside.length === 0;
  const row = ROWS.find(
    ({ verdict, inside = is_inside, works = cell.works }) =>
      verdict === cell.verdict && inside === is_inside && works === cell.works,
  );
  if (row === undefined) return [];
  const { code, severity, says } = row;
  const next_step = row.next_step ?? cell.problems[0]?.next_step ?? "Look at the cell.";
  return [{ code, severity, message: says(cell), subject: cell.id, next_step }];
}

function waiverFindings(
  { cell, owner, expires }: MatrixWaiver,
  cells: readonly MatrixCell[],
  today: string,
): MatrixFinding[] {
  const next_step = "Run the cell, or decide again and change golden/waivers.toml.";
  if (expires < today)
    return [
      {
        code: "WAIVER_EXPIRED",
        severity: "error",
        subject: cell,
        message: `the waiver of ${owner} for "${cell}" expired on ${expires}`,
        next_step,
      },
    ];
  if (cells.some(({ id, waived }) => waived !== null && matchesGlob(id, cell))) return [];
  return [
    {
      code: "WAIVER_UNUSED",
      severity: "note",
      subject: cell,
      message: `the waiver of ${owner} for "${cell}" matches no cell that was not run`,
      next_step: "Remove it.",
    },
  ];
}

const NOTHING: MatrixFinding = {
  code: "NOTHING_RAN",
  severity: "error",
  subject: "matrix",
  message: "no cell was run to the right answer, so nothing is proven",
  next_step: "Name a host, an API and a Python inside the declared ranges.",
};
