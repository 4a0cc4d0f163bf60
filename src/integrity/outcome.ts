/** What the parts of a check bring together: a verdict and a count for every path, findings, and the artifact lists. */
import type {
  Classification,
  Finding,
  IntegrityReport,
  JudgedPath,
  PathVerdict,
} from "../contracts/index.ts";
import { MerkleFolders } from "./merkle.ts";

type Severity = Finding["severity"];

/** Finding fields that may be left out, without a key for each absent one. */
export interface FindingFields {
  readonly severity?: Severity;
  readonly path?: string | undefined;
  readonly field?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  readonly package_id?: string | undefined;
  readonly expected?: string | undefined;
  readonly actual?: string | undefined;
}

export const NONE = { match: 0, drift: 0, missing: 0, unowned: 0, source: 0, cache: 0, not_verifiable: 0 };

/** What is known of a judged path besides its verdict. */
export type About = {
  readonly [K in keyof Omit<JudgedPath, "path" | "verdict">]?: JudgedPath[K] | undefined;
};

function judged(path: string, verdict: PathVerdict, about: About): JudgedPath {
  const { owner = null, classification = null, expected = null, actual = null, cure } = about;
  const known = { path, verdict, owner, classification, expected, actual };
  return cure === undefined ? known : { ...known, cure };
}

export class Outcome {
  readonly findings: Finding[] = [];
  readonly paths: JudgedPath[] = [];
  readonly orphans: string[] = [];
  readonly leaves = new MerkleFolders();
  readonly counts = { ...NONE };
  readonly records: JudgedPath[] = [];
  readonly record_counts = { ...NONE };
  readonly artifacts: Pick<IntegrityReport, "valid" | "invalid" | "missing" | "no_hash"> = {
    valid: [],
    invalid: [],
    missing: [],
    no_hash: [],
  };
  readonly chain_errors: IntegrityReport["chain_errors"] = [];
  /** When something that a verdict rests on ends by itself; infinite where nothing does. */
  expires_ms = Number.POSITIVE_INFINITY;
  readonly #lists_sources: boolean;

  constructor(lists_sources: boolean) {
    this.#lists_sources = lists_sources;
  }

  /** A verdict holds no longer than what was granted until then. */
  restsOn(expires_ms: number): void {
    this.expires_ms = Math.min(this.expires_ms, expires_ms);
  }

  /** Counts a path; lists it when it needs words or when source trees were asked for. */
  judge(path: string, verdict: PathVerdict, about: About = {}): void {
    this.counts[verdict] += 1;
    if (verdict === "unowned") this.orphans.push(path);
    if (verdict === "match" || (!this.#lists_sources && (verdict === "source" || verdict === "cache")))
      return;
    this.paths.push(judged(path, verdict, about));
  }

  /** Of the plane's own files, which are no governed paths: registries, receipts, ledgers, archives, configuration. */
  judgeRecord(path: string, verdict: PathVerdict, about: About = {}): void {
    this.record_counts[verdict] += 1;
    if (verdict !== "match") this.records.push(judged(path, verdict, about));
  }

  /** Severity `error` unless given. */
  find(code: string, message: string, next_step: string, fields: FindingFields = {}): void {
    const finding: Finding = { code, severity: fields.severity ?? "error", message, next_step };
    const { severity: _, ...given } = fields;
    for (const [key, value] of Object.entries(given))
      if (value !== undefined) Object.assign(finding, { [key]: value });
    this.findings.push(finding);
  }
}

/** How bad it is when an installed file of this class is not as installed (design, section 6). */
export function driftSeverity(classification: Classification | null): Severity {
  if (classification === "state") return "info";
  return classification === "config" ? "note" : "error";
}
