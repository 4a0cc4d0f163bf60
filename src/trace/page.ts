/** Headings, tables and labelled lines of 80 columns, in Markdown that reads well unrendered. */
import type { Finding, TracedEvent, TracedFile } from "../contracts/index.ts";

const WIDTH = 80;
const FILES_SHOWN_MAX = 50;
const FINDINGS_SHOWN_MAX = 20;
const LABEL_WIDTH = 14;

/** A section with its heading; nothing when it has no lines. */
export const section = (heading: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ["", `## ${heading}`, "", ...lines];

/** `label         text`, continued under the text. */
export function labelled(label: string, text: string): string[] {
  if (text === "") return [];
  return wrapped(text, WIDTH - LABEL_WIDTH).map(
    (line, index) => `${(index === 0 ? label : "").padEnd(LABEL_WIDTH)}${line}`,
  );
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

/** Cut in the middle of nowhere, but always within the width. `keeps_end` is for paths, whose end tells most. */
function fit(text: string, width: number, keeps_end = false): string {
  if (text.length <= width) return text.padEnd(width);
  return keeps_end ? `…${text.slice(text.length - width + 1)}` : `${text.slice(0, width - 1)}…`;
}

/** `| File | Spec | Purpose |` with widths that suit the files. */
export function fileTable(files: readonly TracedFile[]): string[] {
  const shown = files.slice(0, FILES_SHOWN_MAX);
  if (shown.length === 0) return ["No files."];
  const longest = (texts: readonly string[], least: number): number =>
    Math.max(least, ...texts.map(({ length }) => length));
  const spec_width = Math.min(
    18,
    longest(
      shown.map(({ spec_id }) => spec_id ?? "-"),
      4,
    ),
  );
  const file_width = Math.min(
    54 - spec_width,
    longest(
      shown.map(({ path }) => path),
      4,
    ),
  );
  const purpose_width = WIDTH - 10 - spec_width - file_width;
  const row = (file: string, spec: string, purpose: string): string =>
    `| ${fit(file, file_width, true)} | ${fit(spec, spec_width)} | ${fit(purpose, purpose_width)} |`;
  const left_out = files.length - shown.length;
  return [
    row("File", "Spec", "Purpose"),
    `|${"-".repeat(file_width + 2)}|${"-".repeat(spec_width + 2)}|${"-".repeat(purpose_width + 2)}|`,
    ...shown.map(({ path, spec_id, purpose }) => row(path, spec_id ?? "-", purpose.replaceAll("|", "/"))),
    ...(left_out > 0 ? ["", `… and ${left_out} more files; --json lists all.`] : []),
  ];
}

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

export const page = (lines: readonly string[]): string => `${lines.join("\n")}\n`;
