import { expect, test } from "vitest";
import { caseId, readCase } from "./case.ts";
import { type CrashReport, runCrash, tellReport } from "./crash.ts";
import { SCENARIOS } from "./scenarios.ts";

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** How much was looked at. */
function figures({ tallies, mutants }: CrashReport) {
  return {
    points: sum(tallies.map((tally) => tally.points)),
    states: sum(tallies.map((tally) => tally.states)),
    second_states: sum(tallies.map((tally) => tally.second_states)),
    continued: sum(tallies.map((tally) => tally.continued)),
    mutants_caught: mutants.filter(({ caught_by }) => caught_by !== undefined).length,
  };
}

test("a kill or power cut at sampled points of every operation ends exactly before or exactly after", async () => {
  const lines: string[] = [];
  const report = await runCrash({
    mode: "quick",
    seed: 1,
    parts: ["explore", "mutants"],
    say: (line) => lines.push(line),
  });
  tellReport(report, (line) => lines.push(line));
  console.info(lines.join("\n"));
  expect(report.tallies.flatMap(({ failures }) => failures)).toEqual([]);
  const seen = figures(report);
  expect(report.tallies.map(({ name }) => name)).toEqual(SCENARIOS.map(({ name }) => name));
  for (const { name, before, after } of report.tallies) {
    const scenario = SCENARIOS.find((one) => one.name === name);
    expect(before, name).toBeGreaterThan(100);
    if (scenario?.fails_at === undefined) expect(after, name).toBeGreaterThan(20);
  }
  expect(seen.points).toBeGreaterThan(400);
  expect(seen.states).toBeGreaterThan(2000);
  expect(seen.second_states).toBeGreaterThan(1000);
  expect(seen.continued).toBeGreaterThan(10);
  // A harness that no longer sees a dropped sync proves nothing.
  expect(seen.mutants_caught).toBeGreaterThan(5);
}, 180_000);

test("the name of a case leads back to it", () => {
  const cases = [
    { mode: "quick", seed: 1, scenario: "install", first: "57.cut3" },
    { mode: "full", seed: 20, scenario: "install-many", dropped: 4, first: "5.kill" },
    { mode: "full", seed: 2, scenario: "fix", first: "5.torn", dropped_in_recovery: 9, second: "12.cut0" },
  ] as const;
  for (const one of cases) expect(readCase(caseId(one))).toEqual(one);
  for (const text of ["", "install", "quick/1/install", "slow/1/install/5.kill", "quick/1/install/5"])
    expect(readCase(text), text).toBeUndefined();
});
