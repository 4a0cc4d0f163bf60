/** The report as the renderers of findings take it. */
import type { IntegrityReport } from "../contracts/index.ts";
import { CONFIG_PATH } from "../plane/index.ts";
import type { FindingsDocument } from "../reports/index.ts";
import { INTEGRITY_RULES } from "./rules.ts";

export function findingsDocument(report: IntegrityReport, version: string): FindingsDocument {
  const { plane, healthy, findings, counts, error, hashed_count, trusted_count } = report;
  const { receipts_count, ledger, registries, waived_count, record_counts } = report;
  return {
    tool: { name: "integrity-check", version },
    title: plane === null ? "Integrity" : `Integrity of plane ${plane}`,
    passed: healthy,
    findings,
    counts: {
      ...counts,
      receipts: receipts_count,
      registries: registries.length,
      "ledger streams": ledger.length,
      records: record_counts.total,
      "files read": hashed_count,
      "files believed": trusted_count,
      waived: waived_count,
    },
    rules: INTEGRITY_RULES,
    home_path: CONFIG_PATH,
    ...(error === undefined ? {} : { error }),
  };
}
