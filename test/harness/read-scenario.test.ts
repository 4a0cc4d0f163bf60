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
      problems.filter((one) => one.startsWith(expected)),
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
