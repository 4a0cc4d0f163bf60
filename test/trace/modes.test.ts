import { rmSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { InstalledTrace, InventoryTrace, VerifyTrace } from "../../src/contracts/trace.ts";
import {
  installedList,
  inventory,
  renderInstalled,
  renderInventory,
  verifyPlane,
} from "../../src/trace/index.ts";
import { aChain, removePlanes, TestPlane } from "./planes.ts";

afterAll(removePlanes);

describe("installedList()", () => {
  test("a damaged receipt is refused rather than left out", async () => {
    const on = await aChain();
    on.write("installed/PKG-T0-BASE-001/receipt.json", "{}");
    expect(() => installedList(on.effects, on.plane)).toThrow(
      expect.objectContaining({ code: "RECEIPT_DAMAGED" }),
    );
  });

  test("one row a package and plane tier, with the keys of the older tool", async () => {
    const on = await aChain();
    on.install({ id: "PKG-T0-BASE-001", files: { "lib/low.py": "1" }, tier: "ho1" });
    const rows = installedList(on.effects, on.plane);
    for (const row of rows) InstalledTrace.parse(row);
    expect(
      rows.map(({ package_id, version, file_count, tier, package_tier }) => [
        package_id,
        version,
        file_count,
        tier,
        package_tier,
      ]),
    ).toEqual([
      ["PKG-T0-BASE-001", "1.0.0", 2, "HO3", "T0"],
      ["PKG-T1-MID-001", "1.2.0", 1, "HO3", "T1"],
      ["PKG-T2-TOP-001", "1.0.0", 1, "HO3", "T2"],
      ["PKG-T0-BASE-001", "1.0.0", 1, "HO1", "T0"],
    ]);
    expect(renderInstalled(rows).split("\n")[0]).toBe(
      "PKG-T0-BASE-001  HO3  1.0.0         2 files  2026-03-01 alice",
    );
  });

  test("an empty plane has an empty list and says what to do", () => {
    const on = new TestPlane();
    expect(renderInstalled(installedList(on.effects, on.plane))).toContain("pkg list");
  });
});

describe("inventory()", () => {
  test("a plane that owns nothing is not called healthy", async () => {
    const on = new TestPlane();
    expect((await inventory(on.effects, on.plane)).health).toMatchObject({
      healthy: false,
      message: expect.stringContaining("unknown"),
    });
  });

  test("drift, a missing file, an orphan and a missing registry are each not healthy", async () => {
    const spoil: ((on: TestPlane) => void)[] = [
      (on) => on.write("modules/base/core.py", "other"),
      (on) => rmSync(`${on.root}/modules/mid/mid.py`),
      (on) => on.write("lib/stray.txt", "x"),
      (on) => rmSync(`${on.root}/registries/specs_registry.csv`),
    ];
    for (const change of spoil) {
      const on = await aChain();
      expect((await inventory(on.effects, on.plane)).health.healthy).toBe(true);
      change(on);
      const report = await inventory(on.effects, on.plane);
      InventoryTrace.parse(report);
      expect(report.health.healthy, change.toString()).toBe(false);
    }
  });

  test("counts frameworks, specs, packages and owned files, and lists orphans", async () => {
    const on = await aChain();
    on.write("lib/deep/stray.txt", "x");
    on.write("lib/__pycache__/x.pyc", "x");
    const report = await inventory(on.effects, on.plane);
    expect(report).toMatchObject({
      total_files: 4,
      orphans: ["lib/deep/stray.txt"],
      frameworks: [{ framework_id: "FMWK-100", spec_count: 2 }],
    });
    expect(report.packages.map(({ package_id, installed }) => [package_id, installed])).toContainEqual([
      "PKG-T1-WANTS-001",
      [],
    ]);
    expect(renderInventory(report)).toContain("packages      4, 3 installed");
  });
});

describe("verifyPlane()", () => {
  test("reads the plane through the integrity check and finds what is amiss", async () => {
    const on = await aChain();
    const names = async (): Promise<string[]> => {
      const report = VerifyTrace.parse(await verifyPlane(on.effects, on.plane));
      return report.checks.filter(({ passed }) => !passed).map(({ name }) => name);
    };
    expect(await names()).not.toContain("File hash integrity");
    expect(await names()).not.toContain("Registry orphans");
    on.write("modules/base/core.py", "other");
    on.write("lib/stray.txt", "x");
    expect(await names()).toEqual(
      expect.arrayContaining(["Registry orphans", "File hash integrity", "Integrity report"]),
    );
  });
});
