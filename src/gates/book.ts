/**
 * What is recorded of one version: the statements beside its archive that a trusted key signed, over these very bytes, and
 * that the ledger names. Anything else that lies there counts for nothing and is told.
 */
import type { Finding, GoldenFacts, TestResultStatement } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import { keyId } from "../keys/index.ts";
import { entriesHaving, verifyStream } from "../ledger/index.ts";
import { PACKAGES_STREAM, type Plane, planeStream } from "../plane/index.ts";
import {
  type KnownKey,
  readEnvelope,
  STATEMENT_PAYLOAD_TYPE,
  signersOf,
  trustedKeys,
} from "../provenance/index.ts";
import { evidencePath, readEvidenceText, versionedArchivePath } from "../store/index.ts";
import { blocking } from "./findings.ts";
import { readTestResult } from "./statement.ts";

export interface Subject {
  readonly package_id: string;
  readonly version: string;
  /** sha256 of the archive in the store. */
  readonly digest: string;
}

export interface Evidence {
  /** sha256 of its line. */
  readonly evidence_digest: string;
  /** Number of its entry in the ledger of packages, from 1: later recordings have higher ones. */
  readonly entry_line: number;
  readonly entry_id: string;
  readonly recorded_at: string;
  readonly signed_by: readonly string[];
  readonly facts: GoldenFacts;
}

export interface Book {
  /** Plane-relative. */
  readonly path: string;
  /** Of these very bytes, newest recording first. */
  readonly evidence: readonly Evidence[];
  /** Digests of archives that other statements here are about. */
  readonly other_bytes: readonly string[];
  /** Line in the ledger of the newest recording for these bytes whose statement is gone; 0 where none is. */
  readonly removed_line: number;
  readonly findings: readonly Finding[];
}

interface Entry {
  readonly line: number;
  readonly id: string;
  readonly at: string;
  readonly subject_digest: string;
}

/** @throws TRUSTED_KEYS_CHANGED, SIGNING_STATE_DAMAGED, AUTH_SECRET_EXPOSED */
export function openBook(effects: Pick<Effects, "fs">, plane: Plane, subject: Subject): Book {
  const { fs } = effects;
  const path = evidencePath(versionedArchivePath(subject.package_id, subject.version));
  const keys = trustedKeys(effects, plane).filter(({ uses }) => uses.includes("package"));
  const entries = recordings(effects, plane, path);
  const findings = ledgerFindings(effects, plane);
  const evidence: Evidence[] = [];
  const other_bytes = new Set<string>();
  const seen = new Set<string>();
  const text = readEvidenceText(fs, `${plane.root}/${path}`) ?? "";
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const about = { path, line: index + 1, package_id: subject.package_id };
    const judged = judgeLine(line, keys);
    if (typeof judged === "string") {
      findings.push(
        blocking("GATE_EVIDENCE_UNTRUSTED", `${path}:${index + 1} ${judged}`, REMOVE(path), about),
      );
      continue;
    }
    const evidence_digest = sha256Hex(line);
    seen.add(evidence_digest);
    const entry = entries.get(evidence_digest);
    const { sha256 = "" } = judged.statement.subject[0]?.digest ?? {};
    if (entry === undefined || entry.subject_digest !== sha256) {
      const says = `${path}:${index + 1} is signed, and no entry of the ledger names it`;
      findings.push(blocking("GATE_EVIDENCE_UNRECORDED", says, REMOVE(path), about));
    } else if (sha256 !== subject.digest) other_bytes.add(sha256);
    else
      evidence.push({
        evidence_digest,
        entry_line: entry.line,
        entry_id: entry.id,
        recorded_at: entry.at,
        signed_by: judged.signers.map(keyId),
        facts: judged.statement.predicate.holdfast_golden,
      });
  }
  const removed = [...entries].filter(
    ([digest, { subject_digest }]) => subject_digest === subject.digest && !seen.has(digest),
  );
  return {
    path,
    evidence: evidence.sort((a, b) => b.entry_line - a.entry_line),
    other_bytes: [...other_bytes],
    removed_line: Math.max(0, ...removed.map(([, { line }]) => line)),
    findings,
  };
}

const REMOVE = (path: string): string =>
  `Remove that line from ${path}, or the file; evidence is made with "golden run --record".`;

/** What a trusted key signed, or what is wrong with the line. */
function judgeLine(
  line: string,
  keys: readonly KnownKey[],
): { readonly statement: TestResultStatement; readonly signers: readonly KnownKey[] } | string {
  const envelope = readEnvelope(line);
  if (envelope === undefined) return "is no DSSE envelope";
  const signers = signersOf(envelope, keys);
  if (signers.length === 0) return "is signed by no key that this plane trusts";
  const revoked = signers.find(({ status }) => status === "revoked");
  if (revoked !== undefined) return `is signed by ${keyId(revoked)}, which was revoked`;
  if (envelope.payload_type !== STATEMENT_PAYLOAD_TYPE) return "holds no in-toto statement";
  const statement = readTestResult(envelope.payload);
  return statement === undefined ? "holds no result of golden tests" : { statement, signers };
}

/** By digest of the line that was recorded. */
function recordings({ fs }: Pick<Effects, "fs">, plane: Plane, path: string): ReadonlyMap<string, Entry> {
  const found = new Map<string, Entry>();
  for (const { line, entry } of entriesHaving(fs, planeStream(plane, PACKAGES_STREAM), [
    '"GOLDEN_RECORDED"',
  ])) {
    const { evidence_path, evidence_digest, subject_digest } = entry.metadata;
    if (entry.event_type !== "GOLDEN_RECORDED" || evidence_path !== path) continue;
    if (typeof evidence_digest !== "string" || typeof subject_digest !== "string") continue;
    found.set(evidence_digest, { line, id: entry.id, at: entry.timestamp, subject_digest });
  }
  return found;
}

function ledgerFindings({ fs }: Pick<Effects, "fs">, plane: Plane): Finding[] {
  const verdict = verifyStream(fs, planeStream(plane, PACKAGES_STREAM));
  if (verdict.valid) return [];
  const why = verdict.first_bad?.message ?? verdict.findings[0]?.message ?? "it is not valid";
  return [
    blocking(
      "GATE_LEDGER_BROKEN",
      `${PACKAGES_STREAM} does not verify, so nobody can say what was recorded: ${why}`,
      `Run "pkg ledger verify" for what is wrong.`,
      { path: PACKAGES_STREAM },
    ),
  ];
}
