/**
 * SARIF 2.1.0 (OASIS), one run. Paths are relative to `%SRCROOT%`, the plane; no clock, no absolute path, so that the same
 * findings give the same bytes.
 */
import type { Finding } from "../contracts/index.ts";
import { compareCodePoints, sha256Hex } from "../kernel/index.ts";
import { type FindingsDocument, ruleOf, waivedBy } from "./document.ts";
import { printable } from "./printable.ts";

const LEVEL = { error: "error", note: "warning", info: "note" } as const;
const SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";

export function renderSarif(document: FindingsDocument): string {
  const { tool, findings, counts, passed, error } = document;
  const codes = [...new Set(findings.map(({ code }) => code))].sort(compareCodePoints);
  const fingerprint = fingerprints();
  const some_waived = findings.some(({ waived }) => waived !== undefined);
  const run = {
    tool: {
      driver: {
        name: tool.name,
        version: tool.version,
        semanticVersion: tool.version,
        rules: codes.map((code) => ruleObject(document, code)),
      },
    },
    invocations: [invocation(error)],
    originalUriBaseIds: { "%SRCROOT%": { description: { text: "The root of the plane." } } },
    columnKind: "unicodeCodePoints",
    results: findings.map((finding) => ({
      ruleId: finding.code,
      ruleIndex: codes.indexOf(finding.code),
      level: LEVEL[finding.severity],
      message: { text: printed([finding.message, finding.next_step]) },
      locations: [location(finding, document.home_path)],
      partialFingerprints: { "holdfastFinding/v1": fingerprint(finding) },
      // Where one result is suppressed, an empty list says of the others that they are not.
      ...(some_waived ? { suppressions: suppressions(finding) } : {}),
      properties: properties(finding),
    })),
    properties: { passed, counts },
  };
  return `${JSON.stringify({ $schema: SCHEMA, version: "2.1.0", runs: [run] }, null, 2)}\n`;
}

function invocation(error: FindingsDocument["error"]): object {
  if (error === undefined) return { executionSuccessful: true };
  const text = printed([error.message, error.next_step]);
  return {
    executionSuccessful: false,
    toolExecutionNotifications: [{ level: "error", descriptor: { id: error.code }, message: { text } }],
  };
}

function ruleObject(document: FindingsDocument, code: string): object {
  const { title, help } = ruleOf(document, code);
  const worst = document.findings.find((finding) => finding.code === code);
  return {
    id: code,
    name: code
      .split("_")
      .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
      .join(""),
    shortDescription: { text: `${title}.` },
    fullDescription: { text: help },
    help: { text: help },
    defaultConfiguration: { level: LEVEL[worst?.severity ?? "error"] },
  };
}

function location({ path, line, column }: Finding, home_path: string): object {
  return {
    physicalLocation: {
      artifactLocation: { uri: relativeUri(path ?? home_path), uriBaseId: "%SRCROOT%" },
      // Viewers want a region; a finding about a whole file is shown at its first line.
      region: { startLine: line ?? 1, ...(column === undefined ? {} : { startColumn: column }) },
    },
  };
}

function suppressions({ waived }: Finding): object[] {
  if (waived === undefined) return [];
  return [{ kind: "external", status: "accepted", justification: printable(waivedBy(waived)) }];
}

function properties({ field, package_id, expected, actual, next_step }: Finding): object {
  const given = Object.entries({ next_step, field, package_id, expected, actual });
  return Object.fromEntries(
    given.flatMap(([key, text]) => (text === undefined ? [] : [[key, printable(text)]])),
  );
}

/** Each component percent-encoded, so that no name reads as a scheme, a query or a step upwards. */
const relativeUri = (path: string): string =>
  path
    .toWellFormed()
    .split("/")
    .map((part) => encodeURIComponent(part))
    .join("/");

const printed = (sentences: readonly string[]): string => sentences.map(printable).join("\n");

/** The same finding in a later run has the same print, wherever its line has moved to; equal ones are numbered. */
function fingerprints(): (finding: Finding) => string {
  const seen = new Map<string, number>();
  return ({ code, path = "", field = "", package_id = "" }) => {
    const key = [code, path, field, package_id].join("\0").toWellFormed();
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return sha256Hex(`${key}\0${count}`);
  };
}
