/** Every form of the report from the real program, each read by somebody else's reader. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { type PlaneUnderTest, REPOSITORY, runProgram } from "../support/cli.ts";
import { temporaryFolder } from "../support/tree.ts";
import { evidencePlane, ok, planesLike, put } from "./scenes.ts";

const planeWithEvidence = planesLike(evidencePlane);
const HASHING = "modules/stdlib_evidence/hashing.py";
const SECRET = "secrets = 'do not show'\n";
const ajv = new Ajv2020({ strict: false, validateFormats: false });
const schemaAt = (path: string): object => JSON.parse(readFileSync(join(REPOSITORY, path), "utf8")) as object;
const isReport = ajv.compile(schemaAt("docs/reference/schema/integrity-report.schema.json"));
const isSarif = ajv.compile(schemaAt("test/reports/sarif-2.1.0.schema.json"));

function tampered(): PlaneUnderTest {
  const plane = planeWithEvidence();
  put(plane, HASHING, `${readFileSync(join(plane.root, HASHING), "utf8")}# one line more\n`);
  put(plane, "lib/a%b,c:d.txt", "x");
  return plane;
}

describe("forms of the report", () => {
  test("JSON holds against the published schema, which refuses anything else", () => {
    const plane = tampered();
    for (const args of [["--json"], ["--format", "json"], ["--json", "--fast"], ["--json", "--orphans"]]) {
      const report = plane.run("integrity-check", args).json() as Record<string, unknown>;
      expect([args, isReport(report), isReport.errors]).toEqual([args, true, null]);
      expect(isReport({ ...report, more: 1 })).toBe(false);
      expect(isReport({ ...report, healthy: "no" })).toBe(false);
    }
    const none = runProgram("integrity-check", ["--json", "--root", "/nonexistent"], {
      cwd: "/",
      env: plane.env,
    });
    expect([isReport(none.json()), none.status]).toEqual([true, 2]);
  });

  test("SARIF holds against the public schema, printed or written", () => {
    const plane = tampered();
    const done = plane.run("integrity-check", ["--sarif"]);
    const log = done.json();
    expect([isSarif(log), isSarif.errors, done.status]).toEqual([true, null, 1]);
    const uris = log.runs[0].results.map(
      (one: { locations: { physicalLocation: { artifactLocation: { uri: string } } }[] }) =>
        one.locations[0]?.physicalLocation.artifactLocation.uri,
    );
    expect(uris).toEqual(["lib/a%25b%2Cc%3Ad.txt", HASHING]);
    expect(done.stdout).not.toContain(plane.root);
    const written = plane.run("integrity-check", ["--format", "sarif", "--out", "../report.sarif"]);
    expect([written.status, written.stdout]).toEqual([
      1,
      expect.stringMatching(/^Integrity: ISSUES .*\nWritten to \.\.\/report\.sarif\n$/),
    ]);
    expect(readFileSync(join(plane.root, "../report.sarif"), "utf8")).toBe(done.stdout);
  });

  test("JUnit is read by Python, annotations and Markdown name what was found", () => {
    const plane = tampered();
    const junit = plane.run("integrity-check", ["--junit"]).stdout;
    const code = [
      "import sys, xml.etree.ElementTree as E",
      "t = E.fromstring(sys.stdin.buffer.read())",
      "print(t.tag, t.get('failures'), sorted(c.get('name') for c in t.iter('testcase') if c.find('failure') is not None))",
    ].join("\n");
    const read = runProgram("python3", ["-c", code], { cwd: "/", env: plane.env, input: junit });
    expect(read.stdout).toBe(`testsuites 3 ['Integrity of plane plane', 'lib/a%b,c:d.txt', '${HASHING}']\n`);
    expect(plane.run("integrity-check", ["--github"]).stdout.split("\n")[0]).toMatch(
      /^::error file=lib\/a%25b%2Cc%3Ad\.txt,title=FILE_UNOWNED::lib\/a%25b,c:d\.txt is in a governed folder/,
    );
    expect(plane.run("integrity-check", ["--markdown"]).stdout).toContain(
      `- **Installed file changed** \`${HASHING}\``,
    );
  });

  test("a fault is a report in every form, also written", () => {
    const { env } = planeWithEvidence();
    const cwd = temporaryFolder();
    const run = (...args: string[]) =>
      runProgram("integrity-check", [...args, "--root", "/nonexistent"], { cwd, env });
    expect(isSarif(run("--sarif").json())).toBe(true);
    expect(run("--junit").stdout).toContain('<error type="PLANE_NOT_FOUND"');
    expect(run("--github").stdout).toContain("::error title=PLANE_NOT_FOUND::");
    expect(run("--markdown").stdout).toContain("PLANE_NOT_FOUND");
    expect(run("--junit", "--out", "r.xml").status).toBe(2);
    expect(readFileSync(join(cwd, "r.xml"), "utf8")).toContain("PLANE_NOT_FOUND");
  });

  test("two forms at once, and a place that cannot be written, are refused", () => {
    const plane = planeWithEvidence();
    for (const args of [
      ["--sarif", "--junit"],
      ["--format", "json", "--github"],
      ["--format", "sarif", "--markdown"],
    ]) {
      const done = plane.run("integrity-check", args);
      expect([done.status, done.stdout]).toEqual([2, expect.stringContaining("INPUT_INVALID")]);
      expect(done.stdout).toContain("names a second form, and a report has one");
    }
    expect(plane.run("integrity-check", ["--sarif", "--format", "sarif"]).status).toBe(0);
    const done = plane.run("integrity-check", ["--json", "--out", "no/such/folder/x"]);
    expect([done.status, done.json().error.code]).toEqual([3, "OUTPUT_REFUSED"]);
  });
});

describe("differences and their limits", () => {
  test("of code always, of configuration only when asked for, of binaries never", () => {
    const plane = planeWithEvidence();
    const lines = ['id = "PKG-T2-CONF-001"', 'version = "1.0.0"', 'target = "lib/conf"', "classify = ["];
    put(
      plane,
      "modules/conf/holdfast.toml",
      [
        ...lines,
        '{ match = "settings.ini", as = "config" },',
        '{ match = "blob.bin", as = "data" },',
        "]",
        "",
      ].join("\n"),
    );
    put(plane, "modules/conf/settings.ini", "a = 1\n");
    put(plane, "modules/conf/blob.bin", Buffer.from([1, 0, 2]));
    put(plane, "modules/conf/main.py", "one = 1\ntwo = 2\n");
    ok(plane, "pkg", "pack", "--src", "modules/conf");
    ok(plane, "pkg", "install", "PKG-T2-CONF-001");
    put(plane, "lib/conf/settings.ini", SECRET);
    put(plane, "lib/conf/blob.bin", Buffer.from([1, 0, 3]));
    put(plane, "lib/conf/main.py", "one = 1\ntwo = 3\n");
    const diffs = (...args: string[]): Record<string, string | undefined> => {
      const { paths } = plane.run("integrity-check", ["--json", ...args]).json() as {
        paths: { path: string; diff?: string }[];
      };
      return Object.fromEntries(paths.map(({ path, diff }) => [path, diff]));
    };
    expect(diffs()).toEqual({
      "lib/conf/blob.bin": undefined,
      "lib/conf/settings.ini": undefined,
      "lib/conf/main.py": expect.stringContaining("-two = 2\n+two = 3\n"),
    });
    expect(diffs("--diff")["lib/conf/settings.ini"]).toContain(`-a = 1\n+${SECRET}`);
    const text = plane.run("integrity-check", []).stdout;
    expect(text).toContain("    -two = 2\n    +two = 3\n");
    expect(text).not.toContain("do not show");
  });
});

describe("integrity-check --record", () => {
  test("records edits of registries and configuration, with a token, and the check is clean again", () => {
    const plane = planeWithEvidence();
    const config = join(plane.root, "config/plane.toml");
    writeFileSync(config, readFileSync(config, "utf8").replace("excluded = []", 'excluded = ["lib/vendor"]'));
    put(
      plane,
      "config/waivers.toml",
      '[[waiver]]\ncode = "FILE_UNOWNED"\nowner = "ann"\nreason = "r"\nexpires = 2999-01-01\n',
    );
    put(plane, "lib/x", "x");
    const codes = (done: { json: () => { findings: { code: string }[] } }) =>
      done.json().findings.map(({ code }) => code);
    const first = plane.run("integrity-check", ["--json"]);
    expect([first.status, codes(first)]).toEqual([
      1,
      ["CONFIG_EDITED", "WAIVERS_UNRECORDED", "FILE_UNOWNED"],
    ]);
    const { HOLDFAST_TOKEN: _, ...env } = plane.env;
    const without = plane.run("integrity-check", ["--record", "--json"], { env });
    expect([without.status, without.json().error.code]).toEqual([3, "AUTH_TOKEN_MISSING"]);
    const recorded = plane.run("integrity-check", ["--record", "--json"]);
    expect([recorded.status, codes(recorded)]).toEqual([0, ["FILE_UNOWNED"]]);
    expect(recorded.json().waived_count).toBe(1);
    const ledger = readFileSync(join(plane.root, "ledger/governance.jsonl"), "utf8");
    expect(ledger.match(/"config_recorded"/g)).toHaveLength(3);
    expect(ok(plane, "pkg", "ledger", "verify").status).toBe(0);
  });
});
