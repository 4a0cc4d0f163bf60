/** Reports for people: 80 columns, no colour, every text from the plane made printable first. */
import type { InstalledTrace, InventoryTrace, TraceReport, VerifyTrace } from "../contracts/index.ts";
import { findingSection, labelled, nameList, page, section, wrapped } from "./page.ts";
import { printableDeep } from "./printable.ts";
import { evidenceSection } from "./render-evidence.ts";
import { artifactLines, directoryLines, fileLines } from "./render-file.ts";
import {
  digestLines,
  frameworkLines,
  ledgerEntryLines,
  specLines,
  unknownLines,
} from "./render-governance.ts";
import { packageLines, titled } from "./render-package.ts";
import {
  diffLines,
  impactLines,
  packageAtLines,
  planeAtLines,
  whoLines,
  whyLines,
} from "./render-questions.ts";
import { checkpointLines, codeLines, transactionLines, versionLines } from "./render-subjects.ts";

/** `evidence`: each statement with where to look it up; proofs are shown whenever there are any. */
export function renderTrace(report: TraceReport, { evidence = false } = {}): string {
  const safe = printableDeep(evidence ? report : { ...report, statements: [] });
  return page([
    ...bodyLines(safe, textsOf(report)),
    ...(evidence ? evidenceSection(safe.statements) : []),
    ...findingSection(safe.findings),
  ]);
}

/** Line ends and tabs of a diff mean something: its lines are made printable one by one. */
const textsOf = (report: TraceReport): string[] =>
  report.type === "diff" ? report.data.files.flatMap(({ text }) => text ?? []) : [];

type Report<T extends TraceReport["type"]> = Extract<TraceReport, { type: T }>;
type BodyLines = { readonly [T in TraceReport["type"]]: (report: Report<T>, texts: string[]) => string[] };

const BODIES: BodyLines = {
  package: ({ data }) => packageLines(data),
  package_version: ({ data }) => versionLines(data),
  package_at: ({ data, at }) => packageAtLines(data, at),
  plane_at: ({ data, at }) => planeAtLines(data, at),
  spec: ({ data }) => specLines(data),
  framework: ({ data }) => frameworkLines(data),
  artifact: ({ data }) => artifactLines(data),
  file: ({ data }) => fileLines(data),
  directory: ({ data }) => directoryLines(data),
  digest: ({ data }) => digestLines(data),
  ledger_entry: ({ data }) => ledgerEntryLines(data),
  checkpoint: ({ data }) => checkpointLines(data),
  transaction: ({ data }) => transactionLines(data),
  code: ({ data }) => codeLines(data),
  why: ({ data }) => whyLines(data),
  who: ({ data }) => whoLines(data),
  diff: ({ data }, texts) => diffLines(data, texts),
  impact: ({ data }) => impactLines(data),
  unknown: ({ data }) => unknownLines(data),
};

const bodyLines = (report: TraceReport, texts: string[]): string[] =>
  (BODIES[report.type] as (report: TraceReport, texts: string[]) => string[])(report, texts);

export function renderInstalled(installed: readonly InstalledTrace[]): string {
  if (installed.length === 0) return 'Nothing is installed. "pkg list" shows what is registered.\n';
  const width = Math.max(...installed.map(({ package_id }) => package_id.length));
  return page(
    printableDeep(installed).map(
      (one) =>
        `${one.package_id.padEnd(width)}  ${one.tier}  ${one.version.padEnd(8)}  ${String(one.file_count).padStart(5)} files  ${one.installed_at.slice(0, 10)} ${one.installed_by}`,
    ),
  );
}

export function renderInventory(report: InventoryTrace): string {
  const { frameworks, specs, packages, orphans, total_files, health, findings } = printableDeep(report);
  return page([
    "# Inventory",
    "",
    ...labelled("frameworks", String(frameworks.length)),
    ...labelled("specs", String(specs.length)),
    ...labelled(
      "packages",
      `${packages.length}, ${packages.filter(({ installed }) => installed.length > 0).length} installed`,
    ),
    ...labelled("owned files", String(total_files)),
    ...labelled("orphans", String(orphans.length)),
    ...labelled("health", health.message),
    ...section(
      "Frameworks",
      frameworks.map((one) => `${titled(one.framework_id, one.title, one.status)}: ${one.spec_count} specs`),
    ),
    ...section(
      "Specs",
      specs.map((one) => titled(one.spec_id, one.title, one.status)),
    ),
    ...section(
      "Packages",
      packages.map(
        (one) => `${one.package_id} ${one.version} (${one.installed.join(", ") || "not installed"})`,
      ),
    ),
    ...section("Orphans", nameList(orphans)),
    ...findingSection(findings),
  ]);
}

export function renderVerify(report: VerifyTrace): string {
  const { checks, message } = printableDeep(report);
  return page([
    ...checks.flatMap(({ name, passed, message: says, details }) => [
      ...wrapped(`${passed ? "PASS" : "FAIL"} ${name}: ${says}`),
      ...nameList(details ?? []).map((line) => `      ${line}`),
    ]),
    message,
  ]);
}
