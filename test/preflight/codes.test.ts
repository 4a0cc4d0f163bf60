/** Every code of preflight: brought about by one broken subject, shown at its place, refused at the door, mended by its next step. */
import { describe, expect, test } from "vitest";
import { PREFLIGHT_CODES } from "../../src/preflight/index.ts";
import type { Case } from "./case.ts";
import { CASES } from "./cases.ts";
import { type Scene, scene } from "./scene.ts";
import {
  expectInstallRefusal,
  expectPackRefusal,
  expectPlace,
  judged,
  mend,
  onlyFinding,
  prepare,
  type Stage,
} from "./walk.ts";

test("there is exactly one case for every code of the catalogue", () => {
  expect(CASES.map(({ code }) => code).sort()).toEqual(Object.keys(PREFLIGHT_CODES).sort());
  expect(CASES.length).toBeGreaterThan(50);
});

describe("each code", () => {
  test.each(CASES.filter(({ plane }) => plane !== undefined))("$code", async (given) => {
    await walk(await scene(), given);
  });

  test("those of a manifest alone, in one plane", async () => {
    const at = await scene();
    const failures: string[] = [];
    for (const given of CASES.filter(({ plane }) => plane === undefined))
      await walk(at, given).catch((error: Error) => failures.push(`${given.code}: ${error.message}`));
    expect(failures).toEqual([]);
  });
});

const NAMES_A_COMMAND = /"(?:pkg|trace|integrity-check) [^"]+"/;

/** Found where it stands, refused, and gone after its next step. */
async function walk(at: Scene, given: Case): Promise<void> {
  const stage: Stage = await prepare(at, given);
  const before = await judged(stage);
  const finding = onlyFinding(before, given);
  expectPlace(stage, finding);
  expect(finding.next_step).toContain(given.step);
  expect(finding.next_step).toMatch(NAMES_A_COMMAND);
  if (given.refused === "pack") await expectPackRefusal(stage, finding);
  if (given.refused === "install") await expectInstallRefusal(stage, finding);
  await mend(stage, finding);
  const after = await judged(stage);
  expect(after.findings).toEqual([]);
  expect(after.healthy).toBe(true);
}
