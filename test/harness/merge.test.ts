/** Shards of a whole: every piece in exactly one, and nothing joined that does not belong together. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { GoldenReport, GoldenScenario } from "../../src/contracts/index.ts";
import { inShard, mergeReports, shardOf, steadyReport } from "../../src/harness/index.ts";

const DIGEST = "0".repeat(64);
const NAMES = ["a", "b", "c", "d", "e"];

const scenario = (name: string): GoldenScenario => ({
  name,
  title: name,
  canonical: true,
  required: true,
  scenario_digest: DIGEST,
  verdict: "pass",
  duration_ms: 5,
  packages: [],
  steps: [],
});

const report = (shard: string, more: Partial<GoldenReport> = {}): GoldenReport => ({
  schema_version: "1.0",
  harness: { version: "1.0.0", digest: DIGEST },
  environment: { os: "linux", arch: "x64", node: "24.0.0", python: "3.11.2", host: "1.0.0", api: "1.0.0" },
  began_at: "2026-01-01T00:00:00.000Z",
  duration_ms: 10,
  shard,
  planned: NAMES.map((name) => ({ name, scenario_digest: DIGEST })),
  swept_folders: 0,
  totals: { scenarios: 0, steps: 0, passed: 0, failed: 0, checks: 0 },
  scenarios: inShard(shardOf(shard), NAMES).map(scenario),
  ...more,
});

const parts = (...reports: GoldenReport[]) =>
  reports.map((one, at) => ({ path: `shard-${at + 1}.json`, report: one }));

test("every piece is in exactly one shard", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.integer()), (of, whole) => {
      const pieces = whole.map((value, at) => ({ value, at }));
      const found = Array.from({ length: of }, (_, at) => inShard(shardOf(`${at + 1}/${of}`), pieces)).flat();
      expect(found.toSorted((one, two) => one.at - two.at)).toEqual(pieces);
    }),
    { seed: 7 },
  );
});

test.each(["0/2", "3/2", "1", "1/0", "a/b", "1/2/3", "-1/2", "1/9999"])("%s is no shard", (text) => {
  expect(() => shardOf(text)).toThrow(expect.objectContaining({ code: "SHARD_INVALID" }));
});

describe("merging", () => {
  test("gives the whole in its order, however the reports are named", () => {
    const whole = mergeReports(parts(report("2/3"), report("3/3"), report("1/3")));
    expect(whole.scenarios).toEqual(NAMES.map(scenario));
    expect(whole).toMatchObject({ shard: null, duration_ms: 30 });
  });

  test("names what no report has, and does not call it passed", () => {
    const { scenarios } = mergeReports(parts(report("1/2")));
    const missing = scenarios.filter(({ verdict }) => verdict === "not-run");
    expect(missing.map(({ name }) => name)).toEqual(["b", "d"]);
    expect(missing[0]?.steps[0]?.problems[0]).toMatchObject({ code: "NOT_RUN", subject: "b" });
    const cut = report("2/2", { scenarios: [scenario("b")] });
    expect(mergeReports(parts(report("1/2"), cut)).scenarios[3]).toMatchObject({
      name: "d",
      verdict: "not-run",
    });
  });

  test.each([
    ["another harness", report("2/2", { harness: { version: "1.0.0", digest: "1".repeat(64) } })],
    ["another plan", report("2/2", { planned: [] })],
    ["another machine", report("2/2", { environment: { ...report("1/2").environment, node: "22.0.0" } })],
    ["another number of shards", report("2/3")],
    ["the same shard", report("1/2")],
    ["a scenario of the other shard", report("2/2", { scenarios: [scenario("a")] })],
    ["a scenario twice", report("2/2", { scenarios: [scenario("b"), scenario("b")] })],
    ["no shard", report("2/2", { shard: null })],
  ])("refuses %s", (_what, other) => {
    expect(() => mergeReports(parts(report("1/2"), other))).toThrow(
      expect.objectContaining({ code: "MERGE_REFUSED" }),
    );
  });
});

test("a steady report has neither times nor names of worlds in it", () => {
  const failed = {
    ...scenario("a"),
    steps: [
      {
        id: "install",
        do: "install",
        verdict: "fail" as const,
        duration_ms: 7,
        exit_code: 1,
        fault: null,
        injected: null,
        counts: { checks: 3, processes: 90, paths: 120 },
        trace: null,
        problems: [
          {
            code: "PROCESS_LEFT",
            message: "process 4711 in /tmp/x/holdfast-golden-0a1b/plane",
            next_step: "",
          },
        ],
      },
    ],
  };
  const whole = report("1/1", { scenarios: [failed] });
  const text = JSON.stringify(steadyReport({ ...whole, totals: { ...whole.totals, checks: 3 } }));
  expect(text).not.toMatch(/4711|0a1b|"duration_ms":[^0]|"processes"|2026/);
  expect(text).toContain('"checks":3');
});
