import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkIntegrity } from "../../src/integrity/index.ts";
import { collectNow, restore } from "../../src/lifecycle/index.ts";
import { type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { writeTree } from "../support/tree.ts";

const A = "PKG-T1-A-001";

test("a newer version vouched for by its digest is kept, so that going back and mending work later", async () => {
  const from = await libraryPlane();
  writeTree(from.root, {
    "src/a/holdfast.toml": packageToml(A, { target: "modules/a" }),
    "src/a/core.py": "A = 1\n",
  });
  await from.pack("src/a");
  writeTree(from.root, {
    "src/a/holdfast.toml": packageToml(A, { target: "modules/a", version: "1.1.0" }),
    "src/a/core.py": "A = 11\n",
  });
  await from.pack("src/a");
  const to = await libraryPlane();
  const stored = (plane: LibraryPlane, name: string) =>
    readFileSync(join(plane.root, "packages_store", name), "utf8");
  const given = (version: string) => ({
    archive: join(from.root, `packages_store/${A}-${version}.tar.gz`),
    digest: stored(from, `${A}-${version}.tar.gz.sha256`),
  });
  await to.install([], { wanted: [given("1.0.0")] });
  await to.update([], { wanted: [given("1.1.0")] });
  const newest = given("1.1.0").digest;
  expect(stored(to, `${A}-1.1.0.tar.gz.sha256`)).toBe(newest);
  expect(stored(to, `${A}.tar.gz.sha256`)).toBe(newest);
  expect(readFileSync(join(to.root, "registries/packages_registry.csv"), "utf8")).toContain(newest);
  writeFileSync(join(to.root, "modules/a/core.py"), "tampered\n");
  expect((await restore(to.effects, to.plane, { token: to.token, dry_run: false })).restored.length).toBe(1);
  await collectNow(to.effects, to.plane, { token: to.token, dry_run: false, keep: 0 });
  await to.update([`${A}@1.0.0`], { allow_downgrade: true });
  expect(readFileSync(join(to.root, "modules/a/core.py"), "utf8")).toBe("A = 1\n");
  await to.update([A]);
  expect(readFileSync(join(to.root, "modules/a/core.py"), "utf8")).toBe("A = 11\n");
  const report = await checkIntegrity(to.effects, to.plane, { orphans: false, launchers: new Map() });
  expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  // An older one is kept under its version; what the registry names stays the newest.
  const third = await libraryPlane();
  await third.install([], { wanted: [given("1.1.0")] });
  await third.update([], { wanted: [given("1.0.0")], allow_downgrade: true });
  expect(stored(third, `${A}-1.0.0.tar.gz.sha256`)).toBe(given("1.0.0").digest);
  expect(stored(third, `${A}.tar.gz.sha256`)).toBe(newest);
});

test("an archive the registry vouches for, read from elsewhere, is kept where the store lost it", async () => {
  const on = await libraryPlane();
  writeTree(on.root, { "src/a/holdfast.toml": packageToml(A, { target: "modules/a" }), "src/a/x.py": "x\n" });
  await on.pack("src/a");
  const archive = join(on.root, "elsewhere.tar.gz");
  writeFileSync(archive, readFileSync(join(on.root, `packages_store/${A}.tar.gz`)));
  rmSync(join(on.root, "packages_store"), { recursive: true });
  await on.install([], { wanted: [{ archive }] });
  expect(existsSync(join(on.root, `packages_store/${A}-1.0.0.tar.gz`))).toBe(true);
  expect(existsSync(join(on.root, `packages_store/${A}.tar.gz`))).toBe(false);
});
