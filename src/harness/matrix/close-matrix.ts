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

function findingsOf({ id, verdict, outside, works, waived, problems }: MatrixCell): MatrixFinding[] {
  const [first] = problems;
  const because = first === undefined ? "" : `: ${first.message}`;
  const about = { subject: id, next_step: first?.next_step ?? "Look at the cell." };
  if (verdict === "not-run" && waived === null)
    return [{ code: "CELL_NOT_RUN", severity: "error", message: `${id} was not run${because}`, ...about }];
  if (verdict === "fail" && outside.length === 0)
    return [
      {
        code: "FAILED_INSIDE_RANGE",
        severity: "error",
        message: `${id} is claimed, and fails${because}`,
        ...about,
      },
    ];
  if (verdict === "fail")
    return [{ code: "RAN_OUTSIDE_RANGE", severity: "error", message: `${id}${because}`, ...about }];
  if (outside.length > 0 && works === true)
    return [
      {
        code: "RAN_OUTSIDE_RANGE",
        severity: "warning",
        message: `${id} is refused as declared, but works: compat.${outside.join(" and compat.")} is narrower than the truth`,
        subject: id,
        next_step: "Widen the range, if what it leaves out is to be supported.",
      },
    ];
  return [];
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
