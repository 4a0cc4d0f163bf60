/** The report for people, and as the renderers of findings take it. */
import type { Finding, PreflightReport, PreflightSubject } from "../contracts/index.ts";
import type { FindingsDocument } from "../reports/index.ts";
import { PREFLIGHT_RULES } from "./codes.ts";

export function preflightDocument(report: PreflightReport, version: string): FindingsDocument {
  const { subjects, counts, healthy } = report;
  const first = subjects[0];
  const named = subjects.length === 1 ? (first?.subject ?? "") : `${subjects.length} manifests`;
  return {
    tool: { name: "pkg preflight", version },
    title: `Preflight of ${named}`,
    passed: healthy,
    findings: subjects.flatMap(({ findings }) => findings.map(relative)),
    counts: {
      subjects: subjects.length,
      checks: counts.checks,
      passed: counts.passed,
      failed: counts.failed,
      "not run": counts.not_run,
      errors: counts.errors,
      advice: counts.advice,
    },
    rules: PREFLIGHT_RULES,
    home_path: first?.findings[0]?.path ?? first?.subject ?? ".",
  };
}

/** Viewers take no absolute path. */
const relative = (finding: Finding): Finding =>
  finding.path === undefined ? finding : { ...finding, path: finding.path.replace(/^\/+/, "") };

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

const MARKS = { pass: "ok", fail: "FAIL", not_run: "not run" } as const;

/** One line a check, findings below with their places, and what to do. */
export function renderPreflight(report: PreflightReport): string {
  const { subjects, counts, healthy, complete, plane } = report;
  const one = subjects.length === 1;
  const head = plane === null ? [] : [`Held against the plane ${plane}`];
  const total = one
    ? []
    : [`${counted(subjects.length, "subject")}, ${subjects.filter((subject) => subject.healthy).length} fit`];
  if (report.changed !== undefined && subjects.length === 0)
    return `No manifest among the ${report.changed.files_count} files that differ from ${report.changed.base}.\n`;
  const unfinished = complete ? "" : `, ${counts.not_run} not run`;
  return [
    ...head,
    ...mended(report),
    ...subjects.flatMap((subject) => (one || !subject.healthy ? whole(subject) : [short(subject)])),
    ...total,
    `${healthy ? "PASS" : "FAIL"}: ${counted(counts.passed, "check")} passed, ${counts.failed} failed${unfinished}; ${counted(counts.errors, "error")}, ${counted(counts.advice, "piece")} of advice`,
    "",
  ].join("\n");
}

const mended = ({ fixes, diff }: PreflightReport): string[] => {
  if (fixes === undefined) return [];
  return fixes.length === 0
    ? ["Nothing that can be mended safely.", ""]
    : [diff ?? "", `${fixes.length} mended, as shown above.`, ""];
};

const nameOf = ({ package_id, version, subject }: PreflightSubject): string =>
  package_id === null ? subject : `${subject}: ${package_id} ${version ?? ""}`.trimEnd();

const short = (subject: PreflightSubject): string => `ok       ${nameOf(subject)}`;

function whole(subject: PreflightSubject): string[] {
  return [
    nameOf(subject),
    ...subject.checks.map(
      ({ verdict, title, reason }) =>
        `  ${MARKS[verdict].padEnd(8)} ${title}${reason === undefined ? "" : ` (${reason})`}`,
    ),
    ...subject.findings.flatMap((finding) => [
      "",
      `${finding.severity === "error" ? "error" : "advice"}: ${placeOf(finding)}${finding.message} [${finding.code}]`,
      `  next: ${finding.next_step}`,
    ]),
    "",
  ];
}

function placeOf({ path, line, column, field, message }: Finding): string {
  const place = [path, line, column].filter((part) => part !== undefined).join(":");
  const pointer = field === undefined || field === "/" || message.includes(field) ? "" : ` ${field}`;
  return place === "" ? "" : `${place}${pointer}: `;
}
