/** What every form says of a run. */
import type { GoldenReport, GoldenVerdict } from "../../contracts/index.ts";

export const isGood = (verdict: GoldenVerdict): boolean =>
  verdict === "pass" || verdict === "refused-as-declared";

export const headline = ({ totals }: GoldenReport): string =>
  `${totals.passed} of ${totals.scenarios} scenarios passed`;

export const passedWhole = ({ scenarios }: GoldenReport): boolean =>
  scenarios.length > 0 && scenarios.every(({ verdict }) => isGood(verdict));

/** Label and text, in reading order. */
export function factsOf(report: GoldenReport): readonly (readonly [string, string])[] {
  const { harness, environment, began_at, duration_ms, totals, shard } = report;
  return [
    ["steps", String(totals.steps)],
    ["checks", String(totals.checks)],
    ["took", `${(duration_ms / 1000).toFixed(1)} s`],
    ["began", began_at],
    ["host", `${environment.host}, API ${environment.api}`],
    ["Python", environment.python ?? "none"],
    ["machine", `${environment.os} ${environment.arch}, Node ${environment.node}`],
    ["harness", `${harness.version}, sha256 ${harness.digest}`],
    ...(shard === null ? [] : [["shard", shard] as const]),
  ];
}

export const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(", ");
