/** What the parts of a check bring together: a verdict and a count for every path, findings, and the artifact lists. */
import type {
  Classification,
  Finding,
  IntegrityReport,
  JudgedPath,
  PathVerdict,
} from "../contracts/index.ts";
import type { MerkleLeaf } from "./merkle.ts";

type Severity = Finding["severity"];

/** Finding fields that may be left out, without a key for each absent one. */
export interface FindingFields {
  readonly severity?: Severity;
  readonly path?: string | undefined;
  readonly field?: string | undefined;
  readonly package_id?: string | undefined;
  readonly expected?: string | undefined;
  readonly actual?: string | undefined;
}

export class Outcome {
  readonly findings: Finding[] = [];
  readonly paths: JudgedPath[] = [];
  readonly orphans: string[] = [];
  readonly leaves: MerkleLeaf[] = [];
  readonly counts = { match: 0, drift: 0, missing: 0, unowned: 0, source: 0, cache: 0, not_verifiable: 0 };
  readonly artifacts: Pick<IntegrityReport, "valid" | "invalid" | "missing" | "no_hash"> = {
    valid: [],
    invalid: [],
    missing: [],
    no_hash: [],
  };
  readonly chain_errors: IntegrityReport["chain_errors"] = [];
  readonly #lists_sources: boolean;

  constructor(lists_sources: boolean) {
    this.#lists_sources = lists_sources;
  }

  /** Counts a path; lists it when it needs words or when source trees were asked for. */
  judge(path: string, verdict: PathVerdict, about: Partial<Omit<JudgedPath, "path" | "verdict">> = {}): void {
    this.counts[verdict] += 1;
    if (verdict === "unowned") this.orphans.push(path);
    if (verdict === "match" || (!this.#lists_sources && (verdict === "source" || verdict === "cache")))
      return;
    const { owner = null, classification = null, expected = null, actual = null } = about;
    this.paths.push({ path, verdict, owner, classification, expected, actual });
  }

  /** Severity `error` unless given. */
  find(code: string, message: string, next_step: string, fields: FindingFields = {}): void {
    const finding: Finding = { code, severity: fields.severity ?? "error", message, next_step };
    for (const key of ["path", "field", "package_id", "expected", "actual"] as const) {
      const value = fields[key];
      if (value !== undefined) finding[key] = value;
    }
    this.findings.push(finding);
  }
}

/** How bad it is when an installed file of this class is not as installed (design, section 6). */
export function driftSeverity(classification: Classification | null): Severity {
  if (classification === "state") return "info";
  return classification === "config" ? "note" : "error";
}
