import { cpSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { aPlane, edit, errorCodes, ONE_PACKAGE, verdictOf } from "./planes.ts";

describe("receipts", () => {
  const receipt = "installed/PKG-T1-ALPHA-001/receipt.json";
  const MANIFEST = "installed/PKG-T1-ALPHA-001/manifest.json";
  const OTHER = { id: "PKG-T1-OTHER-001", files: { "lib/other/o.py": { text: "O = 1\n" } } };

  test("two receipts that claim one path", async () => {
    const two = { id: "PKG-T1-BETA-001", files: { "modules/alpha/other.py": { text: "OTHER = 2\n" } } };
    const { check } = await aPlane([ONE_PACKAGE, two]);
    expect(errorCodes(await check())).toContain("OWNERS_CONFLICT");
  });

  test.each([
    ["gone", (root: string) => unlinkSync(join(root, receipt)), "RECEIPT_DAMAGED"],
    ["no JSON", (root: string) => truncateSync(join(root, receipt), 100), "RECEIPT_DAMAGED"],
    [
      "with another digest",
      (root: string) => edit(root, receipt, /"sha256": "sha256:[0-9a-f]{8}/, '"sha256": "sha256:00000000'),
      "RECEIPT_DAMAGED",
    ],
    [
      "that leaves the plane",
      (root: string) => edit(root, receipt, "modules/alpha/main.py", "../../etc/passwd"),
      "RECEIPT_DAMAGED",
    ],
    [
      "that claims a lock",
      (root: string) => edit(root, receipt, "modules/alpha/main.py", ".holdfast/state/plane.lock"),
      "RECEIPT_DAMAGED",
    ],
    [
      "with another archive",
      (root: string) =>
        edit(root, receipt, /"archive_hash": "sha256:[0-9a-f]{8}/, '"archive_hash": "sha256:00000000'),
      "RECEIPT_NOT_VOUCHED",
    ],
    [
      "beside another manifest",
      (root: string) => edit(root, "installed/PKG-T1-ALPHA-001/manifest.json", '"T1"', '"T2"'),
      "RECEIPT_DAMAGED",
    ],
  ])("%s", async (_, act, code) => {
    const { check, root } = await aPlane();
    act(root);
    const report = await check();
    expect(errorCodes(report)).toContain(code);
    expect(report.healthy).toBe(false);
  });

  test.each([
    ["an unknown field of a file", '"origin": "created"', '"origin": "created", "more": 1'],
    ["an unknown field", '"generation": 3', '"generation": 3, "more": 1'],
    ["another size", /"size_bytes": \d+/, '"size_bytes": 1'],
    ["a negative size", /"size_bytes": \d+/, '"size_bytes": -1'],
    ["an unknown class", '"classification": "code"', '"classification": "cod"'],
    ["another class", '"classification": "code"', '"classification": "config"'],
    ["an unknown origin", '"origin": "created"', '"origin": "made"'],
    ["another executable bit", '"executable": true', '"executable": false'],
    ["a file twice", "modules/alpha/main.py", "modules/alpha/other.py"],
    ["another version", '"version": "1.0.0"', '"version": "1.0.1"'],
    ["another manifest", /"manifest_hash": "sha256:[0-9a-f]{4}/, '"manifest_hash": "sha256:0000'],
  ])("with %s is damaged", async (_, from, to) => {
    const { check, root } = await aPlane();
    edit(root, receipt, from, to);
    expect(errorCodes(await check())).toContain("RECEIPT_DAMAGED");
  });

  test("a receipt, its manifest and its file changed together are not vouched for by the ledger", async () => {
    const { plane, check, root } = await aPlane();
    const forged = await aPlane([
      { ...ONE_PACKAGE, files: { ...ONE_PACKAGE.files, "modules/alpha/other.py": { text: "EVIL = 1\n" } } },
    ]);
    for (const path of ["installed", "modules", "registries", ".holdfast"])
      cpSync(join(forged.root, path), join(plane.root, path), { recursive: true });
    expect(readFileSync(join(root, "modules/alpha/other.py"), "utf8")).toBe("EVIL = 1\n");
    expect(errorCodes(await check())).toEqual(["RECEIPT_NOT_VOUCHED"]);
  });

  test.each([
    [
      "gone",
      (root: string) => rmSync(join(root, "installed/PKG-T1-ALPHA-001"), { recursive: true }),
      "RECEIPT_MISSING",
    ],
    ["cut", (root: string) => truncateSync(join(root, receipt), 100), "RECEIPT_DAMAGED"],
    ["without its manifest", (root: string) => unlinkSync(join(root, MANIFEST)), "RECEIPT_DAMAGED"],
  ])(
    "of a receipt that is %s, the files still have their owner, and no cure removes them",
    async (_, act, code) => {
      const { check, root } = await aPlane([ONE_PACKAGE, OTHER]);
      act(root);
      const report = await check();
      expect(errorCodes(report)).toEqual([code]);
      expect(report.findings[0]).toMatchObject({ path: receipt, package_id: ONE_PACKAGE.id });
      expect(report.paths.map(({ path }) => path)).toEqual(Object.keys(ONE_PACKAGE.files).sort());
      for (const one of report.paths)
        expect(one).toMatchObject({
          verdict: "not_verifiable",
          owner: ONE_PACKAGE.id,
          classification: ONE_PACKAGE.files[one.path]?.as ?? "code",
          expected: expect.stringMatching(/^sha256:/),
          cause: { event: "INSTALLED" },
          cure: `${code === "RECEIPT_MISSING" ? "" : "rm -r installed/PKG-T1-ALPHA-001 && "}pkg install PKG-T1-ALPHA-001`,
        });
      expect(report.records).toMatchObject([
        { path: receipt, verdict: code === "RECEIPT_MISSING" ? "missing" : "drift", owner: ONE_PACKAGE.id },
      ]);
    },
  );

  test("a package taken away by hand with all that speaks of it is missed by the ledger", async () => {
    const { check, root } = await aPlane([ONE_PACKAGE, OTHER]);
    for (const path of ["installed/PKG-T1-OTHER-001", "lib/other"])
      rmSync(join(root, path), { recursive: true });
    for (const name of ["file_ownership", "packages_state"])
      edit(root, `registries/${name}.csv`, /^.*PKG-T1-OTHER-001.*\r\n/gm, "");
    const report = await check();
    expect([report.healthy, errorCodes(report)]).toEqual([false, ["RECEIPT_MISSING"]]);
    expect(report.records).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({
          path: "installed/PKG-T1-OTHER-001/receipt.json",
          verdict: "missing",
          owner: "PKG-T1-OTHER-001",
          cure: "pkg install PKG-T1-OTHER-001",
        }),
      ]),
    );
  });

  test("in every tier", async () => {
    const { check, root } = await aPlane([
      ONE_PACKAGE,
      { id: "PKG-T1-WORKER-001", tier: "ho1", files: { "modules/worker/a.py": { text: "a = 1\n" } } },
    ]);
    expect(await check()).toMatchObject({ healthy: true, verified_count: 6, receipts_count: 2 });
    writeFileSync(join(root, "planes/ho1/modules/worker/a.py"), "a = 2\n");
    expect(verdictOf(await check(), "planes/ho1/modules/worker/a.py")).toBe("drift");
  });
});
