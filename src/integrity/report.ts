/** The report, from what the parts of a check brought together. */
import type { Finding, IntegrityReport } from "../contracts/index.ts";
import { compareCodePoints, type Fault } from "../kernel/index.ts";
import { merkleRoot } from "./merkle.ts";
import type { Outcome } from "./outcome.ts";

const RANK = { error: 0, note: 1, info: 2 } as const;

export function reportOf(
  outcome: Outcome,
  about: Pick<
    IntegrityReport,
    "timestamp" | "plane" | "generation" | "receipts_count" | "ledger" | "registries"
  >,
): IntegrityReport {
  const { counts, artifacts } = outcome;
  const { timestamp, plane, generation, ...rest } = about;
  return {
    schema_version: "2.0",
    timestamp,
    healthy: !outcome.findings.some(({ severity }) => severity === "error"),
    plane,
    generation,
    merkle_root: merkleRoot(outcome.leaves),
    verified_count: counts.match,
    counts: { ...counts, total: Object.values(counts).reduce((sum, count) => sum + count, 0) },
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
    paths: outcome.paths.sort((a, b) => compareCodePoints(a.path, b.path)),
    findings: outcome.findings.sort(compareFindings),
    ...rest,
  };
}

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
  const counts = {
    match: 0,
    drift: 0,
    missing: 0,
    unowned: 0,
    source: 0,
    cache: 0,
    not_verifiable: 0,
    total: 0,
  };
  const none = {
    valid: [],
    invalid: [],
    missing: [],
    no_hash: [],
    chain_errors: [],
    orphans: [],
    paths: [],
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
