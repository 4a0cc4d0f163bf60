import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorCodes } from "./planes.ts";
import { aLife, checked, expectSame, IDS } from "./recalled.ts";

const [ID, OTHER] = IDS;
const FOLDER = `installed/${ID}`;

test("a manifest that is lost beside a good receipt is taken out of the archive", async () => {
  const on = await aLife();
  await on.install([OTHER]);
  writeFileSync(join(on.root, `${FOLDER}/manifest.json`), '{"schema_version": "2.0", "more": 1}\n');
  const report = await expectSame(on, "a manifest");
  expect(errorCodes(report)).toEqual(["RECEIPT_DAMAGED"]);
  const [damage] = report.findings;
  expect(damage?.message).toContain("manifest.json cannot be read as a receipt (/package_id: ");
  const cure = report.records.find(({ path }) => path.startsWith(FOLDER))?.cure ?? "false";
  expect(report.paths.map((one) => [one.verdict, one.owner, one.cure])).toContainEqual([
    "not_verifiable",
    ID,
    cure,
  ]);
  execFileSync("sh", ["-c", cure], { cwd: on.root });
  expect(await expectSame(on, "cured")).toMatchObject({ healthy: true });
});

test("the version that the ledger names is the one to have again", async () => {
  const on = await aLife();
  await on.install([OTHER]);
  rmSync(join(on.root, FOLDER), { recursive: true });
  const report = await expectSame(on, "a receipt");
  expect(report.findings).toMatchObject([
    {
      code: "RECEIPT_MISSING",
      next_step: `Run "pkg install ${ID}@1.0.0"; to be rid of it, uninstall it after that.`,
    },
  ]);
  await on.install([`${ID}@1.0.0`]);
  expect(await checked(on, { fast: false })).toMatchObject({ healthy: true });
  await on.uninstall([ID]);
  expect(errorCodes(await expectSame(on, "uninstalled"))).not.toContain("RECEIPT_MISSING");
});
