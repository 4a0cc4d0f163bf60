/** What is written for an author passes the check, and the check names everything that is wrong, each at its place. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { type CheckedScenario, checkScenario, subjectAt, writeScenario } from "../../src/harness/index.ts";
import { REPOSITORY } from "../support/cli.ts";
import { temporaryFolder, writeTree } from "../support/tree.ts";

const effects = nodeEffects();

async function checked(text: string, files: Record<string, string> = {}): Promise<CheckedScenario> {
  const folder = temporaryFolder();
  writeTree(folder, { ...files, "one.toml": text });
  return checkScenario(effects, join(folder, "one.toml"), "one.toml");
}

/** `line:column pointer: message`. */
const linesOf = ({ problems }: CheckedScenario): string[] =>
  problems.map(({ message }) => message.replace("one.toml:", ""));

const HEAD = `schema_version = "1.0"
name = "one"
[packages.sample]
generate = { plugin = true }
`;

describe("golden check", () => {
  test("names every problem of one file, in the order of the file", async () => {
    const result = await checked(`${HEAD}[packages.gone]
source = "nowhere"
[packages.odd]
generate = { broken = "sideways" }
[[apis]]
domain = "api.example.org"
answers = [{ path = "/", file = "answer.json" }]
[[configuration]]
path = "config/broker.toml"
text = "\${api:api.example.com}"
[[inject]]
step = "install"
at = "activate.file.renam"
action = "error:EIO"
[[inject]]
step = "install"
at = "activate.file.rename"
action = "EIO"
[[normalise]]
pattern = "("
with = "x"
[[normalise]]
with = "x"
[[steps]]
do = "install"
packages = ["sample"]
expect = { state = { other = "1.0.0" }, patterns = { "/text" = "[" } }
[[steps]]
do = "crash"
at = "nowhere"
during = { do = "uninstall", packages = ["other"] }
[[steps]]
do = "concurrent"
steps = [{ do = "uninstall", packages = ["sample"] }, { do = "rollback", package = "other" }]
`);
    const lines = linesOf(result);
    const heads = [
      "6:10: /packages/gone/source: there is no folder nowhere",
      '8:23: /packages/odd/generate/broken: nothing is broken by "sideways"; there are unknown-field',
      "11:33: /apis/0/answers/0/file: there is no file answer.json",
      '14:8: /configuration/0/text: there is no api "api.example.com"',
      '17:6: /inject/0/at: there is no verb "renam"; did you mean rename?',
      '21:6: /inject/1/at: there is no action "EIO"; known: kill,',
      "24:11: /normalise/0/pattern: is no pattern",
      "26:3: /normalise/1: names exactly one of pointer and pattern",
      '31:30: /steps/0/expect/state/other: there is no package "other"',
      "31:64: /steps/0/expect/patterns/~1text: is no pattern",
      "34:6: /steps/1/at: a name has three parts",
      '35:42: /steps/1/during/packages/0: there is no package "other"',
      '38:84: /steps/2/steps/1/package: there is no package "other"',
    ];
    expect(lines.map((line, at) => line.slice(0, heads[at]?.length))).toEqual(heads);
    expect(result).toMatchObject({ name: "one", steps: 3 });
  });

  test.each([
    ["no TOML", "name = \n", "METADATA_SYNTAX", 1],
    ["two fields nobody knows", `${HEAD}colour = 1\nshape = 2\n`, "SCENARIO_INVALID", 5],
  ])("%s", async (_, text, code, line) => {
    const { name, steps, problems } = await checked(text);
    expect({ name, steps }).toEqual({ name: null, steps: 0 });
    expect(problems[0]).toMatchObject({ code, details: { line } });
  });

  test("a file that is not there, and one that is no text", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "bytes.toml"), Buffer.from([0xff, 0xfe]));
    for (const name of ["gone.toml", "bytes.toml"]) {
      const { problems } = await checkScenario(effects, join(folder, name), name);
      expect(problems.map(({ code }) => code)).toEqual(["SCENARIO_INVALID"]);
    }
  });

  test("a canonical scenario is held against its package: steps that may fail, texts that are edited", async () => {
    const text = `schema_version = "1.0"
name = "one"
canonical = "gate"
[packages.gate]
source = "${REPOSITORY}modules/example_gate"
[packages.next]
source = "${REPOSITORY}modules/example_gate"
edits = [{ path = "main.mjs", find = "no such text", replace = "x" }]
[[inject]]
step = "dance"
at = "activate.file.rename"
action = "kill"
`;
    const result = await checked(text);
    expect(linesOf(result)).toEqual([
      "8:38: /packages/next/edits/0/find: main.mjs does not hold this text",
      expect.stringMatching(
        /^10:8: \/inject\/0\/step: there is no step "dance"; there are preflight, install, /,
      ),
    ]);
    expect(result.steps).toBeGreaterThan(6);
    const sourceless = await checked(
      'schema_version = "1.0"\nname = "one"\ncanonical = "a"\n[packages.a]\ngenerate = {}\n',
    );
    expect(linesOf(sourceless)).toEqual([
      "4:11: /packages/a: a canonical scenario needs a source that declares a package",
    ]);
  });
});

describe("golden new", () => {
  const write = (path: string, request: Partial<Parameters<typeof writeScenario>[1]> = {}) => {
    const folder = effects.fs.realPath(temporaryFolder());
    const absolute = join(folder, path);
    return { absolute, ...writeScenario(effects, { path, absolute, canonical: false, ...request }) };
  };

  test.each([
    "modules/example_gate",
    "modules/example_weather",
    "modules/stdlib_evidence",
    "modules/agent_runtime",
  ])("what it writes for %s passes the check, with the canonical steps and without", async (module) => {
    const subject = await subjectAt(effects, join(REPOSITORY, module));
    for (const canonical of [false, true]) {
      const { absolute, missing } = write("Über Life 2.toml", { subject, canonical });
      const { name, steps, problems } = await checkScenario(effects, absolute, "one.toml");
      expect(problems.map(({ message }) => message)).toEqual([]);
      expect({ name, is_short: readFileSync(absolute, "utf8").split("\n").length < 60 }).toEqual({
        name: "ber-life-2",
        is_short: true,
      });
      expect(steps).toBeGreaterThan(canonical ? 4 : 1);
      expect(missing).toHaveLength(canonical && module.endsWith("weather") ? 1 : 0);
    }
  });

  test("nothing is overwritten, and a name must be one", () => {
    const { absolute } = write("first.toml");
    const before = readFileSync(absolute, "utf8");
    const again = () => writeScenario(effects, { path: "first.toml", absolute, canonical: false });
    expect(again).toThrow(expect.objectContaining({ code: "SCENARIO_NEW_TAKEN", exit_code: 3 }));
    expect(readFileSync(absolute, "utf8")).toBe(before);
    for (const path of ["first", ".toml", "a.matrix.toml", "—.toml", `${"x".repeat(70)}.toml`])
      expect(() => write(path), path).toThrow(expect.objectContaining({ code: "SCENARIO_NEW_NAME" }));
    expect(() => write("c.toml", { canonical: true })).toThrow(
      expect.objectContaining({ code: "SCENARIO_NEW_PACKAGE", exit_code: 2 }),
    );
  });
});
