/** `golden matrix` on the three host programs: one run, the same in shards, and claims that are wrong. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { GoldenMatrix } from "../../src/contracts/index.ts";
import { REPOSITORY, runProgram, startProgram } from "../support/cli.ts";
import { temporaryFolder, writeTree } from "../support/tree.ts";

const NOTES = join(REPOSITORY, "golden/plugins/notes");

const setting = () => {
  const home = temporaryFolder();
  return { home, options: { cwd: home, env: { PATH: process.env["PATH"] ?? "", HOME: home, TMPDIR: home } } };
};

/** Two versions: one claims what it can, the other an API that no longer has the call it makes. */
const MATRIX = `
schema_version = "1.0"
name = "notes"
hosts = ["workbench@2.0.0", "workbench@3.0.0"]
apis = ["2.0.0", "3.0.0"]
packages.right = { source = "${NOTES}", version = "1.0.0" }
[packages.wrong]
source = "${NOTES}"
version = "1.1.0"
edits = [{ path = "pyproject.toml", find = 'api = ">=1.0.0 <3.0.0"', replace = 'api = ">=1.0.0 <4.0.0"' }]
`;

test("a claim that is wrong is found on a real host, and two shards say what one run says", {
  timeout: 90_000,
}, async () => {
  const { home, options } = setting();
  writeTree(home, { "notes.matrix.toml": MATRIX });
  const words = ["matrix", "notes.matrix.toml", "--steady", "--json"];
  const whole = runProgram("golden", words, options);
  expect(whole.status, whole.stderr).toBe(1);
  const matrix = JSON.parse(whole.stdout) as GoldenMatrix;
  expect(
    matrix.cells
      .filter(({ verdict }) => verdict === "fail")
      .map(({ host, api, version }) => [version, host.version, api]),
  ).toEqual([["1.1.0", "3.0.0", "3.0.0"]]);
  expect(matrix.findings.filter(({ severity }) => severity === "error")).toMatchObject([
    { code: "FAILED_INSIDE_RANGE", message: expect.stringContaining("there is no notes.list here") },
  ]);
  const passed = matrix.cells.filter(({ verdict }) => verdict === "pass");
  expect(passed.length).toBeGreaterThanOrEqual(4);
  for (const { interpreter } of passed) expect(interpreter).toMatch(/python/);

  const shards = await Promise.all(
    [1, 2].map(
      (number) =>
        startProgram("golden", [...words, "--shard", `${number}/2`, "--workers", "1"], options).ended,
    ),
  );
  shards.forEach(({ stdout }, at) => writeFileSync(join(home, `${at + 1}.json`), stdout));
  const merged = runProgram(
    "golden",
    ["merge", "2.json", "1.json", "--steady", "--out", "all.json"],
    options,
  );
  expect(merged.status, merged.stderr).toBe(1);
  expect(merged.stdout).toMatch(/workbench@3\.0\.0 api 3\.0\.0 +FAIL/);
  expect(readFileSync(join(home, "all.json"), "utf8")).toBe(whole.stdout);
  for (const [form, holds] of [
    ["markdown", "# Golden matrix: failed"],
    ["html", "<title>Golden matrix</title>"],
    ["junit", '<testsuites name="golden matrix" '],
  ] as const)
    expect(runProgram("golden", ["merge", "1.json", "2.json", "--format", form], options).stdout).toContain(
      holds,
    );

  const [first] = shards.map(({ stdout }) => JSON.parse(stdout) as GoldenMatrix);
  writeFileSync(join(home, "1.json"), JSON.stringify({ ...first, cells: first?.cells.slice(1) }));
  const cut = runProgram("golden", ["merge", "1.json", "2.json", "--json"], options);
  expect(cut.json()).toMatchObject({ healthy: false, totals: { not_run: 1 } });
  expect(cut.stdout).toContain("CELL_NOT_RUN");
  expect(runProgram("golden", ["merge", "1.json", "1.json"], options).stderr).toContain("MERGE_REFUSED");
  expect(runProgram("golden", ["merge", "notes.matrix.toml"], options).stderr).toContain(
    "GOLDEN_REPORT_INVALID",
  );
});

/** Says which Python runs it, and claims those before 3.12. */
const TELLER = {
  "teller/main.py": `import json, sys
json.load(sys.stdin)
print(json.dumps({"status": "ok", "result": {"python": "%d.%d" % sys.version_info[:2]}}))
`,
  "teller/pyproject.toml": `[project]
name = "teller"
version = "1.0.0"
[tool.holdfast]
id = "PKG-T3-TELLER-001"
tier = "T3"
[tool.holdfast.compat]
python = ">=3.9.0 <3.12.0"
[tool.holdfast.plugin]
namespace = "example.teller"
kind = "integration"
capability = ["actions"]
runtime = "python"
entrypoint = "main.py"
[[tool.holdfast.plugin.actions]]
id = "tell"
title = "Tell"
input = { type = "object" }
output = { type = "object" }
examples = [{ input = {}, output = { python = "3.11" } }]
`,
};

test("the product itself is a host; a Python that is not there is not run, and a library has no matrix", {
  timeout: 60_000,
}, () => {
  const { home, options } = setting();
  writeTree(home, TELLER);
  const words = [
    "--hosts",
    "holdfast,workbench@1.0.0",
    "--apis",
    "1.0.0",
    "--pythons",
    "3.11,3.99",
    "--json",
  ];
  const out = ["--format", "html", "--out", "matrix.html"];
  const own = runProgram("golden", ["matrix", "teller", ...words, ...out], options);
  expect(own.status, own.stdout + own.stderr).toBe(1);
  const { cells, findings } = own.json() as GoldenMatrix;
  expect(readFileSync(join(home, "matrix.html"), "utf8")).toContain("Golden matrix: failed");
  expect(
    cells.map(({ host, python, verdict }) => [host.name, python?.slice(0, 4), verdict]),
    own.stdout,
  ).toEqual([
    ["holdfast", "3.11", "pass"],
    ["holdfast", "3.99", "not-run"],
    ["workbench", "3.11", "pass"],
    ["workbench", "3.99", "not-run"],
  ]);
  expect(findings.filter(({ severity }) => severity === "error").map(({ code }) => code)).toEqual([
    "CELL_NOT_RUN",
    "CELL_NOT_RUN",
  ]);
  const library = runProgram("golden", ["matrix", "PKG-T1-RUNTIME-001", "--root", REPOSITORY], options);
  expect(library.stderr).toContain("MATRIX_NO_PLUGIN");
});
