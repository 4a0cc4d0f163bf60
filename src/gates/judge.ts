/** Holds each requirement against what is recorded: of each test in each cell the newest result, in whichever recording. */
import type { Finding, GoldenWaiver } from "../contracts/index.ts";
import type { Book, Evidence, Subject } from "./book.ts";
import { blocking, type GateCode } from "./findings.ts";
import { hostKey, type Kept, keptTests, knownTests, sameTest } from "./kept-tests.ts";
import { OWN_HOST } from "./report-tests.ts";
import { cellText, type Requirement } from "./requirements.ts";
import type { GateRules } from "./rules.ts";

export interface Harness {
  readonly version: string;
  readonly digest: string;
  /** sha256 of each host program there is here, by `name@version`. */
  readonly hosts: ReadonlyMap<string, string>;
}

export interface Judging {
  readonly subject: Subject;
  readonly rules: GateRules;
  readonly book: Book;
  readonly harness: Harness;
  readonly now_ms: number;
}

export interface JudgedRequirement extends Requirement {
  readonly met: boolean;
  /** Codes of what is against it; empty where it is met. */
  readonly codes: readonly string[];
  readonly waived: Pick<GoldenWaiver, "owner" | "reason" | "expires"> | null;
  /** The recording that decides: the newest one with a failure, else the one that ran longest ago. */
  readonly evidence: {
    readonly evidence_digest: string;
    readonly entry_id: string;
    readonly ran_at: string;
    readonly age_days: number;
    readonly tests: readonly string[];
  } | null;
}

const DAY_MS = 86_400_000;

/** When it ran, or was recorded where it claims to have run later than that. */
const ranAt = ({ recorded_at, facts }: Evidence): number =>
  Math.min(Date.parse(facts.began_at), Date.parse(recorded_at));

export function judgeRequirement(
  judging: Judging,
  wanted: Requirement,
): { readonly judged: JudgedRequirement; readonly findings: readonly Finding[] } {
  const kept = keptTests(judging.book, wanted);
  const findings = kept.length === 0 ? [absence(judging, wanted)] : against(judging, wanted, kept);
  const excuse = findings.some(({ code }) => code === "GATE_FAILED")
    ? { waived: null, more: [] }
    : excused(judging, wanted, findings);
  const { waived, more } = excuse;
  const standing = waived === null ? [...findings, ...more] : findings.map((one) => ({ ...one, waived }));
  return {
    judged: {
      ...wanted,
      met: findings.length === 0 || waived !== null,
      codes: findings.map(({ code }) => code),
      waived,
      evidence: kept.length === 0 ? null : shown(judging, kept),
    },
    findings: standing,
  };
}

const oldest = (kept: readonly Kept[]): Evidence | undefined =>
  kept.map(({ evidence }) => evidence).toSorted((a, b) => ranAt(a) - ranAt(b))[0];

function shown({ now_ms }: Judging, kept: readonly Kept[]): JudgedRequirement["evidence"] {
  const evidence = kept.find(({ test }) => test.verdict === "fail")?.evidence ?? oldest(kept);
  if (evidence === undefined) return null;
  const { evidence_digest, entry_id } = evidence;
  const ran_ms = ranAt(evidence);
  return {
    evidence_digest,
    entry_id,
    ran_at: new Date(ran_ms).toISOString(),
    age_days: Math.max(0, Math.floor(((now_ms - ran_ms) / DAY_MS) * 10) / 10),
    tests: kept.map(({ test }) => test.name),
  };
}

const about = ({ subject }: Judging, { scenario, cell }: Requirement): string =>
  `${scenario}${cellText(cell)} of ${subject.package_id} ${subject.version}`;

const next = ({ command }: Requirement): string => `Run "${command}".`;

function absence(judging: Judging, wanted: Requirement): Finding {
  const { book, subject } = judging;
  const { package_id } = subject;
  const [other] = book.other_bytes;
  if (other !== undefined && book.evidence.length === 0) {
    const message = `what is recorded of ${about(judging, wanted)} is of other bytes than those in the store`;
    return blocking("GATE_OTHER_BYTES", message, next(wanted), {
      package_id,
      path: book.path,
      expected: subject.digest,
      actual: other,
    });
  }
  const code = wanted.cell === null ? "GATE_MISSING" : "GATE_CELL_MISSING";
  return blocking(code, `nothing is recorded of ${about(judging, wanted)}`, next(wanted), { package_id });
}

/** Everything that speaks against what is kept. */
function against(judging: Judging, wanted: Requirement, kept: readonly Kept[]): Finding[] {
  const { book, subject, rules, harness, now_ms } = judging;
  const found: Finding[] = [];
  const say = (
    code: GateCode,
    message: string,
    fields: { expected?: string; actual?: string } = {},
  ): void => {
    const { package_id } = subject;
    found.push(blocking(code, message, next(wanted), { package_id, path: book.path, ...fields }));
  };
  const name = about(judging, wanted);
  const failed = kept.filter(({ test }) => test.verdict === "fail");
  if (failed.length > 0) {
    const was_good = failed.some((one) =>
      knownTests(book, wanted).some((known) => sameTest(known, one) && known.test.verdict !== "fail"),
    );
    const names = failed.map(({ test }) => test.name).join(", ");
    say("GATE_FAILED", `${name} failed${was_good ? ", and had passed before" : ""}: ${names}`);
  }
  const first = oldest(kept);
  const age_days = first === undefined ? 0 : (now_ms - ranAt(first)) / DAY_MS;
  if (age_days > rules.max_age_days)
    say("GATE_STALE", `${name} ran ${age_days.toFixed(1)} days ago`, {
      expected: `at most ${rules.max_age_days} days`,
      actual: first?.facts.began_at ?? "",
    });
  const strange = kept.find(({ evidence }) => !isHarness(rules, evidence.facts.harness, harness));
  if (strange !== undefined)
    say("GATE_HARNESS", `${name} was run by another harness`, {
      expected: harnessText(harness),
      actual: harnessText(strange.evidence.facts.harness),
    });
  const elsewhere = kept.find((one) => !isHostProgram(rules, one, harness));
  if (elsewhere !== undefined) {
    const { cell, host_digest = "none" } = elsewhere.test;
    say("GATE_HARNESS", `${name} was run on another program ${cell.host} than lies here`, {
      expected: harness.hosts.get(cell.host) ?? "none",
      actual: host_digest,
    });
  }
  const { scenario_digest } = wanted;
  const other = kept.find(({ test }) => scenario_digest !== null && test.scenario_digest !== scenario_digest);
  if (other !== undefined)
    say("GATE_SCENARIO_CHANGED", `${name} ran as the scenario was before it was changed`, {
      expected: scenario_digest ?? "",
      actual: other.test.scenario_digest,
    });
  if (kept.some(({ evidence }) => book.removed_line > evidence.entry_line))
    say("GATE_EVIDENCE_REMOVED", `a later recording than that of ${name} was taken away`);
  return found;
}

type Version = Pick<Harness, "version" | "digest">;

const harnessText = ({ version, digest }: Version): string => `${version} (${digest})`;

/** A host program is part of what judged, and the product itself has the digest of the harness. */
const isHostProgram = (rules: GateRules, { test }: Kept, { hosts }: Harness): boolean =>
  rules.harness !== "exact" ||
  hostKey(test.cell.host) === OWN_HOST ||
  (test.host_digest !== undefined && test.host_digest === hosts.get(test.cell.host));

const isHarness = (rules: GateRules, used: Version, here: Version): boolean =>
  rules.harness === "any" ||
  (used.version === here.version && (rules.harness === "version" || used.digest === here.digest));

/** Who answers for it, as long as it did not fail; a waiver that ran out says so. */
function excused(
  { rules, subject, now_ms }: Judging,
  wanted: Requirement,
  findings: readonly Finding[],
): { readonly waived: JudgedRequirement["waived"]; readonly more: readonly Finding[] } {
  const { cell } = wanted;
  const waiver = rules.waivers.find(
    (one) =>
      one.scenario === wanted.scenario &&
      one.package === subject.package_id &&
      one.host === cell?.host &&
      one.api === cell?.api &&
      one.python === cell?.python,
  );
  if (waiver === undefined || findings.length === 0) return { waived: null, more: [] };
  const { owner, reason, expires } = waiver;
  if (expires >= new Date(now_ms).toISOString().slice(0, 10))
    return { waived: { owner, reason, expires }, more: [] };
  const message = `the waiver of ${owner} for ${wanted.scenario}${cellText(cell)} ran out on ${expires}`;
  return { waived: null, more: [blocking("GATE_WAIVER_EXPIRED", message, next(wanted))] };
}
