/** JUnit, GitHub annotations and Markdown; JUnit is read by Python's own XML parser. */
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { FORMATS, renderReport } from "../../src/reports/index.ts";
import { aDocument, aFinding, bare, FAULT, HOSTILE, hostile } from "./documents.ts";

/** Prints the tree as JSON: tag, attributes, text, children. */
const PARSE = `
import sys, json
import xml.etree.ElementTree as E
def tree(e): return {"tag": e.tag, "at": e.attrib, "text": e.text, "in": [tree(c) for c in e]}
print(json.dumps(tree(E.fromstring(sys.stdin.buffer.read()))))
`;
interface Element {
  readonly tag: string;
  readonly at: Readonly<Record<string, string>>;
  readonly text: string | null;
  readonly in: readonly Element[];
}

function parsed(xml: string): Element {
  const done = spawnSync("python3", ["-c", PARSE], { input: xml, encoding: "utf8" });
  expect(done.stderr).toBe("");
  return JSON.parse(done.stdout) as Element;
}

/** The one suite, after its numbers were held against what is in it. */
function suiteOf(document = aDocument()): Element {
  const root = parsed(renderReport(document, "junit"));
  const suite = root.in[0];
  expect([root.tag, root.in.length, suite?.tag]).toEqual(["testsuites", 1, "testsuite"]);
  if (suite === undefined) throw new Error("no suite");
  const cases = suite.in.filter(({ tag }) => tag === "testcase");
  const having = (tag: string): number =>
    cases.filter((one) => one.in.some((inner) => inner.tag === tag)).length;
  const numbers = {
    tests: cases.length,
    failures: having("failure"),
    errors: having("error"),
    skipped: having("skipped"),
  };
  for (const [name, number] of Object.entries(numbers))
    expect([name, suite.at[name], root.at[name]]).toEqual([name, String(number), String(number)]);
  return suite;
}
const casesOf = (suite: Element): readonly Element[] => suite.in.filter(({ tag }) => tag === "testcase");

describe("JUnit", () => {
  test("errors fail, what is waived is skipped, notes pass with their text", () => {
    const suite = suiteOf();
    expect(casesOf(suite).map((one) => one.in.map(({ tag }) => tag))).toEqual([
      ["failure"],
      ["failure"],
      ["skipped"],
      ["system-out"],
      ["system-out"],
    ]);
    expect(casesOf(suite)[1]?.at).toMatchObject({
      classname: "integrity-check.FILE_DRIFT",
      name: "lib/a.py:3",
      file: "lib/a.py",
    });
    expect(suite.in[0]?.in.map(({ at }) => at)).toEqual([
      { name: "match", value: "10" },
      { name: "drift", value: "1" },
    ]);
  });

  test("without findings there is still a test; without a plane it is an error", () => {
    expect(suiteOf(aDocument({ findings: [], passed: true })).at).toMatchObject({
      tests: "1",
      failures: "0",
    });
    const [whole] = casesOf(suiteOf(aDocument({ findings: [], error: FAULT })));
    expect(whole?.in[0]).toMatchObject({ tag: "error", at: { type: "PLANE_NOT_FOUND" } });
  });

  test("hostile texts stay texts", () => {
    const suite = suiteOf(aDocument({ findings: [hostile(), bare(hostile())], title: HOSTILE }));
    const [, , failed] = casesOf(suite);
    expect(failed?.in[0]?.at["message"]).toContain("a'b\"<c>&amp;]]>`");
    expect(failed?.in[0]?.at["message"]).toContain("\\u001b[2J\\u0000\\u202e\\ufffe\\ud800");
  });
});

describe("GitHub annotations", () => {
  const lines = (document = aDocument()): string[] => renderReport(document, "github").trimEnd().split("\n");

  test("one line a finding, escaped as the runner wants it", () => {
    expect(lines()).toEqual([
      '::error file=lib/a.py,line=3,col=2,title=FILE_DRIFT::lib/a.py of PKG-T1-A-001 does not hold the bytes that were recorded%0ARun "integrity-check --fix" to restore it from the store.',
      "::notice file=lib/a.py,line=3,col=2,title=FILE_DRIFT::lib/a.py of PKG-T1-A-001 does not hold the bytes that were recorded%0Awaived by ann until 2026-12-31: known until the move",
      expect.stringMatching(/^::warning file=registries\/packages_registry\.csv,/),
      '::notice title=NOTHING_VERIFIED::no file%0ARun "pkg list".',
      "failed: Integrity of plane test",
    ]);
    expect(lines(aDocument({ findings: [aFinding({ message: "100%\n::error::x" })] }))[0]).toContain(
      "::100%25%0A::error::x%0A",
    );
  });

  test("a hostile name starts no command and ends no property", () => {
    const [first, last, ...more] = lines(aDocument({ findings: [bare(hostile())], title: HOSTILE }));
    expect(more).toEqual([]);
    expect(first?.match(/^::error file=([^,:]*),line=3,col=2,title=FILE_DRIFT::/)?.[1]).toContain(
      "%250A%3A%3Aerror",
    );
    expect(last).toMatch(/^failed: /);
  });

  test("no plane is one error", () => {
    expect(lines(aDocument({ findings: [], error: FAULT }))[0]).toBe(
      '::error title=PLANE_NOT_FOUND::/x is not a plane%0ARun "pkg init /x".',
    );
  });
});

describe("Markdown", () => {
  test("groups by standing, shows commands as code", () => {
    const text = renderReport(aDocument(), "markdown");
    expect(text).toContain("# Integrity of plane test: failed");
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual([
      "Errors",
      "Notes",
      "Information",
      "Waived",
    ]);
    expect(text).toContain("| match | 10 |");
    expect(text).toContain("Run `integrity-check --fix` to restore it");
    expect(text).toContain("waived by ann until 2026\\-12\\-31");
  });

  test("hostile texts make no link, tag, heading or line", () => {
    const text = renderReport(aDocument({ findings: [bare(hostile())], title: HOSTILE }), "markdown");
    const outside_code = text.replace(/(`+)[^`](?:.*?[^`])?\1(?!`)/g, "");
    expect(outside_code).not.toMatch(/(^|[^\\])[[<]/);
    expect(text.split("\n").filter((line) => line.startsWith("::"))).toEqual([]);
  });

  test("a long list is cut and says so", () => {
    const findings = Array.from({ length: 600 }, (_, index) => aFinding({ path: `lib/${index}` }));
    expect(renderReport(aDocument({ findings }), "markdown")).toContain("and 100 more findings");
  });
});

test("every form ends in a newline and says nothing of where it was made", () => {
  for (const format of FORMATS) {
    const text = renderReport(aDocument(), format);
    expect([format, text.endsWith("\n"), /\/(tmp|home|work|Users)\//.test(text)]).toEqual([
      format,
      true,
      false,
    ]);
  }
});
