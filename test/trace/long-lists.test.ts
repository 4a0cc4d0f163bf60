/** Lists too long to read whole: begun, counted, held against the files, and whole when asked for. */
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rebuildIndex } from "../../src/index-db/index.ts";
import { ledgerStreams } from "../../src/plane/index.ts";
import { NO_FACTS } from "../../src/trace/facts.ts";
import { explain, renderTrace, type TraceOptions } from "../../src/trace/index.ts";
import { removePlanes, TestPlane } from "./planes.ts";

afterAll(removePlanes);

const BASE = "PKG-T0-BASE-001";
const WIDE = 1_100;
const idOf = (number: number): string => `PKG-T1-N${String(number).padStart(5, "0")}-001`;

/** BASE is needed by half of the others, each of which is needed by one more. */
async function aWidePlane(): Promise<TestPlane> {
  const on = new TestPlane();
  on.install({ id: BASE, files: { "modules/base/x.py": "" } });
  for (let number = 0; number < WIDE; number++) {
    const id = number < WIDE / 2 ? BASE : idOf(number - WIDE / 2);
    const folder = `modules/n${number}`;
    on.install({
      id: idOf(number),
      files: { [`${folder}/x.py`]: `${number}` },
      dependencies: [{ id, range: "^1.0.0" }],
    });
  }
  on.register("PKG-T1-WANTS-001", { deps: `${BASE}@^1.0.0` });
  await setTimeout(80);
  rebuildIndex(on.effects, on.root, ledgerStreams(on.effects.fs, on.root), () => undefined);
  return on;
}

describe("a package with more than a thousand dependents, and a folder of more packages", () => {
  let on: TestPlane;
  beforeAll(async () => {
    on = await aWidePlane();
  });
  const told = (subject: string, options: TraceOptions = {}) =>
    explain(on.effects, on.plane, subject, options);

  test.each([BASE, idOf(0), "modules/base/x.py", "modules", "."])(
    "%s: the index says what the files say, begun and whole",
    async (subject) => {
      for (const all of [false, true])
        expect(await told(subject, { all })).toEqual(await told(subject, { all, facts: NO_FACTS }));
    },
  );

  test("the first thousand are listed, direct ones first, and the others counted", async () => {
    const report = await told(BASE);
    if (report.type !== "package") throw new Error(report.type);
    const { dependents, dependents_left_out, why } = report.data;
    expect([dependents.length, dependents_left_out]).toEqual([1_000, WIDE + 1 - 1_000]);
    expect(dependents.slice(0, WIDE / 2).every(({ direct }) => direct)).toBe(true);
    expect(dependents.slice(WIDE / 2).some(({ direct }) => direct)).toBe(false);
    expect([why.chains.length, why.chains_left_out]).toEqual([20, WIDE / 2 - 20]);
    expect(why.chains[0]).toEqual([idOf(WIDE / 2), idOf(0), BASE]);
    const text = renderTrace(report);
    expect(text).toContain(`… and ${WIDE + 1 - 20} more; --all --json lists all.`);
  });

  test("all of them when they are asked for, what is only registered last", async () => {
    const report = await told(BASE, { all: true });
    if (report.type !== "package") throw new Error(report.type);
    expect([report.data.dependents.length, report.data.dependents_left_out]).toEqual([WIDE + 1, 0]);
    expect(report.data.dependents.at(-1)).toMatchObject({ id: "PKG-T1-WANTS-001", installed: false });
    expect(renderTrace(report)).toContain(`… and ${WIDE + 1 - 20} more; --json lists all.`);
  });

  test("a file of it names them too, and its folder every package with its files", async () => {
    const file = await told("modules/base/x.py");
    expect(file.data).toMatchObject({ dependents_left_out: WIDE - 1_000 });
    const folder = await told("modules");
    if (folder.type !== "directory") throw new Error(folder.type);
    const { packages, packages_left_out, files, files_left_out, total_files } = folder.data;
    expect([packages.length, packages_left_out]).toEqual([1_000, WIDE + 1 - 1_000]);
    expect([files.length, files_left_out, total_files]).toEqual([1_000, WIDE + 1 - 1_000, WIDE + 1]);
    expect(renderTrace(folder)).toContain(`${WIDE + 1} files of ${WIDE + 1} packages`);
  });

  test("a manifest edited by hand is seen in both, listed or asked for", async () => {
    const path = `${on.root}/installed/${idOf(3)}/manifest.json`;
    const before = readFileSync(path, "utf8");
    writeFileSync(path, before.replace('"^1.0.0"', '"^2.0.0"').replace(BASE, "PKG-T0-ELSE-001"));
    try {
      for (const all of [false, true]) {
        const indexed = await told(BASE, { all });
        expect(indexed).toEqual(await told(BASE, { all, facts: NO_FACTS }));
        expect(JSON.stringify(indexed.data)).not.toContain(`"${idOf(3)}"`);
      }
    } finally {
      writeFileSync(path, before);
    }
  });
});
