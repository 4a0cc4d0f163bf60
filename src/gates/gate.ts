/** The gate before a release: passes when every required scenario, in every required cell, passed for exactly these bytes. */
import type { Finding } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { requiredScenarios } from "../harness/index.ts";
import { digestOf, type Plane } from "../plane/index.ts";
import { findRow } from "../registry/index.ts";
import { versionedArchivePath } from "../store/index.ts";
import { openBook, type Subject } from "./book.ts";
import { make } from "./faults.ts";
import { blocking } from "./findings.ts";
import { type Harness, type JudgedRequirement, judgeRequirement } from "./judge.ts";
import { requirementsOf } from "./requirements.ts";
import { type GateRules, readRules } from "./rules.ts";

export interface GateReport {
  readonly schema_version: "1.0";
  readonly package_id: string;
  readonly version: string;
  /** sha256 of the bytes that would be released. */
  readonly digest: string;
  /** Plane-relative. */
  readonly evidence_path: string;
  readonly passed: boolean;
  readonly checked_at: string;
  readonly harness: Pick<Harness, "version" | "digest">;
  readonly rules: Pick<GateRules, "path" | "max_age_days" | "harness">;
  readonly requirements: readonly JudgedRequirement[];
  /** Of severity `error`; those that somebody answers for are `waived`. */
  readonly findings: readonly Finding[];
}

export type GateNeeds = Pick<Effects, "fs" | "host" | "random" | "clock">;

/** @throws GATE_CONFIG_INVALID, SCENARIO_INVALID, TRUSTED_KEYS_CHANGED: what cannot be judged is not passed */
export async function judgeGate(
  effects: GateNeeds,
  plane: Plane,
  subject: Subject,
  harness: Harness,
): Promise<GateReport> {
  const { package_id, version, digest } = subject;
  const rules = readRules(effects, plane.root, package_id);
  const written = await requiredScenarios(effects, plane.root, package_id);
  const book = openBook(effects, plane, subject);
  const now_ms = effects.clock.now_ms();
  const wanted = requirementsOf(subject, rules, written);
  const judged = wanted.map((one) => judgeRequirement({ subject, rules, book, harness, now_ms }, one));
  const findings = [...book.findings, ...judged.flatMap((one) => one.findings)];
  if (wanted.length === 0)
    findings.push(
      blocking(
        "GATE_NOTHING_REQUIRED",
        `no scenario is required of ${package_id}`,
        `Name one under scenarios in ${rules.path ?? "config/golden.toml"}; "canonical" fits any package.`,
        { package_id },
      ),
    );
  return {
    schema_version: "1.0",
    package_id,
    version,
    digest,
    evidence_path: book.path,
    passed: findings.every(({ waived }) => waived !== undefined),
    checked_at: new Date(now_ms).toISOString(),
    harness: { version: harness.version, digest: harness.digest },
    rules: { path: rules.path, max_age_days: rules.max_age_days, harness: rules.harness },
    requirements: judged.map((one) => one.judged),
    findings,
  };
}

/**
 * A version in the store, by the bytes that lie there now.
 * @param version default: the one the registry names
 * @throws GATE_SUBJECT_UNKNOWN
 */
export function storedVersion(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  package_id: string,
  version?: string,
): Subject {
  const path = `${plane.root}/registries/packages_registry.csv`;
  const registered =
    version === undefined && fs.stat(path)?.kind === "file"
      ? findRow(fs, path, "packages_registry", [package_id])?.row["version"]
      : version;
  const named = registered ?? "";
  const digest =
    named === "" ? undefined : digestOf(fs, `${plane.root}/${versionedArchivePath(package_id, named)}`);
  if (digest !== undefined) return { package_id, version: named, digest };
  throw make(
    "GATE_SUBJECT_UNKNOWN",
    `the store holds no archive of ${package_id}${named === "" ? "" : ` ${named}`}`,
    {
      package_id,
      version: named,
    },
  );
}

/** For what must not go on: the first reason as a fault, with all of them under `details.findings`. @throws GATE_UNMET */
export function requirePassed(report: GateReport): void {
  if (report.passed) return;
  const standing = report.findings.filter(({ waived }) => waived === undefined);
  const [first] = standing;
  const { package_id, version, digest } = report;
  const command =
    report.requirements.find(({ met }) => !met)?.command ?? `golden gate ${package_id}@${version}`;
  throw make(
    "GATE_UNMET",
    `${package_id} ${version} may not be released: ${first?.message ?? "not passed"}`,
    {
      package_id,
      version,
      digest,
      command,
      findings: standing.map(({ code, message, next_step }) => ({ code, message, next_step })),
    },
  );
}
