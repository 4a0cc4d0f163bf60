/** The result of a matrix as others read it: parsed by their parsers, opened in their browser. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import type { GoldenMatrix, MatrixCell, MatrixWaiver } from "../../src/contracts/index.ts";
import { closeMatrix, renderGolden } from "../../src/harness/index.ts";
import { textOfMatrix } from "../../src/operations/golden-matrix-report.ts";
import { CHROMIUM, Page } from "../support/chromium.ts";
import { temporaryFolder } from "../support/tree.ts";

const EVIL = "<img src=x onerror=alert(1)>]]>&\"'`|\u0000\u001b[31m\ud800";

const cell = (host: string, python: string, more: Partial<MatrixCell> = {}): MatrixCell => ({
  id: `1.0.0 workbench@${host} api@1.0.0 python@${python}`,
  version: "1.0.0",
  host: { name: "workbench", version: host },
  api: "1.0.0",
  python,
  outside: [],
  verdict: "pass",
  waived: null,
  refused_by: null,
  works: true,
  interpreter: "/usr/bin/python3",
  checks: 5,
  duration_ms: 1500,
  problems: [],
  ...more,
});
const wrong = {
  code: "OUTPUT",
  message: EVIL,
  expected: EVIL,
  actual: "b",
  next_step: 'Run "golden matrix x".',
};
const not_run = { verdict: "not-run", works: null, interpreter: null, checks: 0 } as const;

const CELLS = [
  cell("1.0.0", "3.9.1"),
  cell("1.0.0", "3.12.1", { verdict: "fail", works: false, problems: [wrong] }),
  cell("2.0.0", "3.9.1", { ...not_run, problems: [{ ...wrong, code: "NOT_RUN" }] }),
  cell("2.0.0", "3.12.1", not_run),
  cell("3.0.0", "3.9.1", { verdict: "infra-failure", works: null, problems: [{ ...wrong, code: "HOST" }] }),
  cell("3.0.0", "3.12.1", { verdict: "refused-as-declared", outside: ["host"], refused_by: "preflight" }),
];
const WAIVERS: readonly MatrixWaiver[] = [
  { cell: "* workbench@2.0.0 * python@3.12.1", owner: EVIL, reason: "not there", expires: "2999-01-01" },
  { cell: "nothing", owner: "ann", reason: "over by now", expires: "2001-01-01" },
];

const matrix: GoldenMatrix = closeMatrix(
  {
    schema_version: "1.0",
    package_id: "PKG-T3-NOTES-001",
    harness: { version: "0.1.0", digest: "b".repeat(64) },
    programs_digest: "1".repeat(64),
    host_digests: { "workbench@1.0.0": "2".repeat(64) },
    environment: { os: "linux", arch: "x64", node: "24", python: "3.12.1", host: "0.1.0", api: "1.0.0" },
    began_at: "2026-11-21T10:00:00.000Z",
    duration_ms: 9000,
    shard: null,
    swept_folders: 0,
    versions: [{ version: "1.0.0", digest: "d".repeat(64), compat: { host: ">=1.0.0 <3.0.0" } }],
    edges: [],
    waivers: [...WAIVERS],
    planned: CELLS.map(({ id, version, host, api, python, outside }) => ({
      id,
      version,
      host,
      api,
      python,
      outside,
    })),
    cells: CELLS,
  },
  "2026-11-21",
);

const PARSE = `
import json, sys, xml.etree.ElementTree as E
root = E.fromstring(sys.stdin.buffer.read())
print(json.dumps({"suites": [dict(s.attrib, cases=[[c.get("name"), [k.tag for k in c]] for c in s.findall("testcase")]) for s in root], **root.attrib}))
`;

test("JUnit: a suite a host, a case a cell; what nobody ran or answers for is an error", () => {
  const done = spawnSync("python3", ["-c", PARSE], {
    input: renderGolden(matrix, "junit"),
    encoding: "utf8",
  });
  expect(done.status, done.stderr).toBe(0);
  const root = JSON.parse(done.stdout);
  expect(root).toMatchObject({ tests: "7", failures: "1", errors: "3", skipped: "1", time: "9.000" });
  expect(root.suites.map(({ name, cases }: { name: string; cases: unknown }) => [name, cases])).toEqual([
    [
      "PKG-T3-NOTES-001 1.0.0 workbench@1.0.0",
      [
        ["api@1.0.0 python@3.9.1", []],
        ["api@1.0.0 python@3.12.1", ["failure"]],
      ],
    ],
    [
      "PKG-T3-NOTES-001 1.0.0 workbench@2.0.0",
      [
        ["api@1.0.0 python@3.9.1", ["error"]],
        ["api@1.0.0 python@3.12.1", ["skipped"]],
      ],
    ],
    [
      "PKG-T3-NOTES-001 1.0.0 workbench@3.0.0",
      [
        ["api@1.0.0 python@3.9.1", ["error"]],
        ["api@1.0.0 python@3.12.1", []],
      ],
    ],
    ["PKG-T3-NOTES-001 findings", [["WAIVER_EXPIRED nothing", ["error"]]]],
  ]);
  expect(root.suites[0].timestamp).toBe("2026-11-21T10:00:00");
});

test("Markdown holds a table a version, every finding, and no markup that is not its own", () => {
  const text = renderGolden(matrix, "markdown");
  expect(text).toContain("# Golden matrix: failed");
  expect(text).toContain("| workbench@1.0.0 api 1.0.0 | pass | **FAIL** |");
  expect(text).toContain("| workbench@2.0.0 api 1.0.0 | **NOT RUN** | waived |");
  expect(text).toContain("| workbench@3.0.0 api 1.0.0 | **INFRA** | refused\\* |");
  for (const code of ["FAILED_INSIDE_RANGE", "CELL_NOT_RUN", "WAIVER_EXPIRED", "RANGE_TOO_NARROW"])
    expect(text).toContain(`\`${code}\``);
  const prose = text.replaceAll("\\`", "").replaceAll(/(`+)(?!`).*?[^`]\1(?!`)/g, "");
  expect(prose).toContain("\\<img");
  expect(prose).not.toMatch(/(?<!\\)<(?!\/?(details|summary)>)/);
  expect(text).not.toContain("\u001b");
});

test("text says the same in the same words", () => {
  const text = textOfMatrix(matrix);
  expect(text).toMatch(/workbench@1\.0\.0 api 1\.0\.0 +pass +FAIL\n/);
  expect(text).toMatch(/workbench@2\.0\.0 api 1\.0\.0 +NOT RUN +waived\n/);
  expect(text).toMatch(/workbench@3\.0\.0 api 1\.0\.0 +INFRA +refused\*\n/);
});

test("HTML is one page that names no other file and runs nothing", () => {
  const page = renderGolden(matrix, "html");
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/<script|<img|<iframe|https?:|@import|url\(/i);
  expect(page).toContain("color-scheme: light dark");
  expect(renderGolden(matrix, "html")).toBe(page);
});

describe.runIf(CHROMIUM !== undefined)("HTML in Chromium", () => {
  test("opens without a request or a complaint, and shows each cell that wants something done", async () => {
    const file = join(temporaryFolder(), "matrix.html");
    writeFileSync(file, renderGolden(matrix, "html"));
    const url = pathToFileURL(file).href;
    const page = await Page.open({ width: 1000, height: 800 });
    await page.go(url);
    expect(await page.value("document.querySelectorAll('details[open]').length")).toBe(3);
    expect(await page.value("document.querySelector('h1').textContent")).toBe("Golden matrix: failed");
    expect(await page.value("document.querySelectorAll('td.not-run').length")).toBe(1);
    expect(await page.value("document.querySelectorAll('img, script').length")).toBe(0);
    expect(await page.value("document.documentElement.scrollWidth <= 1000")).toBe(true);
    expect(page.requests).toEqual([url]);
    expect(page.complaints).toEqual([]);
  });
});
