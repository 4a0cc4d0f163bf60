/** Every way a scenario can be wrong is told with its line. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { findSubjects, planRun } from "../../src/harness/index.ts";
import { temporaryFolder } from "../support/tree.ts";

const HEAD = `schema_version = "1.0"
name = "first"
`;
const PACKAGE = `
[packages.notes]
source = "notes"
`;
const effects = nodeEffects();

async function problemsOf(text: string): Promise<string[]> {
  const root = temporaryFolder();
  writeFileSync(join(root, "one.toml"), text);
  const planning = { root, cwd: root, subjects: new Map() };
  try {
    await planRun(effects, ["one.toml"], planning);
    return [];
  } catch (error) {
    const { code, details, message } = error as {
      code: string;
      message: string;
      details: { findings?: { code: string; message: string }[] };
    };
    return (details.findings ?? [{ code, message }]).map((one) => `${one.code} ${one.message}`);
  }
}

describe("a scenario that is wrong", () => {
  test.each([
    ["a field nobody knows", `${HEAD}colour = "red"\n${PACKAGE}`, "SCENARIO_INVALID one.toml:3:1: /colour"],
    [
      "a step of no known kind",
      `${HEAD}${PACKAGE}\n[[steps]]\ndo = "dance"\n`,
      "SCENARIO_INVALID one.toml:8:6: /steps/0/do",
    ],
    [
      "a package that is not in it",
      `${HEAD}${PACKAGE}\n[[steps]]\ndo = "install"\npackages = ["other"]\n`,
      'SCENARIO_INVALID one.toml:9:13: /steps/0/packages/0: there is no package "other"',
    ],
    [
      "two steps of one name",
      `${HEAD}${PACKAGE}\n[[steps]]\nid = "a"\ndo = "restart"\n[[steps]]\nid = "a"\ndo = "restart"\n`,
      "SCENARIO_INVALID one.toml:11:6: /steps/1/id: two steps",
    ],
    [
      "a failure in no step",
      `${HEAD}${PACKAGE}\n[[inject]]\nstep = "install"\nat = "activate"\naction = "EIO"\n[[steps]]\ndo = "restart"\n`,
      "SCENARIO_INVALID one.toml:8:8: /inject/0/step: there is no step",
    ],
    [
      "a path with a line break in it",
      `${HEAD}${PACKAGE}\n[[steps]]\ndo = "tamper"\nhow = "delete"\npath = "x\\n/../../etc/passwd"\n`,
      "SCENARIO_INVALID one.toml:10:8: /steps/0/path",
    ],
    [
      "an expectation nobody holds",
      `${HEAD}${PACKAGE}\n[[steps]]\ndo = "crash"\nat = "activate.file.rename"\n[steps.during]\ndo = "uninstall"\npackages = ["notes"]\nexpect = { exit_code = 3 }\n`,
      "/steps/0/during: has its name and expectations outside",
    ],
    [
      "an expectation of a tampering",
      `${HEAD}${PACKAGE}\n[[steps]]\ndo = "tamper"\nhow = "flip"\npath = "x"\nexpect = { fault = "NONSENSE" }\n`,
      "SCENARIO_INVALID one.toml:11:10: /steps/0/expect",
    ],
    [
      "a failure where none can be",
      `${HEAD}${PACKAGE}\n[[inject]]\nstep = "restart"\nat = "activate"\naction = "kill"\n[[steps]]\ndo = "restart"\n`,
      '/inject/0/step: a failure cannot be injected into "restart"',
    ],
    [
      "a registry there is not",
      `${HEAD}${PACKAGE}\n[[steps]]\ndo = "restart"\n[[steps.expect.rows]]\nregistry = "nonsense"\nwhere = {}\ncount = 0\n`,
      "SCENARIO_INVALID one.toml:10:12: /steps/0/expect/rows/0/registry",
    ],
    [
      "an answer that holds for all",
      `${HEAD}${PACKAGE}\n[[steps]]\ndo = "restart"\nexpect = { output = {} }\n`,
      "/steps/0/expect/output: holds for every answer",
    ],
    [
      "a rule that replaces everything",
      `${HEAD}${PACKAGE}\n[[normalise]]\npointer = ""\nwith = "x"\n[[steps]]\ndo = "restart"\n`,
      "SCENARIO_INVALID one.toml:8:11: /normalise/0/pointer",
    ],
    [
      "recorded answers where they do not reach",
      `${HEAD}${PACKAGE}\n[[apis]]\ndomain = "a.example.org"\nanswers = [{ path = "/" }]\n[[steps]]\ndo = "concurrent"\n[[steps.steps]]\ndo = "execute"\npackage = "notes"\naction = "a"\n[[steps.steps]]\ndo = "uninstall"\npackages = ["notes"]\n`,
      "/steps/0/do: runs an action in a process of its own",
    ],
    [
      "an approval of a no",
      `${HEAD}${PACKAGE}\n[[steps]]\ndo = "enable"\npackage = "notes"\nanswer = "no"\napprove = false\n`,
      "/steps/0/approve: says something only of the answer yes",
    ],
    [
      "no step at all",
      `${HEAD}${PACKAGE}`,
      "SCENARIO_INVALID one.toml:2:8: /name: a scenario without a step",
    ],
    [
      "two sources of one package",
      `${HEAD}\n[packages.notes]\nsource = "a"\narchive = "b"\n[[steps]]\ndo = "restart"\n`,
      "SCENARIO_INVALID one.toml:4:11: /packages/notes: names exactly one",
    ],
    ["no TOML", `${HEAD}x = \n`, "METADATA_SYNTAX one.toml is not valid TOML"],
  ])("%s", async (_, text, expected) => {
    const problems = await problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(
      problems.filter((one) => one.includes(expected)),
      problems.join("\n"),
    ).toHaveLength(1);
  });
});

describe("what there is to run", () => {
  test("nothing is no success", async () => {
    const root = temporaryFolder();
    const planning = { root, cwd: root, subjects: await findSubjects(effects, root) };
    await expect(planRun(effects, [], planning)).rejects.toMatchObject({
      code: "NOTHING_TO_RUN",
      exit_code: 2,
    });
    await expect(planRun(effects, ["PKG-T3-NOBODY-001"], planning)).rejects.toMatchObject({
      code: "SUBJECT_UNKNOWN",
      exit_code: 1,
    });
  });

  test("a canonical scenario wants a package with a source", async () => {
    const text = `${HEAD}canonical = "notes"\n${PACKAGE}`;
    expect(await problemsOf(text)).toEqual([
      'SCENARIO_PACKAGE one.toml: package "notes" has no source that declares a package',
    ]);
  });
});
