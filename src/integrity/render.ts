/** The report for people, in 80 columns. */
import type { Finding, IntegrityReport, PathVerdict } from "../contracts/index.ts";
import { shown } from "./shown.ts";

const WIDTH = 80;
const FINDINGS_MAX = 50;

const MEANING: Record<PathVerdict, string> = {
  match: "as installed",
  drift: "changed since",
  missing: "installed and gone",
  unowned: "in governed folders without an owner",
  source: "in declared source trees",
  cache: "bytecode equal to a compile of its source",
  not_verifiable: "nothing here could tell",
};

export function renderIntegrity(
  report: IntegrityReport,
  { quiet, orphans }: { readonly quiet: boolean; readonly orphans: boolean },
): string {
  if (quiet) return `${quietLine(report)}\n`;
  const lines = [verdictLine(report)];
  if (report.error !== undefined) {
    const { message, code, next_step } = report.error;
    return `${[...lines, ...wrapped(`${shown(message)} [${code}]`, "  "), ...wrapped(next_step, "    ")].join("\n")}\n`;
  }
  lines.push("", ...countLines(report), ...findingLines(report.findings));
  if (orphans) lines.push(...listLines(report));
  return `${lines.join("\n")}\n`;
}

function quietLine({ healthy, verified_count, orphan_count, chain_error_count }: IntegrityReport): string {
  const chain = chain_error_count === 1 ? "1 error" : `${chain_error_count} errors`;
  return `Integrity: ${healthy ? "OK" : "ISSUES"} | Verified: ${verified_count} | Orphans: ${orphan_count} | Chain: ${chain}`;
}

function verdictLine({ healthy, findings, plane, generation }: IntegrityReport): string {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const others = findings.length - errors;
  const found = healthy ? "HEALTHY" : "NOT HEALTHY";
  const where =
    plane === null ? "" : ` in plane ${shown(JSON.stringify(plane))}, generation ${generation ?? "?"}`;
  if (plane === null) return `${found}: nothing could be checked`;
  return `${found}: ${count(errors, "error")}, ${count(others, "note")}${where}`;
}

function countLines({ counts, receipts_count, ledger, registries, merkle_root }: IntegrityReport): string[] {
  const rows = (Object.keys(MEANING) as PathVerdict[]).map(
    (verdict) => `  ${verdict.padEnd(15)}${grouped(counts[verdict]).padStart(9)}  ${MEANING[verdict]}`,
  );
  const entries = ledger.reduce((sum, { entries_count }) => sum + entries_count, 0);
  const sound = (items: readonly { readonly valid: boolean }[]): string =>
    `${items.filter(({ valid }) => valid).length} of ${items.length} sound`;
  return [
    ...rows,
    `  ${"total".padEnd(15)}${grouped(counts.total).padStart(9)}  in ${count(receipts_count, "receipt")} and governed folders`,
    "",
    `  registries     ${sound(registries)}`,
    `  ledger streams ${sound(ledger)}, ${count(entries, "entry", "entries")}`,
    ...(merkle_root === null ? [] : [`  tree hash ${merkle_root}`]),
  ];
}

function findingLines(findings: readonly Finding[]): string[] {
  if (findings.length === 0) return [];
  const lines = findings.slice(0, FINDINGS_MAX).flatMap((finding) => {
    const label = finding.severity === "error" ? "" : `${finding.severity}: `;
    return [
      ...wrapped(`${label}${finding.message} [${finding.code}]`, ""),
      ...wrapped(finding.next_step, "    "),
    ];
  });
  const more = findings.length - FINDINGS_MAX;
  return ["", ...lines, ...(more > 0 ? [`… and ${grouped(more)} more findings; --json lists all.`] : [])];
}

function listLines({ paths }: IntegrityReport): string[] {
  const listed = paths.filter(
    ({ verdict }) => verdict === "unowned" || verdict === "source" || verdict === "cache",
  );
  return listed.length === 0
    ? []
    : ["", ...listed.map(({ verdict, path }) => `  ${verdict.padEnd(8)} ${shown(path)}`)];
}

const grouped = (number: number): string => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
const count = (number: number, one: string, many = `${one}s`): string =>
  `${grouped(number)} ${number === 1 ? one : many}`;

/** Breaks at spaces outside of quoted commands, so that what is meant to be pasted stays on one line. */
function wrapped(text: string, indent: string): string[] {
  const words = text.match(/"[^"]*"[^\s"]*|\S+/g) ?? [];
  const lines: string[] = [];
  let line = indent;
  for (const word of words) {
    if (line.length > indent.length && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line.length > indent.length ? ` ${word}` : word;
  }
  return [...lines, line];
}
