/** Reports for people: 80 columns, no colour, every text from the plane made printable first. */
import type { InstalledTrace, InventoryTrace, TraceReport, VerifyTrace } from "../contracts/index.ts";
import { findingSection, labelled, page, section, wrapped } from "./page.ts";
import { printableDeep } from "./printable.ts";
import { artifactLines, directoryLines, fileLines } from "./render-file.ts";
import {
  digestLines,
  frameworkLines,
  ledgerEntryLines,
  specLines,
  transactionLines,
  unknownLines,
} from "./render-governance.ts";
import { packageLines, titled } from "./render-package.ts";

const SHOWN_MAX = 50;

export function renderTrace(report: TraceReport): string {
  const safe = printableDeep(report);
  return page([...bodyLines(safe), ...findingSection(safe.findings)]);
}

function bodyLines(report: TraceReport): string[] {
  switch (report.type) {
    case "package":
      return packageLines(report.data);
    case "spec":
      return specLines(report.data);
    case "framework":
      return frameworkLines(report.data);
    case "artifact":
      return artifactLines(report.data);
    case "file":
      return fileLines(report.data);
    case "directory":
      return directoryLines(report.data);
    case "digest":
      return digestLines(report.data);
    case "ledger_entry":
      return ledgerEntryLines(report.data);
    case "transaction":
      return transactionLines(report.data);
    case "unknown":
      return unknownLines(report.data);
    default:
      return report satisfies never;
  }
}

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
    ...section("Orphans", limited(orphans)),
    ...findingSection(findings),
  ]);
}

export function renderVerify(report: VerifyTrace): string {
  const { checks, message } = printableDeep(report);
  return page([
    ...checks.flatMap(({ name, passed, message: says, details }) => [
      ...wrapped(`${passed ? "PASS" : "FAIL"} ${name}: ${says}`),
      ...limited(details ?? []).map((line) => `      ${line}`),
    ]),
    message,
  ]);
}

const limited = (lines: readonly string[]): string[] =>
  lines.length > SHOWN_MAX
    ? [...lines.slice(0, SHOWN_MAX), `… and ${lines.length - SHOWN_MAX} more; --json lists all.`]
    : [...lines];
