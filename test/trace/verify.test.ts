import { describe, expect, test } from "vitest";
import { IntegrityReport } from "../../src/contracts/integrity.ts";
import { VerifyTrace } from "../../src/contracts/trace.ts";
import { renderVerify } from "../../src/trace/index.ts";
import { judgeIntegrity } from "../../src/trace/judge-integrity.ts";

const NO_KERNEL = { kernels: [], without_parity: [] };

/** A report on ten files of a healthy plane. */
function aReport(changes: Partial<IntegrityReport> = {}): IntegrityReport {
  const counts = {
    match: 10,
    drift: 0,
    missing: 0,
    unowned: 0,
    source: 0,
    cache: 0,
    not_verifiable: 0,
    total: 10,
  };
  const stream = {
    valid: true,
    entries_count: 3,
    covered_count: 3,
    uncovered_count: 0,
    head: "match",
    torn_tails: [],
  } as const;
  return IntegrityReport.parse({
    schema_version: "2.0",
    timestamp: "2026-03-01T10:00:00Z",
    healthy: true,
    plane: "test",
    generation: 1,
    merkle_root: null,
    verified_count: 10,
    counts,
    mode: "full",
    hashed_count: 10,
    trusted_count: 0,
    waived_count: 0,
    record_counts: counts,
    records: [],
    receipts_count: 1,
    valid: [],
    invalid: [],
    missing: [],
    no_hash: [],
    chain_errors: [],
    chain_error_count: 0,
    orphans: [],
    orphan_count: 0,
    paths: [],
    ledger: [{ stream: "ledger/governance.jsonl", ...stream }],
    registries: [],
    findings: [],
    ...changes,
  });
}

const judged = (verdict: "drift" | "missing" | "not_verifiable", classification: "code" | "config") => ({
  path: "lib/a",
  verdict,
  owner: "PKG-T1-A-001",
  classification,
  expected: null,
  actual: null,
});

const failing = (
  changes: Partial<IntegrityReport>,
  kernels = NO_KERNEL as Parameters<typeof judgeIntegrity>[1],
): string[] => {
  const verdict = VerifyTrace.parse(judgeIntegrity(aReport(changes), kernels));
  const failed = verdict.checks.filter(({ passed }) => !passed).map(({ name }) => name);
  expect(verdict.passed).toBe(failed.length === 0);
  return failed;
};

describe("judgeIntegrity()", () => {
  test("what saw nothing fails", () => {
    expect(failing({ verified_count: 0 })).toEqual(["File hash integrity"]);
    expect(failing({ ledger: [] })).toEqual(["Ledger exists"]);
    expect(failing({ counts: { ...aReport().counts, match: 0, total: 0 } })).toEqual(["Registry orphans"]);
    expect(
      failing({ error: { code: "X", message: "no plane", next_step: "Make one.", details: {} } }),
    ).toEqual(["Integrity report"]);
  });

  test("each question fails for its own reason", () => {
    expect(failing({ orphans: ["lib/stray"] })).toEqual(["Registry orphans"]);
    for (const verdict of ["drift", "missing", "not_verifiable"] as const) {
      expect(failing({ paths: [judged(verdict, "code")] })).toEqual(["File hash integrity"]);
    }
    expect(failing({}, { kernels: ["PKG-KERNEL-001"], without_parity: ["PKG-KERNEL-001"] })).toEqual([
      "Kernel parity (G0K)",
    ]);
    expect(failing({ ledger: aReport().ledger.map((stream) => ({ ...stream, valid: false })) })).toEqual([
      "Ledger exists",
    ]);
    expect(failing({ healthy: false })).toEqual(["Integrity report"]);
  });

  test("edited configuration fails nothing, missing configuration does", () => {
    expect(failing({ paths: [judged("drift", "config")] })).toEqual([]);
    expect(failing({ paths: [judged("missing", "config")] })).toEqual(["File hash integrity"]);
  });

  test("the text has one line a check and says that a question does not apply", () => {
    const text = renderVerify(judgeIntegrity(aReport(), NO_KERNEL));
    expect(text).toContain("PASS Kernel parity (G0K): does not apply: no kernel package is installed");
    expect(text.trimEnd().split("\n")).toHaveLength(6);
  });
});
