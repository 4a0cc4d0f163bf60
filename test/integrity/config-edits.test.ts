import { unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openPlane, recordConfig } from "../../src/plane/index.ts";
import { aPlane, edit, errorCodes } from "./planes.ts";

const FILE = "config/plane.toml";

test("config/broker.toml counts as an edit from its first line until somebody with a token records it", async () => {
  const { check, effects, root } = await aPlane();
  writeFileSync(join(root, "config/broker.toml"), "[tools]\n");
  expect(errorCodes(await check())).toEqual(["CONFIG_UNRECORDED"]);
  await recordConfig(effects, openPlane(effects, root), "ann");
  expect((await check()).healthy).toBe(true);
  writeFileSync(join(root, "config/broker.toml"), "depth_max = 2\n");
  expect(errorCodes(await check())).toEqual(["CONFIG_EDITED"]);
});

describe("config/plane.toml", () => {
  test.each([
    ["excluded", 'excluded = ["lib/excluded"]', 'excluded = ["lib/excluded", "lib/evil"]'],
    ["sources", '"specs/*"]', '"specs/*", "lib/evil"]'],
    ["governed_roots", '"lib", ', ""],
    ["policy", "excluded", "policy = { allow_plain_archives = false }\nexcluded"],
  ])("an edit of %s is an error until somebody with a token records it", async (_, from, to) => {
    const { check, effects, root } = await aPlane();
    edit(root, FILE, from, to);
    const report = await check();
    expect(errorCodes(report)).toEqual(["CONFIG_EDITED"]);
    expect(report.records).toMatchObject([
      {
        path: FILE,
        verdict: "drift",
        owner: "holdfast",
        classification: "config",
        cure: "integrity-check --record",
      },
    ]);
    await recordConfig(effects, openPlane(effects, root), "ann");
    expect(await check()).toMatchObject({ healthy: true, records: [] });
  });

  test("an edit that changes nothing of what is looked at is a note", async () => {
    const { check, root } = await aPlane();
    edit(root, FILE, 'name = "test"', '# ours\nname = "ours"');
    const report = await check();
    expect(report.findings).toMatchObject([{ code: "CONFIG_EDITED", severity: "note" }]);
    expect(report.healthy).toBe(true);
  });

  test("the digest kept in the plane is not what is believed", async () => {
    const { check, root, effects } = await aPlane();
    edit(root, FILE, '"lib", ', "");
    unlinkSync(join(root, ".holdfast/state/config.json"));
    expect(errorCodes(await check())).toEqual(["CONFIG_EDITED"]);
    writeFileSync(join(root, ".holdfast/state/config.json"), "[}");
    expect(errorCodes(await check())).toEqual(["CONFIG_EDITED"]);
    await recordConfig(effects, openPlane(effects, root), "ann");
    expect((await check()).healthy).toBe(true);
  });

  test("recording twice writes one entry", async () => {
    const { effects, root, check } = await aPlane();
    const before = (await check()).ledger[0]?.entries_count;
    await recordConfig(effects, openPlane(effects, root), "ann");
    expect((await check()).ledger[0]?.entries_count).toBe(before);
    edit(root, FILE, 'name = "test"', 'name = "other"');
    await recordConfig(effects, openPlane(effects, root), "ann");
    await recordConfig(effects, openPlane(effects, root), "ann");
    expect((await check()).ledger[0]?.entries_count).toBe((before ?? 0) + 1);
  });
});
