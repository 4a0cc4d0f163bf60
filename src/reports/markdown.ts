/** For a pull request or a step summary: what was counted, what was found, what to run. */
import type { Finding } from "../contracts/index.ts";
import { type FindingsDocument, ruleOf, standing, waivedBy } from "./document.ts";
import { markdownCode as code, markdownText as prose } from "./escaped.ts";

const FINDINGS_MAX = 500;
const HEADINGS = { error: "Errors", note: "Notes", info: "Information", waived: "Waived" } as const;

export function renderMarkdown(document: FindingsDocument): string {
  const { title, passed, findings, counts, error } = document;
  const lines = [`# ${prose(title)}: ${passed ? "passed" : "failed"}`, ""];
  if (error !== undefined)
    lines.push(`**${prose(error.message)}** (${code(error.code)})`, "", prose(error.next_step), "");
  lines.push("| | |", "|---|---:|");
  lines.push(...Object.entries(counts).map(([name, value]) => `| ${prose(name)} | ${value} |`), "");
  const shown = findings.slice(0, FINDINGS_MAX);
  for (const key of Object.keys(HEADINGS) as (keyof typeof HEADINGS)[]) {
    const group = shown.filter((finding) => standing(finding) === key);
    if (group.length === 0) continue;
    lines.push(`## ${HEADINGS[key]}`, "", ...group.flatMap((finding) => item(document, finding)), "");
  }
  const rest = findings.length - shown.length;
  if (rest > 0) lines.push(`… and ${rest} more findings.`, "");
  return lines.join("\n");
}

function item(document: FindingsDocument, finding: Finding): string[] {
  const { path, line, message, next_step, waived } = finding;
  const where = path === undefined ? "" : ` ${code(line === undefined ? path : `${path}:${line}`)}`;
  const says = waived === undefined ? next_step : waivedBy(waived);
  return [
    `- **${prose(ruleOf(document, finding.code).title)}**${where}  `,
    `  ${prose(message)} (${code(finding.code)})  `,
    `  ${withCommands(says)}`,
  ];
}

/** What a sentence quotes as a command is shown as code, to be copied. */
const withCommands = (text: string): string =>
  text
    .split(/("[^"]*")/)
    .map((part) => (/^".+"$/.test(part) ? code(part.slice(1, -1)) : prose(part)))
    .join("");
