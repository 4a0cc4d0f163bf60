import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { renderReport } from "../../src/reports/index.ts";
import { aDocument, aFinding, FAULT, HOSTILE, hostile } from "./documents.ts";

const schema: object = JSON.parse(
  readFileSync(new URL("./sarif-2.1.0.schema.json", import.meta.url), "utf8"),
);
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
const isSarif = ajv.compile(schema);

/** Parsed, and judged by the public schema. */
function sarifOf(document = aDocument()) {
  const log = JSON.parse(renderReport(document, "sarif"));
  expect(isSarif(log), JSON.stringify(isSarif.errors?.slice(0, 3))).toBe(true);
  expect(log.runs).toHaveLength(1);
  return log.runs[0];
}

describe("SARIF 2.1.0", () => {
  test("the public schema refuses what is not SARIF", () => {
    expect(isSarif({ version: "2.1.0", runs: [{ tool: {}, results: [{}] }] })).toBe(false);
  });

  test("levels, rules, places and next steps", () => {
    const { results, tool, columnKind } = sarifOf();
    expect(results.map(({ level }: { level: string }) => level)).toEqual([
      "error",
      "error",
      "warning",
      "note",
    ]);
    expect(tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual([
      "FILE_DRIFT",
      "NOTHING_VERIFIED",
      "REGISTRY_EDITED",
    ]);
    expect(tool.driver.rules[0]).toMatchObject({
      name: "FileDrift",
      shortDescription: { text: "Installed file changed." },
      help: { text: "A receipt says otherwise." },
    });
    expect(tool.driver.rules[2].shortDescription.text).toBe("Registry edited.");
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex].id).toBe(ruleId);
    expect(results[0]).toMatchObject({
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: "lib/a.py", uriBaseId: "%SRCROOT%" },
            region: { startLine: 3, startColumn: 2 },
          },
        },
      ],
      message: { text: expect.stringContaining("integrity-check --fix") },
    });
    expect(results[3].locations[0].physicalLocation.artifactLocation.uri).toBe("config/plane.toml");
    expect(columnKind).toBe("unicodeCodePoints");
  });

  test("a waived finding is suppressed, the others are said not to be", () => {
    const { results } = sarifOf();
    expect(results.map(({ suppressions }: { suppressions: object[] }) => suppressions.length)).toEqual([
      0, 1, 0, 0,
    ]);
    expect(results[1].suppressions[0]).toMatchObject({ status: "accepted", kind: "external" });
    const without = sarifOf(aDocument({ findings: [aFinding()] })).results[0];
    expect(without.suppressions).toBeUndefined();
  });

  test("fingerprints stay when lines move, and equal findings have their own", () => {
    const prints = (line: number): string[] =>
      sarifOf(aDocument({ findings: [aFinding({ line }), aFinding({ line: line + 1 })] })).results.map(
        (one: { partialFingerprints: Record<string, string> }) =>
          one.partialFingerprints["holdfastFinding/v1"],
      );
    expect(prints(1)).toEqual(prints(40));
    expect(new Set(prints(1)).size).toBe(2);
    expect(prints(1)[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  test("no plane: the run says that it did not succeed", () => {
    const { invocations, results } = sarifOf(aDocument({ findings: [], error: FAULT }));
    expect(results).toEqual([]);
    expect(invocations[0]).toMatchObject({
      executionSuccessful: false,
      toolExecutionNotifications: [{ descriptor: { id: "PLANE_NOT_FOUND" } }],
    });
  });

  test("a hostile name is one relative path and no control character is written", () => {
    const { results } = sarifOf(aDocument({ findings: [hostile()], title: HOSTILE }));
    const { uri } = results[0].locations[0].physicalLocation.artifactLocation;
    expect(uri).toMatch(/^lib\/[A-Za-z0-9%._~!'()*-]+$/);
    expect(decodeURIComponent(uri)).toBe(`lib/${HOSTILE}`.toWellFormed());
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    expect(renderReport(aDocument({ findings: [hostile()] }), "sarif")).not.toMatch(
      /[\u0000-\u0009\u000b-\u001f]/,
    );
  });

  test("whatever the texts, it is SARIF, and the same bytes twice", () => {
    const text = fc.string({ unit: "binary", maxLength: 30 });
    const finding = fc.record(
      {
        code: fc.constantFrom("FILE_DRIFT", "__proto__", "constructor"),
        severity: fc.constantFrom("error" as const, "note" as const, "info" as const),
        message: text,
        next_step: text,
        path: text,
        field: text,
        line: fc.integer({ min: 1 }),
      },
      { requiredKeys: ["code", "severity", "message", "next_step"] },
    );
    fc.assert(
      fc.property(fc.array(finding, { maxLength: 4 }), text, (findings, title) => {
        const document = aDocument({ findings, title });
        sarifOf(document);
        expect(renderReport(document, "sarif")).toBe(renderReport(document, "sarif"));
      }),
      { seed: 11, numRuns: 60 },
    );
  });
});
