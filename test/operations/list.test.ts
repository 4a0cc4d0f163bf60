/** `pkg list` on a plane where something is damaged. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { OPERATIONS } from "../../src/operations/index.ts";
import { type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { contextOf } from "../support/operation-context.ts";
import { writeTree } from "../support/tree.ts";

const [A, B] = ["PKG-T1-A-001", "PKG-T1-B-001"];
const RECEIPT = `installed/${A}/receipt.json`;

async function twoInstalled(): Promise<LibraryPlane> {
  const on = await libraryPlane();
  writeTree(on.root, {
    "src/a/holdfast.toml": packageToml(A, { target: "modules/a" }),
    "src/a/x.py": "x\n",
    "src/b/holdfast.toml": packageToml(B, { target: "modules/b" }),
    "src/b/y.py": "y\n",
  });
  await on.pack("src/a");
  await on.pack("src/b");
  await on.install([A, B]);
  return on;
}

async function listed(on: LibraryPlane) {
  const context = contextOf(on);
  const operation = await OPERATIONS["list"]?.();
  const outcome = await operation?.run(context, { installed: false });
  return { outcome, text: operation?.text(outcome?.result, { installed: false }) };
}

describe("pkg list", () => {
  test("finds nothing wrong where nothing is", async () => {
    const { outcome } = await listed(await twoInstalled());
    expect(outcome).toMatchObject({ exit_code: 0, result: { count: 2, findings: [] } });
  });

  test.each([
    ["no JSON", (path: string) => writeFileSync(path, "{")],
    ["gone", (path: string) => rmSync(path)],
    [
      "a folder",
      (path: string) => {
        rmSync(path);
        mkdirSync(path);
      },
    ],
  ])("names a receipt that is %s, and shows the rest, with the index and without it", async (_, damage) => {
    const on = await twoInstalled();
    await listed(on);
    damage(join(on.root, RECEIPT));
    for (const has_index of [true, false]) {
      if (!has_index) rmSync(join(on.root, ".holdfast/cache"), { recursive: true, force: true });
      const { outcome, text } = await listed(on);
      expect(outcome).toMatchObject({
        exit_code: 1,
        result: {
          count: 2,
          packages: [
            { package_id: A, installed: [] },
            { package_id: B, installed: [{ version: "1.0.0" }] },
          ],
          findings: [{ code: "RECEIPT_DAMAGED", severity: "error", path: RECEIPT }],
        },
      });
      expect(text).toContain("RECEIPT_DAMAGED");
      expect(text).toContain(`${B}  T1`);
    }
  });
});
