/** What every form says of a run, and of a matrix where it says the same. */
import type { GoldenMatrix, GoldenReport, GoldenVerdict } from "../../contracts/index.ts";

export const isGood = (verdict: GoldenVerdict): boolean =>
  verdict === "pass" || verdict === "refused-as-declared";

export const headline = ({ totals }: GoldenReport): string =>
  `${totals.passed} of ${totals.scenarios} scenarios passed`;

export const passedWhole = ({ scenarios }: GoldenReport): boolean =>
  scenarios.length > 0 && scenarios.every(({ verdict }) => isGood(verdict));

/** Label and text. */
export type Fact = readonly [string, string];

/** In reading order. */
export const factsOf = (report: GoldenReport): readonly Fact[] => [
  ["steps", String(report.totals.steps)],
  ["checks", String(report.totals.checks)],
  ...surroundings(report),
];

/** When, where and by what it was run. */
export function surroundings({
  harness,
  environment,
  began_at,
  duration_ms,
  shard,
}: GoldenReport | GoldenMatrix): readonly Fact[] {
  return [
    ["took", seconds(duration_ms)],
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

export const seconds = (duration_ms: number): string => `${(duration_ms / 1000).toFixed(1)} s`;
