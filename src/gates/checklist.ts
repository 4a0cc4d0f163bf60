/** What stands between a version and its release, as a list to go through: each line with the digest it is about, or what to run. */
import type { Effects } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { type ArchiveCheck, verifyArchive } from "../lifecycle/index.ts";
import { digestOf, type Plane } from "../plane/index.ts";
import { provenancePath, signaturePath } from "../provenance/index.ts";
import { markdownCode, markdownText } from "../reports/index.ts";
import { evidencePath, sidecarPath, versionedArchivePath } from "../store/index.ts";
import type { Subject } from "./book.ts";
import { type GateReport, judgeGate } from "./gate.ts";
import type { Harness, JudgedRequirement } from "./judge.ts";
import { cellText } from "./requirements.ts";

export interface ChecklistItem {
  readonly done: boolean;
  readonly text: string;
  /** Plane-relative file it is about. */
  readonly path: string | null;
  /** sha256 of that file. */
  readonly digest: string | null;
  /** What to run; null where it is done. */
  readonly command: string | null;
}

export interface Checklist {
  readonly schema_version: "1.0";
  readonly package_id: string;
  readonly version: string;
  readonly digest: string;
  /** Every line is done. */
  readonly ready: boolean;
  readonly items: readonly ChecklistItem[];
  readonly gate: GateReport;
}

/** @throws what the gate throws */
export async function releaseChecklist(
  effects: Effects,
  plane: Plane,
  subject: Subject,
  harness: Harness,
): Promise<Checklist> {
  const { package_id, version, digest } = subject;
  const gate = await judgeGate(effects, plane, subject, harness);
  const items = [...(await archiveItems(effects, plane, subject)), ...gateItems(effects, plane, gate)];
  const ready = items.every(({ done }) => done);
  return { schema_version: "1.0", package_id, version, digest, ready, items, gate };
}

const TITLES: Readonly<Record<ArchiveCheck["check"], string>> = {
  digest: "The archive has the digest that is registered",
  canonical_form: "The archive is the one encoding of its files",
  content: "The archive holds what its manifest names",
  signature: "The archive is signed",
  provenance: "Its provenance is stated and signed",
  policy: "The policy of signatures is met",
};
/** Nothing asks for them where the policy does not. */
const MAY_BE_ABSENT: readonly ArchiveCheck["check"][] = ["policy"];

async function archiveItems(
  effects: Effects,
  plane: Plane,
  { package_id, version }: Subject,
): Promise<ChecklistItem[]> {
  const archive = versionedArchivePath(package_id, version);
  const paths: Partial<Record<ArchiveCheck["check"], string>> = {
    digest: sidecarPath(archive),
    content: archive,
    signature: signaturePath(archive),
    provenance: provenancePath(archive),
  };
  const report = await verifyArchive(effects, plane, `${package_id}@${version}`).catch((error: unknown) => {
    if (error instanceof Fault) return error;
    throw error;
  });
  if (report instanceof Fault)
    return [
      {
        done: false,
        text: report.message,
        path: archive,
        digest: null,
        command: `pkg verify ${package_id}@${version}`,
      },
    ];
  return report.checks.map(({ check, verdict, message }) => {
    const done = verdict === "pass" || (verdict === "absent" && MAY_BE_ABSENT.includes(check));
    const path = paths[check] ?? null;
    const command =
      check === "signature" || check === "provenance"
        ? "pkg pack --src SOURCE --release --sign --attest"
        : `pkg verify ${package_id}@${version}`;
    return {
      done,
      text: `${TITLES[check]}: ${message}`,
      path,
      digest: path === null ? null : (digestOf(effects.fs, `${plane.root}/${path}`) ?? null),
      command: done ? null : command,
    };
  });
}

function gateItems(
  effects: Pick<Effects, "fs">,
  plane: Plane,
  { requirements, findings, package_id, version }: GateReport,
): ChecklistItem[] {
  const path = evidencePath(versionedArchivePath(package_id, version));
  const digest = digestOf(effects.fs, `${plane.root}/${path}`) ?? null;
  const asked = requirements.map((one) => ({
    done: one.met,
    text: requirementText(one),
    path: digest === null ? null : path,
    digest: one.evidence?.evidence_digest ?? null,
    command: one.met ? null : one.command,
  }));
  const told = new Set(requirements.flatMap(({ codes }) => codes));
  const others = findings.filter(({ code, waived }) => waived === undefined && !told.has(code));
  return [
    ...asked,
    ...others.map(({ message }) => ({
      done: false,
      text: message,
      path,
      digest,
      command: `golden gate ${package_id}@${version}`,
    })),
  ];
}

function requirementText({ scenario, cell, met, waived, evidence, codes }: JudgedRequirement): string {
  const name = `Scenario ${scenario}${cellText(cell)}`;
  if (waived !== null)
    return `${name} is waived by ${waived.owner} until ${waived.expires}: ${waived.reason}`;
  if (!met) return `${name}: ${codes.join(", ")}`;
  return `${name} passed at ${evidence?.ran_at ?? ""}, ledger entry ${evidence?.entry_id ?? ""}`;
}

/** Links are relative to the plane. */
export function checklistMarkdown({ package_id, version, digest, ready, items }: Checklist): string {
  return [
    `# Release of ${markdownText(package_id)} ${markdownText(version)}: ${ready ? "ready" : "not ready"}`,
    "",
    `Archive [${markdownText(versionedArchivePath(package_id, version))}](${versionedArchivePath(package_id, version)}), sha256 ${markdownCode(digest)}`,
    "",
    ...items.flatMap((item) => [
      `- [${item.done ? "x" : " "}] ${markdownText(item.text)}`,
      ...(item.path === null || item.digest === null
        ? []
        : [`  - [${markdownText(item.path)}](${item.path}), sha256 ${markdownCode(item.digest)}`]),
      ...(item.command === null ? [] : [`  - Run ${markdownCode(item.command)}`]),
    ]),
    `- [ ] The changes are written down, and the tag is set: ${markdownCode(`git tag -s ${package_id}@${version}`)}`,
    "",
  ].join("\n");
}
