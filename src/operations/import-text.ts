import type { ImportReport } from "../lifecycle/index.ts";
import { findingLines } from "./finding-lines.ts";

/** What came in, for people, before what any `pkg init` says. */
export function importText(report: ImportReport, dry_run: boolean): string {
  const { source, files, registries, archives, packages, ledgers, findings, legacy } = report;
  const verb = dry_run ? "Would import" : "Imported";
  const plain = archives.filter(({ profile }) => profile === "plain").length;
  const refused = archives.filter(({ profile }) => profile === null).length;
  return [
    `${verb} ${source}`,
    `  files       ${files.carried} carried over (${files.size_bytes} bytes), ${files.left} left`,
    `  registries  ${registries.filter(({ sha256 }) => sha256 !== null).length} of ${registries.length}${rowsChanged(registries)}`,
    `  archives    ${archives.length}: ${archives.length - plain - refused} canonical, ${plain} plain, ${refused} unreadable`,
    `  packages    ${packages.length}`,
    ...packages.map(
      (one) =>
        `    ${one.package_id} ${one.version} (${one.plane_id}): ${one.adopted} of ${one.claimed} files adopted`,
    ),
    `  ledgers     ${ledgers.sealed.length} sealed, ${ledgers.sessions.length} of sessions set aside`,
    ...ledgers.sealed.map((one) => `    ${one.name}: ${sealedLine(one)}`),
    ...(dry_run ? [] : [`  originals of what ours replaced, and the report: ${legacy}/`]),
    "",
    ...findingLines(findings.filter(({ severity }) => severity !== "info")),
    "",
    "",
  ].join("\n");
}

function rowsChanged(registries: ImportReport["registries"]): string {
  const changed = registries.filter(({ rows_changed }) => rows_changed > 0);
  if (changed.length === 0) return ", byte for byte";
  return `; ${changed.map(({ path, rows_changed }) => `${rows_changed} row(s) of ${path}`).join(", ")} changed or dropped`;
}

function sealedLine({ segments, defects }: ImportReport["ledgers"]["sealed"][number]): string {
  const lines = segments.reduce((sum, one) => sum + one.lines, 0);
  const kinds = Object.entries(defects).map(([kind, count]) => `${count} ${kind}`);
  const found = kinds.length === 0 ? "no defects" : kinds.join(", ");
  return `${segments.length} part(s), ${lines} entries, ${found}`;
}
