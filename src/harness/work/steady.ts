/** A report without what differs from run to run: two runs that found the same are then the same, byte for byte. */
import type { GoldenReport } from "../../contracts/index.ts";

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
        problems: step.problems.map((problem) => ({ ...problem, message: withoutWorld(problem.message) })),
      })),
    })),
  };
}

/** Worlds have random names. */
const withoutWorld = (text: string): string =>
  text
    .replaceAll(/[^\s"']*\/holdfast-golden-[0-9a-f]+/g, "WORLD")
    .replaceAll(/\bprocess \d+\b/g, "process N");
