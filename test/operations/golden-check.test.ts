/** `golden check` and `golden new` as programs: what they exit with, and the same as JSON. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runProgram } from "../support/cli.ts";
import { temporaryFolder } from "../support/tree.ts";

const golden = (cwd: string, ...args: string[]) =>
  runProgram("golden", args, { cwd, env: { PATH: process.env["PATH"] ?? "", HOME: cwd } });

test("having read nothing is a failure", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "golden"));
  const done = golden(folder, "check", "--json");
  expect(done.status).toBe(2);
  expect(done.json().error).toMatchObject({ code: "NOTHING_TO_CHECK" });
  expect(golden(folder, "check", "nowhere").status).toBe(2);
});

test("what is written passes, and counts; what is wrong exits 2 with line, column and next step", () => {
  const folder = temporaryFolder();
  const written = golden(folder, "new", "golden/first.toml", "--json");
  expect(written.status, written.stdout).toBe(0);
  expect(written.json()).toEqual({
    path: "golden/first.toml",
    name: "first",
    package_id: null,
    canonical: false,
    missing: [],
  });
  expect(golden(folder, "check", "--json").json()).toEqual({
    schema_version: "1.0",
    scenarios: 1,
    steps: 5,
    problems: 0,
    files: [{ path: "golden/first.toml", name: "first", steps: 5, problems: [] }],
  });
  writeFileSync(
    join(folder, "golden/second.toml"),
    'schema_version = "1.0"\nname = "Second"\npackages = {}\n',
  );
  const wrong = golden(folder, "check", "golden", "--json");
  expect(wrong.status).toBe(2);
  expect(wrong.json()).toMatchObject({ scenarios: 1, problems: 1 });
  expect(wrong.json().files[1].problems[0]).toMatchObject({
    code: "SCENARIO_INVALID",
    next_step: 'Correct /name in golden/second.toml:2, then run "golden check golden/second.toml".',
    details: { line: 2, column: 8, field: "/name" },
  });
});
