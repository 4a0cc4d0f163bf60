/** The report as other tools read it, and what stands in it where not everything could be judged. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { PreflightReport } from "../../src/contracts/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { temporaryFolder, writeTree } from "../support/tree.ts";
import { exchanged, GOOD, GOOD_FILES } from "./good.ts";
import { type Ran, shell } from "./scene.ts";

const json = (path: string): object =>
  JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8"));
const ajv = new Ajv2020({ strict: false, validateFormats: false });
const isSarif = ajv.compile(json("test/reports/sarif-2.1.0.schema.json"));
const isReport = ajv.compile(json("docs/reference/schema/preflight-report.schema.json"));

/** A folder without a plane: an author's machine, or CI. */
function author(files: Record<string, string> = {}): (...words: string[]) => Promise<Ran> {
  const folder = temporaryFolder();
  const all = { ...GOOD_FILES, ...files };
  writeTree(folder, Object.fromEntries(Object.entries(all).map(([name, text]) => [`notes/${name}`, text])));
  const effects = nodeEffects({
    host: { env: { PATH: process.env["PATH"] ?? "" }, home: folder, cwd: folder },
  });
  return (...words) => shell(effects, ["preflight", ...words]);
}

const broken = exchanged(exchanged(GOOD, 'host = "^1.0.0"', 'host = "^99.0.0"'), 'license = "MIT"\n', "");

describe("without a plane", () => {
  test("what needs one is not run, with the reason; the exit is 0 unless all is required", async () => {
    const pkg = author();
    const ran = await pkg("notes", "--json");
    const report = ran.json();
    expect([ran.status, report.healthy, report.complete, report.plane]).toEqual([0, true, false, null]);
    const skipped = report.subjects[0].checks.filter(
      ({ verdict }: { verdict: string }) => verdict === "not_run",
    );
    expect(skipped.map(({ id }: { id: string }) => id)).toEqual(["permission-policy", "ownership"]);
    for (const { reason, examined } of skipped)
      expect([reason, examined]).toEqual(["there is no plane here; name one with --root", 0]);
    expect((await pkg("notes", "--require-all")).status).toBe(1);
    expect(PreflightReport.safeParse(report).success).toBe(true);
    expect(isReport(report), JSON.stringify(isReport.errors)).toBe(true);
    expect((await pkg("notes", "--root", "nowhere", "--json")).json().error.code).toBe("PLANE_NOT_FOUND");
  });

  test("versions given on the command line count in place of those here", async () => {
    const ranges = 'host = "^1.0.0"\napi = "^1.0.0"\nnode = "^24.0.0"\npython = ">=3.9 <4"';
    const pkg = author({ "holdfast.toml": exchanged(GOOD, 'host = "^1.0.0"', ranges) });
    expect((await pkg("notes", "--python", "3.12", "--node", "24.1.0")).status).toBe(0);
    for (const [flag, version] of [
      ["--host", "2.0.0"],
      ["--api", "2.0.0"],
      ["--node", "22.0.0"],
      ["--python", "3.8"],
    ] as const) {
      const { findings, checks } = (
        await pkg("notes", "--python", "3.12", "--node", "24.1.0", flag, version, "--json")
      ).json().subjects[0];
      expect(findings, flag).toMatchObject([{ code: "COMPAT_UNMET", field: `/compat/${flag.slice(2)}` }]);
      expect(checks.find(({ verdict }: { verdict: string }) => verdict === "fail").id).toBe(
        `${flag.slice(2)}-range`,
      );
    }
  });

  test("a manifest alone, under any name, and what is none", async () => {
    const pkg = author({
      "holdfast.toml": "",
      "other.toml": exchanged(GOOD, 'entrypoint = "main.py"\n', 'entrypoint = "main.py"\n'),
    });
    const { subject_kind, checks, findings } = (await pkg("notes/other.toml", "--json")).json().subjects[0];
    expect([subject_kind, findings]).toEqual(["manifest", []]);
    expect(checks.find(({ id }: { id: string }) => id === "archive-safety").reason).toContain(
      "no files to pack",
    );
    for (const missing of ["nothing", "PKG-T1-NOTES-001"])
      expect((await pkg(missing, "--json")).json().error.code).toBe("PREFLIGHT_SUBJECT_MISSING");
    expect((await pkg("notes/main.py", "--json")).json().subjects[0].findings[0].code).toBe(
      "ARCHIVE_NOT_GZIP",
    );
    expect((await pkg("--json")).json().error.code).toBe("INPUT_MISSING");
  });
});

describe("forms", () => {
  const good = { "holdfast.toml": broken };

  test("SARIF: one run, relative URIs, region and rule of every finding", async () => {
    const log = JSON.parse((await author(good)("notes", "--sarif")).stdout);
    expect(isSarif(log), JSON.stringify(isSarif.errors?.slice(0, 3))).toBe(true);
    const [run, ...others] = log.runs;
    expect(others).toEqual([]);
    expect(
      run.results.map(({ ruleId, level }: { ruleId: string; level: string }) => [ruleId, level]),
    ).toEqual([
      ["COMPAT_UNMET", "error"],
      ["ADVICE_LICENSE_MISSING", "note"],
    ]);
    const place = run.results[0].locations[0].physicalLocation;
    expect(place).toMatchObject({
      artifactLocation: { uri: "notes/holdfast.toml" },
      region: { startLine: 8, startColumn: 8 },
    });
    expect(run.tool.driver.rules[1].shortDescription.text).toContain("outside its range");
  });

  test("JUnit: parsed, with a failure for each error; GitHub and Markdown name the place", async () => {
    const pkg = author(good);
    const xml = (await pkg("notes", "--junit")).stdout;
    const parse =
      'import sys,xml.etree.ElementTree as E; r=E.fromstring(sys.stdin.read()); print(r.tag, len(r.findall(".//testcase")), [f.get("type") for f in r.findall(".//failure")])';
    const done = spawnSync("python3", ["-c", parse], { input: xml, encoding: "utf8" });
    expect(done.stdout).toBe("testsuites 3 ['failed', 'COMPAT_UNMET']\n");
    expect((await pkg("notes", "--github")).stdout).toContain(
      "::error file=notes/holdfast.toml,line=8,col=8,title=COMPAT_UNMET::",
    );
    expect((await pkg("notes", "--markdown")).stdout).toContain("`notes/holdfast.toml:8`");
  });

  test("several subjects in one report, each with its own verdict", async () => {
    const pkg = author({
      "a/holdfast.toml": GOOD,
      "a/main.py": "1\n",
      "b/holdfast.toml": broken,
      "b/main.py": "1\n",
    });
    const ran = await pkg("notes/a", "notes/b", "--json");
    const { subjects, counts, healthy } = ran.json();
    expect([ran.status, healthy, subjects.map((one: { healthy: boolean }) => one.healthy)]).toEqual([
      1,
      false,
      [true, false],
    ]);
    expect(counts.errors).toBe(1);
    expect((await pkg("notes/a", "notes/b")).stdout).toContain("2 subjects, 1 fit");
  });
});
