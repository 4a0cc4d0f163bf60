/** The report of a run as others read it: parsed by their parsers, opened in their browser. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import type { GoldenReport, GoldenStep } from "../../src/contracts/index.ts";
import { renderGolden } from "../../src/harness/index.ts";
import { CHROMIUM, Page } from "../support/chromium.ts";
import { temporaryFolder } from "../support/tree.ts";

const EVIL = "<img src=x onerror=alert(1)>]]>&\"'`|\u0000\u001b[31m\ud800";

const step = (id: string, verdict: GoldenStep["verdict"], message?: string): GoldenStep => ({
  id,
  do: "execute",
  verdict,
  duration_ms: 1234,
  exit_code: 0,
  fault: null,
  injected: null,
  counts: { checks: 3, paths: 20 },
  problems:
    message === undefined
      ? []
      : [{ code: "OUTPUT", message, expected: EVIL, actual: "b", next_step: 'Run "golden run x".' }],
  trace: null,
});

const report: GoldenReport = {
  schema_version: "1.0",
  harness: { version: "0.1.0", digest: "b".repeat(64) },
  environment: { os: "linux", arch: "x64", node: "24", python: "3.12.1", host: "0.1.0", api: "1.0.0" },
  began_at: "2026-11-21T10:00:00.000Z",
  duration_ms: 5000,
  shard: null,
  totals: { scenarios: 2, steps: 3, passed: 1, failed: 1, checks: 12 },
  scenarios: [
    {
      name: "good",
      title: EVIL,
      canonical: true,
      required: true,
      scenario_digest: "c".repeat(64),
      verdict: "pass",
      duration_ms: 1234,
      packages: [{ package_id: "PKG-T1-DEMO-001", version: "1.0.0", digest: "d".repeat(64) }],
      steps: [step("install", "pass")],
    },
    {
      name: "bad",
      title: "bad",
      canonical: false,
      required: true,
      scenario_digest: "c".repeat(64),
      verdict: "fail",
      duration_ms: 1234,
      packages: [],
      steps: [
        step("install", "pass"),
        step("execute", "fail", EVIL),
        step("world", "infra-failure", "no disk"),
        step("uninstall", "not-run"),
      ],
    },
  ],
};

const PARSE = `
import json, sys, xml.etree.ElementTree as E
root = E.fromstring(sys.stdin.buffer.read())
print(json.dumps({"suites": [dict(s.attrib, cases=[[c.get("name"), [k.tag for k in c]] for c in s.findall("testcase")]) for s in root], **root.attrib}))
`;

test("JUnit: a suite a scenario, a case a step, each as it ended", () => {
  const xml = renderGolden(report, "junit");
  const done = spawnSync("python3", ["-c", PARSE], { input: xml, encoding: "utf8" });
  expect(done.status, done.stderr).toBe(0);
  const root = JSON.parse(done.stdout);
  expect(root).toMatchObject({ tests: "5", failures: "1", errors: "1", skipped: "1", time: "5.000" });
  expect(root.suites.map((one: { cases: unknown }) => one.cases)).toEqual([
    [["install", []]],
    [
      ["install", []],
      ["execute", ["failure"]],
      ["world", ["error"]],
      ["uninstall", ["skipped"]],
    ],
  ]);
  expect(root.suites[0].name).toContain("<img src=x");
});

test("Markdown holds no markup that is not its own", () => {
  const text = renderGolden(report, "markdown");
  expect(text).toContain("# Golden run: failed");
  expect(text).toContain("1 of 2 scenarios passed");
  const prose = text.replaceAll("\\`", "").replaceAll(/(`+)(?!`).*?[^`]\1(?!`)/g, "");
  expect(prose).toContain("\\<img");
  expect(prose).not.toMatch(/(?<!\\)<(?!\/?(details|summary)>)/);
  expect(text).not.toContain("\u001b");
});

test("HTML is one page that names no other file and runs nothing", () => {
  const page = renderGolden(report, "html");
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/<script|<img|<iframe|https?:|@import|url\(/i);
  expect(page).toContain("color-scheme: light dark");
  expect(renderGolden(report, "html")).toBe(page);
});

describe.runIf(CHROMIUM !== undefined)("HTML in Chromium", () => {
  test("opens without a request or a complaint, and shows what failed", async () => {
    const file = join(temporaryFolder(), "golden.html");
    writeFileSync(file, renderGolden(report, "html"));
    const url = pathToFileURL(file).href;
    const page = await Page.open({ width: 1000, height: 800 });
    await page.go(url);
    expect(await page.value("document.querySelectorAll('details[open]').length")).toBe(1);
    expect(await page.value("document.querySelectorAll('img, script').length")).toBe(0);
    expect(await page.value("document.documentElement.scrollWidth <= 1000")).toBe(true);
    expect(page.requests).toEqual([url]);
    expect(page.complaints).toEqual([]);
  });
});
