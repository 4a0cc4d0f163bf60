/** Collects verdicts and findings of one subject, and turns them into its report. A check that saw nothing does not pass. */
import {
  type Finding,
  PREFLIGHT_CHECKS,
  type PreflightCheck,
  type PreflightCheckId,
  type PreflightCounts,
  type PreflightSubject,
} from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { CHECK_TITLES } from "./checks.ts";

export type About = Pick<PreflightSubject, "subject" | "subject_kind" | "package_id" | "version">;

export class Tally {
  readonly #examined = new Map<PreflightCheckId, number>();
  readonly #skipped = new Map<PreflightCheckId, string>();
  readonly #findings: { readonly check: PreflightCheckId; readonly finding: Finding }[] = [];

  /** `count` things were looked at; a check of nothing is left out, as it does not concern the subject. */
  ran(id: PreflightCheckId, count: number): void {
    if (count > 0) this.#examined.set(id, (this.#examined.get(id) ?? 0) + count);
  }

  skipped(ids: readonly PreflightCheckId[], reason: string): void {
    for (const id of ids) this.#skipped.set(id, reason);
  }

  add(check: PreflightCheckId, findings: readonly Finding[]): void {
    this.#findings.push(...findings.map((finding) => ({ check, finding })));
  }

  report(about: About): PreflightSubject {
    const findings = this.#findings.map(({ finding }) => finding).toSorted(byPlace);
    const checks = PREFLIGHT_CHECKS.flatMap((id) => this.#verdict(id) ?? []);
    const counts = countsOf(checks, findings);
    return {
      ...about,
      healthy: counts.errors === 0 && counts.passed > 0,
      complete: counts.not_run === 0,
      checks,
      findings,
      counts,
    };
  }

  #verdict(id: PreflightCheckId): PreflightCheck | undefined {
    const own = this.#findings.filter(({ check }) => check === id);
    const failures = own.filter(({ finding }) => finding.severity === "error").length;
    const examined = this.#examined.get(id) ?? own.length;
    const title = CHECK_TITLES[id];
    // What was found counts, also where the rest of the check could not run.
    if (failures > 0) return { id, title, verdict: "fail", examined };
    const reason = this.#skipped.get(id);
    if (reason !== undefined) return { id, title, verdict: "not_run", examined: 0, reason };
    return examined === 0 ? undefined : { id, title, verdict: "pass", examined };
  }
}

function countsOf(checks: readonly PreflightCheck[], findings: readonly Finding[]): PreflightCounts {
  const verdicts = (wanted: PreflightCheck["verdict"]): number =>
    checks.filter(({ verdict }) => verdict === wanted).length;
  const errors = findings.filter(({ severity }) => severity === "error").length;
  return {
    checks: checks.length,
    passed: verdicts("pass"),
    failed: verdicts("fail"),
    not_run: verdicts("not_run"),
    errors,
    advice: findings.length - errors,
  };
}

const RANK = { error: 0, note: 1, info: 2 } as const;

/** Errors first, then as they stand in the files. */
function byPlace(a: Finding, b: Finding): number {
  return (
    RANK[a.severity] - RANK[b.severity] ||
    compareCodePoints(a.path ?? "", b.path ?? "") ||
    (a.line ?? 0) - (b.line ?? 0) ||
    (a.column ?? 0) - (b.column ?? 0) ||
    compareCodePoints(a.code, b.code) ||
    compareCodePoints(a.field ?? "", b.field ?? "")
  );
}
