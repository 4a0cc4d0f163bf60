/** The report, from what the parts of a check brought together. */
import type { Finding, IntegrityReport, JudgedPath, VerdictCounts } from "../contracts/index.ts";
import { compareCodePoints, type Fault } from "../kernel/index.ts";
import { NONE, type Outcome } from "./outcome.ts";

const RANK = { error: 0, note: 1, info: 2 } as const;

export function reportOf(
  outcome: Outcome,
  about: Pick<
    IntegrityReport,
    | "timestamp"
    | "plane"
    | "generation"
    | "mode"
    | "hashed_count"
    | "trusted_count"
    | "receipts_count"
    | "ledger"
    | "registries"
  >,
): IntegrityReport {
  const { counts, artifacts } = outcome;
  const { timestamp, plane, generation, ...rest } = about;
  return {
    schema_version: "2.0",
    timestamp,
    healthy: !outcome.findings.some(({ severity, waived }) => severity === "error" && waived === undefined),
    plane,
    generation,
    merkle_root: outcome.leaves.root(),
    verified_count: counts.match,
    counts: withTotal(counts),
    waived_count: outcome.findings.filter(({ waived }) => waived !== undefined).length,
    record_counts: withTotal(outcome.record_counts),
    records: outcome.records.sort((a, b) => compareCodePoints(a.path, b.path)),
    valid: artifacts.valid.sort(compareCodePoints),
    invalid: artifacts.invalid.sort((a, b) => compareCodePoints(a.id, b.id)),
    missing: artifacts.missing.sort((a, b) => compareCodePoints(a.id, b.id)),
    no_hash: artifacts.no_hash.sort(compareCodePoints),
    chain_errors: outcome.chain_errors.sort(
      (a, b) =>
        compareCodePoints(a.id, b.id) ||
        compareCodePoints(a.link_type, b.link_type) ||
        compareCodePoints(a.target, b.target),
    ),
    chain_error_count: outcome.chain_errors.length,
    orphans: outcome.orphans.sort(compareCodePoints),
    orphan_count: outcome.orphans.length,
    paths: sortedPaths(outcome.paths),
    findings: outcome.findings.sort(compareFindings),
    ...rest,
  };
}

const sortedPaths = (paths: JudgedPath[]): JudgedPath[] =>
  paths.sort((a, b) => compareCodePoints(a.path, b.path));

const withTotal = (counts: Omit<VerdictCounts, "total">): VerdictCounts => ({
  ...counts,
  total: Object.values(counts).reduce((sum, count) => sum + count, 0),
});

/** The order in which findings are told. */
function compareFindings(a: Finding, b: Finding): number {
  return (
    RANK[a.severity] - RANK[b.severity] ||
    compareCodePoints(a.path ?? "", b.path ?? "") ||
    (a.line ?? 0) - (b.line ?? 0) ||
    (a.column ?? 0) - (b.column ?? 0) ||
    compareCodePoints(a.code, b.code) ||
    compareCodePoints(a.message, b.message)
  );
}

/** What is written when there is no plane to check: never healthy, every count there and zero. */
export function unreadableReport(fault: Fault, timestamp: string): IntegrityReport {
  const counts = { ...NONE, total: 0 };
  const none = {
    valid: [],
    invalid: [],
    missing: [],
    no_hash: [],
    chain_errors: [],
    orphans: [],
    paths: [],
    records: [],
    findings: [],
  };
  return {
    schema_version: "2.0",
    timestamp,
    healthy: false,
    plane: null,
    generation: null,
    merkle_root: null,
    verified_count: 0,
    counts,
    mode: "full",
    hashed_count: 0,
    trusted_count: 0,
    waived_count: 0,
    record_counts: counts,
    receipts_count: 0,
    ...none,
    chain_error_count: 0,
    orphan_count: 0,
    ledger: [],
    registries: [],
    // Only the wire form: what a fault carries besides it never leaves the process.
    error: JSON.parse(JSON.stringify(fault)) as NonNullable<IntegrityReport["error"]>,
  };
}
