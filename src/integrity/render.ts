/** The report for people, in 80 columns. */
import type { Cause, Finding, IntegrityReport, PathVerdict } from "../contracts/index.ts";
import { shown } from "./shown.ts";

const WIDTH = 80;
const FINDINGS_MAX = 50;
const DIFF_LINES_MAX = 40;

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
  lines.push("", ...countLines(report), ...findingLines(report));
  if (orphans) lines.push(...listLines(report));
  return `${lines.join("\n")}\n`;
}

function quietLine({ healthy, verified_count, orphan_count, chain_error_count }: IntegrityReport): string {
  const chain = chain_error_count === 1 ? "1 error" : `${chain_error_count} errors`;
  return `Integrity: ${healthy ? "OK" : "ISSUES"} | Verified: ${verified_count} | Orphans: ${orphan_count} | Chain: ${chain}`;
}

function verdictLine({ healthy, findings, plane, generation }: IntegrityReport): string {
  const waived = findings.filter((finding) => finding.waived !== undefined).length;
  const errors = findings.filter((finding) => isError(finding)).length;
  const others = findings.length - errors - waived;
  const found = healthy ? "HEALTHY" : "NOT HEALTHY";
  const where =
    plane === null ? "" : ` in plane ${shown(JSON.stringify(plane))}, generation ${generation ?? "?"}`;
  if (plane === null) return `${found}: nothing could be checked`;
  const spared = waived === 0 ? "" : `, ${waived} waived`;
  return `${found}: ${count(errors, "error")}, ${count(others, "note")}${spared}${where}`;
}

const isError = ({ severity, waived }: Finding): boolean => severity === "error" && waived === undefined;

function countLines(report: IntegrityReport): string[] {
  const { counts, receipts_count, ledger, registries, merkle_root, record_counts } = report;
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
    `  plane's own    ${grouped(record_counts.match)} of ${grouped(record_counts.total)} files as recorded`,
    `  bytes          ${bytesLine(report)}`,
    ...(merkle_root === null ? [] : [`  tree hash ${merkle_root}`]),
  ];
}

function bytesLine({ mode, hashed_count, trusted_count }: IntegrityReport): string {
  const read = `${count(hashed_count, "file")} read`;
  if (mode === "full") return read;
  return `${read}, ${grouped(trusted_count)} believed for unchanged size, times and inode`;
}

function findingLines(report: IntegrityReport): string[] {
  const { findings } = report;
  if (findings.length === 0) return [];
  const judged = new Map([...report.records, ...report.paths].map((one) => [one.path, one]));
  const lines = findings.slice(0, FINDINGS_MAX).flatMap((finding) => {
    const { severity, waived, message, code, next_step, path = "" } = finding;
    const label = waived !== undefined ? "waived: " : severity === "error" ? "" : `${severity}: `;
    const about = judged.get(path);
    const is_file = code.startsWith("FILE_");
    return [
      ...wrapped(`${label}${message} [${code}]`, ""),
      ...(about?.cause === undefined ? [] : wrapped(causeLine(about.cause), "    ")),
      ...(waived === undefined
        ? wrapped(next_step, "    ")
        : wrapped(`${shown(waived.owner)} until ${waived.expires}: ${shown(waived.reason)}`, "    ")),
      ...(is_file && about?.diff !== undefined ? diffLines(about.diff) : []),
    ];
  });
  const more = findings.length - FINDINGS_MAX;
  return ["", ...lines, ...(more > 0 ? [`… and ${grouped(more)} more findings; --json lists all.`] : [])];
}

function causeLine({ event, at, by, transaction_id }: Cause): string {
  const who = by === null ? "" : ` by ${shown(by)}`;
  const how = transaction_id === null ? "" : ` in ${shown(transaction_id)}`;
  return `Last ${event.toLowerCase().replaceAll("_", " ")}${how} at ${at}${who}.`;
}

function diffLines(diff: string): string[] {
  const lines = diff.trimEnd().split("\n");
  const rest = lines.length - DIFF_LINES_MAX;
  const some = lines.slice(0, DIFF_LINES_MAX).map((line) => `    ${shown(line)}`);
  return rest > 0 ? [...some, `    … ${rest} more lines; --json has them.`] : some;
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
