/** A report without what differs from run to run: two runs that found the same are then the same, byte for byte. */
import type { GoldenMatrix, GoldenProblem, GoldenReport } from "../../contracts/index.ts";

const EPOCH = new Date(0).toISOString();

/** How much of the machine was looked at, and how many bytes of records there are, is no finding. */
const MOVING_COUNTS = new Set(["processes", "paths"]);

export function steadyReport(report: GoldenReport): GoldenReport {
  return {
    ...report,
    began_at: EPOCH,
    duration_ms: 0,
    swept_folders: 0,
    scenarios: report.scenarios.map((scenario) => ({
      ...scenario,
      duration_ms: 0,
      steps: scenario.steps.map((step) => ({
        ...step,
        duration_ms: 0,
        counts: Object.fromEntries(Object.entries(step.counts).filter(([name]) => !MOVING_COUNTS.has(name))),
        problems: step.problems.map(steadyProblem),
      })),
    })),
  };
}

export function steadyMatrix(matrix: GoldenMatrix): GoldenMatrix {
  return {
    ...matrix,
    began_at: EPOCH,
    duration_ms: 0,
    swept_folders: 0,
    findings: matrix.findings.map((one) => ({ ...one, message: withoutWorld(one.message) })),
    cells: matrix.cells.map((cell) => ({
      ...cell,
      duration_ms: 0,
      problems: cell.problems.map(steadyProblem),
    })),
  };
}

const steadyProblem = (problem: GoldenProblem): GoldenProblem => ({
  ...problem,
  message: withoutWorld(problem.message),
});

/** Worlds have random names. */
const withoutWorld = (text: string): string =>
  text
    .replaceAll(/[^\s"']*\/holdfast-golden-[0-9a-f]+/g, "WORLD")
    .replaceAll(/\bprocess \d+\b/g, "process N");
