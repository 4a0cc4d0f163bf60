/** `golden run` through the real program, on packages of this repository. */
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import type { GoldenReport } from "../../src/contracts/index.ts";
import { REPOSITORY, runProgram } from "../support/cli.ts";
import { temporaryFolder, writeTree } from "../support/tree.ts";

const golden = (...args: string[]) => {
  const home = temporaryFolder();
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, TMPDIR: home };
  return { home, ...runProgram("golden", args, { cwd: REPOSITORY, env }) };
};

test("every package of this repository lives through its scenario: each step with its counts, nothing left", {
  timeout: 120_000,
}, () => {
  const { status, stdout, stderr, home } = golden("run", "--json");
  expect(status, stdout + stderr).toBe(0);
  const report = JSON.parse(stdout) as GoldenReport;
  const { scenarios, passed, failed } = report.totals;
  const modules = readdirSync(`${REPOSITORY}/modules`, { withFileTypes: true }).filter((one) =>
    one.isDirectory(),
  );
  expect([passed, failed]).toEqual([scenarios, 0]);
  expect(scenarios).toBeGreaterThan(modules.length);
  const steps = report.scenarios.flatMap((one) => one.steps);
  expect(steps.length).toBeGreaterThan(12);
  for (const { id, counts } of steps) expect(counts["checks"], id).toBeGreaterThan(0);
  expect(new Set(steps.map((step) => step.do))).toEqual(
    new Set([
      "preflight",
      "install",
      "enable",
      "configure",
      "execute",
      "update",
      "rollback",
      "uninstall",
      "compare",
    ]),
  );
  expect(readdirSync(home).filter((name) => name.startsWith("holdfast-golden-"))).toEqual([]);
  expect(tmpdir()).not.toBe(home);
});

test("a package that cannot be packed fails at once, with the words of the command", () => {
  const folder = temporaryFolder();
  const id = "PKG-T3-BROKEN-001";
  const holdfast = { id, version: "1.0.0", tier: "T3" };
  writeTree(folder, { "broken/package.json": JSON.stringify({ holdfast }), "broken/con.txt": "a\n" });
  const { status, stdout } = golden("run", `${folder}/broken`, "--json");
  expect(status).toBe(1);
  const [scenario] = (JSON.parse(stdout) as GoldenReport).scenarios;
  expect(scenario?.verdict).toBe("fail");
  expect(scenario?.steps.at(-1)?.problems[0]).toMatchObject({ code: "WORLD_FAILED" });
});

test("a tampering with nothing is a failure that is told, and the run ends", { timeout: 60_000 }, () => {
  const folder = temporaryFolder();
  writeTree(folder, {
    "one.toml": `schema_version = "1.0"
name = "tampers-with-nothing"
[packages.simple.generate]
files = 1
[[steps]]
do = "tamper"
how = "delete"
path = "modules/nothing.txt"
`,
  });
  const { status, stdout } = golden("run", `${folder}/one.toml`, "--json");
  expect(status).toBe(1);
  const [scenario] = (JSON.parse(stdout) as GoldenReport).scenarios;
  expect(scenario?.steps[0]?.problems[0]).toMatchObject({
    code: "EXIT_CODE",
    message: "there is no file at modules/nothing.txt to change",
  });
});

test("what cannot be run is named with what can", () => {
  const { status, stderr } = golden("run", "PKG-T1-RUNTIME-002");
  expect(status).toBe(1);
  expect(stderr).toContain("SUBJECT_UNKNOWN");
  expect(stderr).toContain("golden run PKG-T1-RUNTIME-001");
});
