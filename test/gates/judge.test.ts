/** One requirement against what is recorded: the newest recording that says anything decides. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EvidenceTest, GoldenVerdict } from "../../src/contracts/index.ts";
import type { Book, Evidence } from "../../src/gates/book.ts";
import { type Judging, judgeRequirement } from "../../src/gates/judge.ts";
import { type Requirement, requirementsOf } from "../../src/gates/requirements.ts";

const subject = { package_id: "PKG-T1-DEMO-001", version: "1.0.0", digest: "a".repeat(64) };
const HOSTS = ["workbench@1.0.0", "workbench@2.0.0"];
const harness = {
  version: "0.1.0",
  digest: "b".repeat(64),
  hosts: new Map(HOSTS.map((word) => [word, "e".repeat(64)])),
};
const DAY_MS = 86_400_000;
const NOW_MS = Date.parse("2026-11-21T12:00:00Z");
const CELL = { host: "holdfast@0.1.0", api: "1.0.0", python: "3.12.4" };

const tested = (verdict: GoldenVerdict, more: Partial<EvidenceTest> = {}): EvidenceTest => ({
  name: "life",
  scenario: "life",
  canonical: true,
  scenario_digest: "c".repeat(64),
  cell: CELL,
  verdict,
  host_digest: "e".repeat(64),
  steps: 6,
  checks: 30,
  ...more,
});

const recorded = (
  entry_line: number,
  tests: readonly EvidenceTest[],
  { age_days = 1, digest = harness.digest }: { age_days?: number; digest?: string } = {},
): Evidence => ({
  evidence_digest: String(entry_line).padStart(64, "0"),
  entry_line,
  entry_id: `LED-${entry_line}`,
  recorded_at: new Date(NOW_MS).toISOString(),
  signed_by: ["key"],
  facts: {
    package_id: subject.package_id,
    version: subject.version,
    harness: { version: harness.version, digest },
    platform: { os: "linux", arch: "x64", node: "24" },
    began_at: new Date(NOW_MS - age_days * DAY_MS).toISOString(),
    duration_ms: 1,
    report_digest: "d".repeat(64),
    tests: [...tests],
  },
});

const judging = (evidence: readonly Evidence[], more: Partial<Book> = {}): Judging => ({
  subject,
  harness,
  now_ms: NOW_MS,
  rules: { path: null, scenarios: ["canonical"], cells: [], max_age_days: 30, harness: "exact", waivers: [] },
  book: {
    path: "e.jsonl",
    evidence: evidence.toSorted((a, b) => b.entry_line - a.entry_line),
    other_bytes: [],
    removed_line: 0,
    findings: [],
    ...more,
  },
});
const wanted = (more: Partial<Requirement> = {}): Requirement => ({
  scenario: "canonical",
  cell: null,
  scenario_digest: null,
  command: "golden run PKG-T1-DEMO-001@1.0.0 --record",
  ...more,
});
const codes = (one: Judging, need = wanted()): readonly string[] => judgeRequirement(one, need).judged.codes;

describe("a requirement", () => {
  test("is unmet by nothing, by what says nothing, and by evidence of other bytes", () => {
    expect(codes(judging([]))).toEqual(["GATE_MISSING"]);
    expect(codes(judging([recorded(1, [tested("infra-failure"), tested("not-run")])]))).toEqual([
      "GATE_MISSING",
    ]);
    for (const empty of [{ steps: 0 }, { checks: 0 }])
      expect(codes(judging([recorded(1, [tested("pass", empty)])]))).toEqual(["GATE_MISSING"]);
    expect(codes(judging([], { other_bytes: ["f".repeat(64)] }))).toEqual(["GATE_OTHER_BYTES"]);
    expect(codes(judging([recorded(1, [tested("pass")])]), wanted({ scenario: "other" }))).toEqual([
      "GATE_MISSING",
    ]);
  });

  test("is met in the cell that was asked for, and in no other", () => {
    const one = judging([recorded(1, [tested("pass")])]);
    for (const cell of [
      {},
      { host: "0.1" },
      { host: "holdfast", api: "1", python: "3.12" },
      { host: "holdfast@0" },
      CELL,
    ])
      expect(codes(one, wanted({ cell })), JSON.stringify(cell)).toEqual([]);
    for (const cell of [
      { host: "0.10" },
      { host: "workbench" },
      { host: "workbench@0.1.0" },
      { python: "3.1" },
      { api: "1.0.0.0" },
      { host: "0.1", python: "3.13" },
    ])
      expect(codes(one, wanted({ cell })), JSON.stringify(cell)).toEqual(["GATE_CELL_MISSING"]);
  });

  test("a refusal that was declared is met; one failing cell of several is not", () => {
    expect(codes(judging([recorded(1, [tested("refused-as-declared")])]))).toEqual([]);
    const two = [tested("pass"), tested("fail", { cell: { ...CELL, host: "workbench@2.0.0" } })];
    expect(codes(judging([recorded(1, two)]))).toEqual(["GATE_FAILED"]);
    expect(codes(judging([recorded(1, two)]), wanted({ cell: { host: "0.1.0" } }))).toEqual([]);
  });

  test("tells everything that is against it at once", () => {
    const old = recorded(3, [tested("fail")], { age_days: 31, digest: "e".repeat(64) });
    const one = judging([recorded(1, [tested("pass")]), old], { removed_line: 9 });
    expect(codes(one, wanted({ scenario_digest: "9".repeat(64) }))).toEqual([
      "GATE_FAILED",
      "GATE_STALE",
      "GATE_HARNESS",
      "GATE_SCENARIO_CHANGED",
      "GATE_EVIDENCE_REMOVED",
    ]);
    expect(codes(judging([recorded(5, [tested("pass")])], { removed_line: 4 }))).toEqual([]);
  });

  test("a run that claims to have been later than its recording is as old as that", () => {
    const future = recorded(1, [tested("pass")], { age_days: -1000 });
    const late = { ...judging([future]), now_ms: NOW_MS + 31 * DAY_MS };
    expect(codes(late)).toEqual(["GATE_STALE"]);
  });

  test("nobody can waive what failed", () => {
    const waivers = [
      {
        scenario: "canonical",
        package: subject.package_id,
        owner: "ann",
        reason: "later",
        expires: "2999-01-01",
      },
    ];
    const of = (evidence: readonly Evidence[]): Judging => {
      const one = judging(evidence);
      return { ...one, rules: { ...one.rules, waivers } };
    };
    expect(judgeRequirement(of([]), wanted()).judged.met).toBe(true);
    expect(judgeRequirement(of([recorded(1, [tested("fail")])]), wanted()).judged.met).toBe(false);
  });

  test("whatever was recorded before, the newest that says anything decides", () => {
    const verdicts = fc.array(fc.constantFrom<GoldenVerdict>("pass", "fail", "infra-failure", "not-run"), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(verdicts, (all) => {
        const one = judging(all.map((verdict, index) => recorded(index + 1, [tested(verdict)])));
        const newest = all.findLast((verdict) => verdict === "pass" || verdict === "fail");
        const expected = newest === undefined ? ["GATE_MISSING"] : newest === "pass" ? [] : ["GATE_FAILED"];
        expect(codes(one)).toEqual(expected);
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});

describe("a recording that does not hold a test", () => {
  const cell = (host: string, python: string) => ({ ...CELL, host: `workbench@${host}`, python });
  const ran = (verdict: GoldenVerdict, host: string, python: string): EvidenceTest =>
    tested(verdict, {
      name: `matrix ${host} ${python}`,
      scenario: "matrix",
      canonical: false,
      cell: cell(host, python),
    });
  const host = (word: string, python?: string) =>
    wanted({
      scenario: "matrix",
      cell: { host: word, ...(python === undefined ? {} : { python }) },
    });
  const matrix = recorded(1, [ran("pass", "2.0.0", "3.11.9"), ran("fail", "2.0.0", "3.12.4")]);

  test("says nothing of it: a run, one cell or one shard later does not hide a failure", () => {
    const life = recorded(2, [tested("pass", { cell: cell("2.0.0", "3.11.9") })]);
    const one_cell = recorded(3, [ran("pass", "2.0.0", "3.11.9")]);
    for (const later of [life, one_cell, recorded(4, [ran("pass", "2.0.0", "3.12.3")])])
      expect(codes(judging([matrix, later]), host("workbench@2"))).toEqual(["GATE_FAILED"]);
    const judged = judgeRequirement(judging([matrix, one_cell]), host("workbench")).judged;
    expect(judged.evidence?.entry_id).toBe("LED-1");
    expect(judged.evidence?.tests).toEqual(["matrix 2.0.0 3.11.9", "matrix 2.0.0 3.12.4"]);
    expect(
      codes(judging([matrix, recorded(5, [ran("pass", "2.0.0", "3.12.4")])]), host("workbench")),
    ).toEqual([]);
    const twice = [ran("pass", "2.0.0", "3.12.4"), ran("fail", "2.0.0", "3.12.4")];
    expect(codes(judging([recorded(1, twice)]), host("workbench"))).toEqual(["GATE_FAILED"]);
  });

  test("does not make it younger; what can no longer be run is no reason to wait for it", () => {
    const old = recorded(1, [ran("pass", "1.0.0", "3.12.4"), ran("pass", "2.0.0", "3.12.4")], {
      age_days: 31,
    });
    const newer = recorded(2, [ran("pass", "2.0.0", "3.12.5")]);
    expect(codes(judging([old, newer]), host("workbench"))).toEqual(["GATE_STALE"]);
    expect(codes(judging([old, newer]), host("workbench@2"))).toEqual([]);
    const before = recorded(1, [tested("pass")], { age_days: 31, digest: "e".repeat(64) });
    const here = recorded(2, [tested("pass", { cell: { ...CELL, host: "holdfast@0.2.0" } })]);
    expect(codes(judging([before, here]))).toEqual([]);
    expect(codes(judging([before, here]), wanted({ cell: { host: "holdfast" } }))).toEqual([]);
    expect(
      codes(judging([recorded(1, [ran("pass", "2.0.0", "3.12.4")])], { removed_line: 2 }), host("2")),
    ).toEqual(["GATE_EVIDENCE_REMOVED"]);
  });
});

test("what was found in a cell counts there, in a life or in the matrix, and for no scenario", () => {
  const cell = { host: "workbench" };
  const of = (more: Partial<EvidenceTest>) =>
    judging([recorded(1, [tested("pass", { ...more, cell: { ...CELL, host: "workbench@2.0.0" } })])]);
  const matrix = wanted({ scenario: "matrix", cell });
  expect(codes(of({ scenario: "matrix", canonical: false }), matrix)).toEqual([]);
  expect(codes(of({ canonical: true }), matrix)).toEqual([]);
  expect(codes(of({ canonical: false }), matrix)).toEqual(["GATE_CELL_MISSING"]);
  expect(codes(of({ scenario: "matrix", canonical: false }))).toEqual(["GATE_MISSING"]);
});

test("a host program that lies here with other bytes, or no more, is another harness; the product is no host program", () => {
  const cell = { host: "workbench@2.0.0" };
  const need = wanted({ scenario: "matrix", cell });
  const on = (host: string, host_digest?: string): Judging =>
    judging([
      recorded(1, [
        tested("pass", { scenario: "matrix", canonical: false, cell: { ...CELL, host }, host_digest }),
      ]),
    ]);
  const there = on("workbench@2.0.0", "e".repeat(64));
  expect(codes(there, need)).toEqual([]);
  expect(codes(on("workbench@2.0.0", "f".repeat(64)), need)).toEqual(["GATE_HARNESS"]);
  expect(codes(on("workbench@2.0.0"), need)).toEqual(["GATE_HARNESS"]);
  const gone = { ...there, harness: { ...harness, hosts: new Map<string, string>() } };
  expect(codes(gone, need)).toEqual(["GATE_HARNESS"]);
  expect(codes({ ...gone, rules: { ...gone.rules, harness: "version" } }, need)).toEqual([]);
  expect(codes(on("holdfast@0.1.0"), wanted({ scenario: "matrix", cell: { host: "holdfast" } }))).toEqual([]);
});

test("what is required: named scenarios, those that ask for it, and each cell", () => {
  const file = { name: "weather", path: "golden/weather.toml", digest: "e".repeat(64), canonical: true };
  const other = { name: "twice", path: "golden/two words.toml", digest: "f".repeat(64), canonical: false };
  const rules = { scenarios: ["canonical", "load"], cells: [{ host: "1" }, { host: "2", python: "3.12" }] };
  const all = requirementsOf(subject, rules, [file, other]);
  expect(all.map(({ scenario, cell, command }) => [scenario, cell?.host, command])).toEqual([
    ["canonical", undefined, "golden run golden/weather.toml --record"],
    ["load", undefined, "golden run PKG-T1-DEMO-001@1.0.0 --record"],
    ["twice", undefined, "golden run 'golden/two words.toml' --record"],
    ["matrix", "1", "golden matrix PKG-T1-DEMO-001@1.0.0 --hosts 1 --record"],
    ["matrix", "2", "golden matrix PKG-T1-DEMO-001@1.0.0 --hosts 2 --pythons 3.12 --record"],
  ]);
  expect(all[0]?.scenario_digest).toBe(file.digest);
  expect(all[1]?.scenario_digest).toBeNull();
});
