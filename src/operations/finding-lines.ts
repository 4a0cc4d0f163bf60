import type { Finding } from "../contracts/index.ts";

const SHOWN_MAX = 50;

/** Findings for people, errors first as they come; beyond fifty they are only counted. */
export function findingLines(findings: readonly Finding[]): string[] {
  const lines = findings.slice(0, SHOWN_MAX).flatMap((finding) => {
    const where = [finding.path, finding.line, finding.column].filter((part) => part !== undefined).join(":");
    // Many messages begin with the path already.
    const named = finding.path !== undefined && finding.message.startsWith(finding.path);
    const place = where === "" || named ? "" : `${where}: `;
    const label = finding.severity === "error" ? "" : `${finding.severity}: `;
    return [`${label}${place}${finding.message} [${finding.code}]`, `    ${finding.next_step}`];
  });
  if (findings.length > SHOWN_MAX) lines.push(`… and ${findings.length - SHOWN_MAX} more; --json lists all.`);
  return lines;
}
