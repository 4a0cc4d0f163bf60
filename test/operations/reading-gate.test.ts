/** Every operation that only reads goes through the gate of `plane`: it never shows a change that is half there. */
import { expect, test } from "vitest";
import { Transaction } from "../../src/journal/index.ts";
import { OPERATIONS } from "../../src/operations/index.ts";
import { type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { contextOf } from "../support/operation-context.ts";
import { writeTree } from "../support/tree.ts";

const ID = "PKG-T1-A-001";

/** An installed package, and an uninstall of it that was killed after its first steps. */
async function halfUninstalled(): Promise<LibraryPlane> {
  const on = await libraryPlane();
  writeTree(on.root, {
    "src/a/holdfast.toml": packageToml(ID, { target: "modules/a" }),
    "src/a/x.py": "x\n",
  });
  await on.pack("src/a");
  await on.install([ID]);
  const about = { operation: "uninstall", subject: ID, user: "ann" };
  const transaction = Transaction.begin(on.effects, on.root, about);
  transaction.enterPhase("activate");
  transaction.remove(`installed/${ID}/receipt.json`);
  transaction.remove(`installed/${ID}/manifest.json`);
  transaction.put("registries/packages_registry.csv", { bytes: Buffer.from("half\n"), mode: 0o644 });
  await transaction.activate();
  return on;
}

test.each([
  ["status", {}, { generation: 2, pending: [], installed: [{ package_id: ID, version: "1.0.0" }] }],
  ["history", { limit: 50 }, { total: 2, events: [{ event: "ROLLED_BACK" }, { event: "INSTALLED" }] }],
  ["registry validate", {}, { valid: true }],
])("%s", async (name, input, result) => {
  const on = await halfUninstalled();
  const operation = await OPERATIONS[name]?.();
  expect(await operation?.run(contextOf(on, { token: on.token }), input)).toMatchObject({ result });
});

test("a user who cannot write is told that a change is under way, and sees none of it", async () => {
  const on = await halfUninstalled();
  const locks = { acquire: () => Promise.reject(new Error("read-only")) };
  const context = contextOf({ ...on, effects: { ...on.effects, locks } }, { token: on.token });
  for (const name of ["status", "history", "registry validate"]) {
    const operation = await OPERATIONS[name]?.();
    await expect(operation?.run(context, { limit: 1 }), name).rejects.toMatchObject({
      code: "RECOVERY_PENDING",
    });
  }
});
