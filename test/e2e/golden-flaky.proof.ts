/** `golden flaky` and the forms of `golden run` through the real programs. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeDefects } from "../harness/defects.ts";
import { REPOSITORY, runProgram } from "../support/cli.ts";
import { temporaryFolder, writeTree } from "../support/tree.ts";

const golden = (cwd: string, ...args: string[]) =>
  runProgram("golden", args, { cwd, env: { PATH: process.env["PATH"] ?? "", HOME: cwd, TMPDIR: cwd } });

test("an action that answers with the time is named, with the step and the place in its answer", () => {
  const folder = temporaryFolder();
  const source = join(folder, "modules/example_gate");
  cpSync(join(REPOSITORY, "modules/example_gate"), source, { recursive: true });
  const main = join(source, "main.mjs");
  const text = readFileSync(main, "utf8");
  writeFileSync(main, text.replace("files, unread };", "files: process.hrtime()[1], unread };"));
  const done = golden(folder, "flaky", "PKG-T3-GATE-001", "--runs", "2");
  expect(done.status).toBe(1);
  expect(done.stdout).toMatch(/VARIES pkg-t3-gate-001: execute-1: output at \/files/);
  expect(done.stdout).toContain("not deterministic: 2 runs of 1 scenarios");
});

test("a file that is written otherwise each time is named with its line, and a declared rule lets it be", () => {
  const folder = temporaryFolder();
  const name = "writes-otherwise";
  const code = `open("data/${name}/notes.txt", "w").write("notes\\nkey " + os.urandom(8).hex() + "\\n")\nresult = {"text": given["text"]}`;
  writeDefects(folder, [{ name, code }]);
  const scenario = join(folder, `${name}.toml`);
  const explained = ["data", "data/**"]
    .map((path) => `[[explained]]\npath = "${path}"\nwhy = "its notes are kept on purpose"\n`)
    .join("");
  const text = readFileSync(scenario, "utf8");
  writeFileSync(scenario, `${text}${explained}`);
  const done = golden(folder, "flaky", scenario, "--runs", "2");
  expect(done.status, done.stdout + done.stderr).toBe(1);
  expect(done.stdout).toContain(`VARIES ${name}: execute-1: contents of plane/data/${name}/notes.txt`);
  expect(done.stdout).toMatch(/ {2}run 1: line 2: key [0-9a-f]{16}\n {2}run 2: line 2: key [0-9a-f]{16}\n/);
  for (const rule of ['pattern = "key [0-9a-f]{16}"', `pointer = "/contents/plane/data/${name}/notes.txt"`]) {
    writeFileSync(scenario, `${text}${explained}[[normalise]]\n${rule}\nwith = "a key"\n`);
    const steady = golden(folder, "flaky", scenario, "--runs", "2");
    expect(steady.status, steady.stdout + steady.stderr).toBe(0);
  }
});

test("a package that does the same each time is proven to, and the report comes in every form", () => {
  const folder = temporaryFolder();
  writeTree(folder, {
    "modules/demo/__init__.py": "A = 1\n",
    "modules/demo/holdfast.toml": 'id = "PKG-T1-DEMO-001"\nversion = "1.0.0"\n',
  });
  const done = golden(folder, "flaky", "PKG-T1-DEMO-001", "--runs", "2", "--json");
  expect(done.status, done.stdout + done.stderr).toBe(0);
  expect(done.json()).toMatchObject({ deterministic: true, runs: 2, variations: [], failed: [] });
  expect(done.json().steps).toBeGreaterThanOrEqual(6);
  const html = golden(folder, "run", "PKG-T1-DEMO-001", "--format", "html", "--out", "golden.html");
  expect(html.status, html.stderr).toBe(0);
  expect(html.stdout).toContain("1 of 1 scenarios passed");
  expect(readFileSync(join(folder, "golden.html"), "utf8")).toContain("Golden run: passed");
});

test("an archive that nobody can unpack, and a version nobody packed, are named", () => {
  const folder = temporaryFolder();
  writeTree(folder, { "packages_store/PKG-T1-DEMO-001-1.0.0.tar.gz": "no archive\n" });
  expect(golden(folder, "run", "PKG-T1-DEMO-001@1.0.0").stderr).toContain("SCENARIO_PACKAGE");
  expect(golden(folder, "run", "PKG-T1-DEMO-001@2.0.0").stderr).toContain("SUBJECT_UNKNOWN");
});
