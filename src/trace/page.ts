/** Headings, tables and labelled lines of 80 columns, in Markdown that reads well unrendered. */
import type { Finding, TracedEvent, TracedFile } from "../contracts/index.ts";

const WIDTH = 80;
const FILES_SHOWN_MAX = 50;
const FINDINGS_SHOWN_MAX = 20;
const NAMES_SHOWN_MAX = 50;
const LABEL_WIDTH = 14;

/** A section with its heading; nothing when it has no lines. */
export const section = (heading: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ["", `## ${heading}`, "", ...lines];

/** `label         text`, continued under the text; a word too long for that stands below the label. */
export function labelled(label: string, text: string): string[] {
  if (text === "") return [];
  const lines = wrapped(text, WIDTH - LABEL_WIDTH);
  if (lines.some((line) => line.length > WIDTH - LABEL_WIDTH)) return [label, ...indented(text, 4)];
  return lines.map((line, index) => `${(index === 0 ? label : "").padEnd(LABEL_WIDTH)}${line}`);
}

/** Breaks at spaces outside quotes only, so that a command or a path can be pasted whole. */
export function wrapped(text: string, width = WIDTH): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.match(/(?:"[^"]*"|[^ ])+/g) ?? []) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}

/** The same, moved in. */
export const indented = (text: string, columns: number): string[] =>
  wrapped(text, WIDTH - columns).map((line) => " ".repeat(columns) + line);

/** The lines of so many elements, and how many more there are, counted or not even listed: of thousands no line is made for most. */
export function limited<T>(
  list: readonly T[],
  shown_max: number,
  linesOf: (one: T) => readonly string[],
  unlisted_count = 0,
): string[] {
  const lines = list.slice(0, shown_max).flatMap((one) => [...linesOf(one)]);
  const left_out = Math.max(0, list.length - shown_max) + unlisted_count;
  const how = unlisted_count > 0 ? "--all --json" : "--json";
  return left_out > 0 ? [...lines, `… and ${left_out} more; ${how} lists all.`] : lines;
}

/** `| File | Spec | Purpose |` with widths that suit the files; a list where a path or id is too long for a column. */
export function fileTable(files: readonly TracedFile[]): string[] {
  const shown = files.slice(0, FILES_SHOWN_MAX);
  if (shown.length === 0) return ["No files."];
  const longest = (texts: readonly string[]): number => Math.max(4, ...texts.map(({ length }) => length));
  const spec_width = longest(shown.map(({ spec_id }) => spec_id ?? "-"));
  const file_width = longest(shown.map(({ path }) => path));
  const purpose_width = WIDTH - 10 - spec_width - file_width;
  const left_out = files.length - shown.length;
  return [
    ...(purpose_width < PURPOSE_WIDTH_MIN
      ? fileList(shown)
      : tableLines(shown, [file_width, spec_width, purpose_width])),
    ...(left_out > 0 ? ["", `… and ${left_out} more files; --json lists all.`] : []),
  ];
}

const PURPOSE_WIDTH_MIN = 12;

function tableLines(files: readonly TracedFile[], widths: readonly number[]): string[] {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [
    row(["File", "Spec", "Purpose"]),
    `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`,
    ...files.map(({ path, spec_id, purpose }) =>
      row([path, spec_id ?? "-", cut(purpose.replaceAll("|", "/"), widths[2] ?? 0)]),
    ),
  ];
}

/** A spec they all have in common is said once. */
function fileList(files: readonly TracedFile[]): string[] {
  const specs = new Set(files.map(({ spec_id }) => spec_id));
  const common = specs.size === 1 ? files[0]?.spec_id : null;
  return [
    ...(typeof common === "string" ? [`All of ${common}.`, ""] : []),
    ...files.flatMap(({ path, spec_id, purpose }) => [
      path,
      ...indented([common === spec_id ? "" : spec_id, purpose].filter(Boolean).join(": "), 4),
    ]),
  ];
}

/** A purpose is prose and may end early; paths and ids never do. */
const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, width - 1)}…`;

/** One sentence on the bytes, then every file that is not as recorded. */
export function bytesLines(files: readonly TracedFile[]): string[] {
  const recorded = files.filter(({ sha256 }) => sha256 !== null);
  if (recorded.length === 0) return [];
  const amiss = recorded.filter(({ verdict }) => verdict !== "match");
  const summary = `${recorded.length - amiss.length} of ${recorded.length} recorded files have their recorded bytes.`;
  const left_out = amiss.length - FILES_SHOWN_MAX;
  return [
    summary,
    ...amiss
      .slice(0, FILES_SHOWN_MAX)
      .map(({ path, verdict }) => `  ${verdict?.replace("_", " ") ?? ""}: ${path}`),
    ...(left_out > 0 ? [`  … and ${left_out} more.`] : []),
  ];
}

export function historyLines(events: readonly TracedEvent[], left_out = 0): string[] {
  const lines = events.flatMap(({ timestamp, event, user, id, transaction_id, stream, line }) => [
    `${timestamp.slice(0, 19).replace("T", " ")}  ${event}${user === null ? "" : ` by ${user}`}`,
    ...wrapped([id, transaction_id, `${stream}:${line}`].filter(Boolean).join(" "), WIDTH - 4).map(
      (text) => `    ${text}`,
    ),
  ]);
  return left_out > 0 ? [...lines, `… and ${left_out} older.`] : lines;
}

export function findingSection(findings: readonly Finding[]): string[] {
  const lines = findings
    .slice(0, FINDINGS_SHOWN_MAX)
    .flatMap(({ severity, message, code, next_step }) => [
      ...wrapped(`${severity === "error" ? "" : `${severity}: `}${message} [${code}]`),
      ...wrapped(next_step, WIDTH - 4).map((line) => `    ${line}`),
    ]);
  const left_out = findings.length - FINDINGS_SHOWN_MAX;
  return section("Findings", left_out > 0 ? [...lines, `… and ${left_out} more; --json lists all.`] : lines);
}

/** Names one below the other, the first of them. */
export const nameList = (names: readonly string[], unlisted_count = 0): string[] =>
  limited(names, NAMES_SHOWN_MAX, (one) => [one], unlisted_count);

export const page = (lines: readonly string[]): string => `${lines.join("\n")}\n`;
