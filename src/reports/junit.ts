/** JUnit XML as CI servers read it: one suite, a test case a finding, and one for the check itself. */
import type { Finding } from "../contracts/index.ts";
import { type FindingsDocument, ruleOf, waivedBy } from "./document.ts";
import { xmlText } from "./escaped.ts";

export function renderJunit(document: FindingsDocument): string {
  const { tool, title, findings, counts, error, passed } = document;
  const waived = findings.filter((finding) => finding.waived !== undefined).length;
  const failures = findings.filter(isFailure).length + (passed || error !== undefined ? 0 : 1);
  const numbers = `tests="${findings.length + 1}" failures="${failures}" errors="${error === undefined ? 0 : 1}" skipped="${waived}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${attribute(tool.name)}" ${numbers} time="0">`,
    `  <testsuite name="${attribute(title)}" ${numbers} time="0">`,
    "    <properties>",
    ...Object.entries(counts).map(
      ([name, value]) => `      <property name="${attribute(name)}" value="${value}"/>`,
    ),
    "    </properties>",
    ...wholeCase(document),
    ...findings.flatMap((finding) => findingCase(document, finding)),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

const isFailure = ({ severity, waived }: Finding): boolean => severity === "error" && waived === undefined;

/** Passes only when the check did; a report without findings still has a test in it. */
function wholeCase({ tool, title, passed, error, findings }: FindingsDocument): string[] {
  const open = `    <testcase classname="${attribute(tool.name)}" name="${attribute(title)}" time="0"`;
  if (error !== undefined) {
    const { code, message, next_step } = error;
    return [
      `${open}>`,
      `      <error type="${attribute(code)}" message="${attribute(message)}">${content(next_step)}</error>`,
      "    </testcase>",
    ];
  }
  if (passed) return [`${open}/>`];
  const count = findings.filter(isFailure).length;
  return [`${open}>`, `      <failure type="failed" message="${count} errors"/>`, "    </testcase>"];
}

function findingCase(document: FindingsDocument, finding: Finding): string[] {
  const { code, path, line, message, next_step, waived } = finding;
  const where = [path ?? finding.package_id, line].filter((part) => part !== undefined).join(":");
  const name = where === "" ? ruleOf(document, code).title : where;
  const file = path === undefined ? "" : ` file="${attribute(path)}"`;
  const at = line === undefined ? "" : ` line="${line}"`;
  const says = `${message}\n${next_step}`;
  const inner = isFailure(finding)
    ? `<failure type="${attribute(code)}" message="${attribute(message)}">${content(says)}</failure>`
    : waived === undefined
      ? `<system-out>${content(`${finding.severity}: ${says}`)}</system-out>`
      : `<skipped message="${attribute(`${waivedBy(waived)}; ${message}`)}"/>`;
  return [
    `    <testcase classname="${attribute(`${document.tool.name}.${code}`)}" name="${attribute(name)}"${file}${at} time="0">`,
    `      ${inner}`,
    "    </testcase>",
  ];
}

const attribute = xmlText;
const content = (text: string): string => text.split("\n").map(attribute).join("\n");
