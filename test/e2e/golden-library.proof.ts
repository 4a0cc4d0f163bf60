/** The example of docs/golden.md as its reader has it: the packed package, Vitest, one plugin. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { REPOSITORY } from "../support/cli.ts";
import { temporaryFolder } from "../support/tree.ts";

const EXAMPLE = join(REPOSITORY, "examples/plugin-tests");

/** The example beside the package as npm unpacks it; what it depends on is that of the checkout. */
function projectOf(folder: string): string {
  const project = join(folder, "project");
  cpSync(EXAMPLE, project, { recursive: true, filter: (path) => !path.includes("__pycache__") });
  const packed = JSON.parse(
    execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], {
      cwd: REPOSITORY,
      env: { ...process.env, npm_config_cache: join(folder, "npm") },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  ) as { filename: string }[];
  const modules = join(project, "node_modules");
  mkdirSync(join(modules, "holdfast"), { recursive: true });
  const archive = join(folder, packed[0]?.filename ?? "");
  execFileSync("tar", ["-xzf", archive, "--strip-components=1", "-C", join(modules, "holdfast")]);
  for (const name of readdirSync(join(REPOSITORY, "node_modules")))
    if (!name.startsWith(".") && name !== "holdfast")
      symlinkSync(join(REPOSITORY, "node_modules", name), join(modules, name));
  return project;
}

const run = (project: string, script: string, ...args: string[]) => {
  const env = { PATH: process.env["PATH"], HOME: project, TMPDIR: project, NO_COLOR: "1" };
  const argv = [join(REPOSITORY, "node_modules", script), ...args];
  return spawnSync(process.execPath, argv, { cwd: project, env, encoding: "utf8" });
};

const TSC = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--types", "node"];

test("its suite passes and leaves no plane; its types hold and refuse a wrong use", {
  timeout: 180_000,
}, () => {
  const project = projectOf(temporaryFolder());
  const done = run(project, "vitest/vitest.mjs", "run", "--reporter=json", "--outputFile=report.json");
  expect(done.status, done.stdout + done.stderr).toBe(0);
  const report = readFileSync(join(project, "report.json"), "utf8");
  expect(JSON.parse(report)).toMatchObject({ success: true, numPassedTests: 2, numTotalTests: 2 });
  expect(readdirSync(project).filter((name) => name.startsWith("holdfast-golden-"))).toEqual([]);
  const text = readFileSync(join(project, "test/greeter.test.ts"), "utf8");
  const wrong = text.replace('toPassGoldenAt("update")', "toPassGoldenAt(7)");
  expect(wrong).not.toBe(text);
  writeFileSync(join(project, "test/wrong.test.ts"), wrong);
  const typed = run(project, "typescript/bin/tsc", ...TSC, "test/greeter.test.ts", "test/wrong.test.ts");
  expect(typed.stdout.trim().split("\n")).toEqual([expect.stringMatching(/^test\/wrong\.test\.ts.*TS2345/)]);
});
