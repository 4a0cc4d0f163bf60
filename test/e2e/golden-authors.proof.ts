/** The session in docs/golden.md is run as it stands, with the files it shows; and the job for any CI. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { GoldenReport } from "../../src/contracts/index.ts";
import { makePlane, REPOSITORY, runProgram } from "../support/cli.ts";
import { followSession, sessionOf } from "../support/console-session.ts";
import { temporaryFolder } from "../support/tree.ts";

const programs = ["golden", "pkg"]
  .map((name) => `${name}() { "${process.execPath}" "${join(REPOSITORY, `bin/${name}.cjs`)}" "$@"; }`)
  .join("\n");

test("the session of a scenario's author works as written", { timeout: 240_000 }, () => {
  const plane = makePlane();
  const page = readFileSync(join(REPOSITORY, "docs/golden.md"), "utf8");
  const files = [...page.matchAll(/```toml\n# (golden\/[a-z]+\.toml)\n([\s\S]*?)```/g)];
  expect(files.length).toBeGreaterThan(5);
  mkdirSync(join(plane.root, "golden"), { recursive: true });
  for (const [, path = "", text = ""] of files) writeFileSync(join(plane.root, path), text);
  const answer = { current: { temperature_2m: 11, wind_speed_10m: 7 } };
  writeFileSync(join(plane.root, "golden/answer.json"), JSON.stringify(answer));
  for (const source of ["examples/plugin-tests/greeter", "modules/example_weather"])
    cpSync(join(REPOSITORY, source), join(plane.root, "modules", source.split("/").at(-1) ?? ""), {
      recursive: true,
      filter: (path) => !path.includes("__pycache__"),
    });
  const steps = sessionOf(page);
  expect(steps.length).toBeGreaterThan(12);
  const env = { ...plane.env, TMPDIR: plane.home };
  followSession(steps, (command) => plane.run("sh", ["-c", `${programs}\n${command}`], { env }));
});

test("the job for any CI: parts, a whole, and red where a part is missing", { timeout: 120_000 }, () => {
  const folder = temporaryFolder();
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    TMPDIR: folder,
    HOLDFAST_GOLDEN: join(REPOSITORY, "bin/golden.cjs"),
  };
  const job = (...args: string[]) =>
    runProgram(join(REPOSITORY, "templates/golden/golden-ci.sh"), args, { cwd: folder, env });
  const scenario = (name: string) => `schema_version = "1.0"
name = "${name}"
[packages.sample]
generate = {}
[[steps]]
do = "install"
packages = ["sample"]
`;
  mkdirSync(join(folder, "golden"));
  for (const name of ["one", "two"]) writeFileSync(join(folder, "golden", `${name}.toml`), scenario(name));
  for (const shard of ["1/2", "2/2"]) expect(job("run", shard).status).toBe(0);
  const whole = job("merge");
  expect(whole.status, whole.stdout + whole.stderr).toBe(0);
  expect(whole.stdout).toContain("# Golden run: passed");
  const reports = join(folder, "golden-reports");
  const report = JSON.parse(readFileSync(join(reports, "golden.json"), "utf8")) as GoldenReport;
  expect(report.totals).toMatchObject({ scenarios: 2, passed: 2 });
  rmSync(join(reports, "shard-2-of-2.json"));
  const part = job("merge");
  expect(part.status).toBe(1);
  expect(part.stdout).toContain("NOT_RUN");
  // What is refused leaves nothing for the merge.
  const refused = job("run", "3/2");
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain("SHARD_INVALID");
  expect(existsSync(join(reports, "shard-3-of-2.json"))).toBe(false);
  expect(job().status).toBe(2);
});
