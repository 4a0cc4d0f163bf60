import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nodeFileSystem } from "../../src/effects/node/file-system.ts";
import { crashingFileSystem } from "../../src/effects/sim/crashing-file-system.ts";
import { writing } from "../../src/plane/index.ts";
import { type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { picture, writeTree } from "../support/tree.ts";

const A = "PKG-T1-A-001";
const B = "PKG-T2-B-001";

/** Everything of the plane except ledgers, the journal and its locks. */
const state = ({ root }: LibraryPlane): Record<string, string> =>
  picture(root, (path) => /^(ledger|planes\/ho[12]\/ledger|\.holdfast)$/.test(path));

async function withPackages(): Promise<LibraryPlane> {
  const plane = await libraryPlane();
  writeTree(plane.root, {
    "src/a/holdfast.toml": packageToml(A, { target: "modules/a" }),
    "src/a/core.py": "A = 1\n",
    "src/a/bin/run.sh": { text: "#!/bin/sh\n", mode: 0o755 },
    "src/a/settings.ini": "[x]\nk = 1\n",
    "src/b/holdfast.toml": packageToml(B, {
      target: "modules/b",
      dependencies: [{ id: A, range: "^1.0.0" }],
    }),
    "src/b/core.py": "B = 1\n",
  });
  await plane.pack("src/a");
  await plane.pack("src/b");
  rmSync(join(plane.root, "modules"), { recursive: true });
  return plane;
}

describe("install()", () => {
  test("installs a batch dependencies first and uninstall restores the tree before", async () => {
    const plane = await withPackages();
    const before = state(plane);
    const done = await plane.install([B, A]);
    expect(done.packages.map(({ package_id }) => package_id)).toEqual([A, B]);
    expect(readFileSync(join(plane.root, "modules/a/bin/run.sh"), "utf8")).toBe("#!/bin/sh\n");
    await expect(plane.uninstall([A])).rejects.toMatchObject({
      code: "NEEDED_BY_OTHERS",
      exit_code: 3,
      details: { dependents: [B] },
    });
    await plane.uninstall([A, B]);
    expect(state(plane)).toEqual(before);
  });

  test("a second install of the same bytes is a no-op that says so", async () => {
    const plane = await withPackages();
    await plane.install([A]);
    const before = picture(plane.root);
    const again = await plane.install([A]);
    expect(again.packages[0]).toMatchObject({ changed: false });
    expect(again.transaction_id).toBeNull();
    expect(picture(plane.root)).toEqual(before);
  });

  test("reports all problems at once and changes nothing but the ledger", async () => {
    const plane = await withPackages();
    writeTree(plane.root, { "modules/b/core.py": "other\n" });
    rmSync(join(plane.root, `packages_store/${A}-1.0.0.tar.gz`));
    const before = state(plane);
    const refused = plane.install([B]);
    await expect(refused).rejects.toMatchObject({ exit_code: 3 });
    const codes = await refused.catch((error) =>
      error.details.findings.map(({ code }: { code: string }) => code),
    );
    expect(codes).toEqual(["DEPENDENCY_MISSING", "PATH_OCCUPIED"]);
    expect(state(plane)).toEqual(before);
    expect(readFileSync(join(plane.root, "ledger/packages.jsonl"), "utf8")).toContain("INSTALL_REFUSED");
  });

  test("adopts identical bytes and releases them untouched", async () => {
    const plane = await withPackages();
    writeTree(plane.root, { "modules/a/core.py": { text: "A = 1\n", mode: 0o664 } });
    const before = state(plane);
    const done = await plane.install([A]);
    expect(done.packages[0]?.adopted).toEqual(["modules/a/core.py"]);
    await plane.uninstall([A]);
    expect(state(plane)).toEqual(before);
  });

  test("bytes equal but executable bit not is an occupied path", async () => {
    const plane = await withPackages();
    writeTree(plane.root, { "modules/a/core.py": { text: "A = 1\n", mode: 0o755 } });
    await expect(plane.install([A])).rejects.toMatchObject({ code: "PATH_OCCUPIED" });
  });

  test("refuses another owner's path naming both", async () => {
    const plane = await withPackages();
    writeTree(plane.root, {
      "src/c/holdfast.toml": packageToml("PKG-T1-C-001", { target: "modules/a" }),
      "src/c/core.py": "A = 1\n",
    });
    await plane.pack("src/c");
    await plane.install([A]);
    await expect(plane.install(["PKG-T1-C-001"])).rejects.toMatchObject({
      code: "PATH_OWNED",
      details: { owner: A, package_id: "PKG-T1-C-001" },
    });
    await expect(plane.install(["PKG-T1-C-001", A])).rejects.toMatchObject({ code: "PATH_OWNED" });
  });

  test("a conflict counts whichever side declares it", async () => {
    const plane = await withPackages();
    writeTree(plane.root, {
      "src/foe/holdfast.toml": packageToml("PKG-T2-FOE-001", { conflicts: [A] }),
      "src/foe/x.py": "1\n",
    });
    await plane.pack("src/foe");
    await plane.install(["PKG-T2-FOE-001"]);
    await expect(plane.install([A])).rejects.toMatchObject({
      code: "CONFLICT_INSTALLED",
      details: { conflict: "PKG-T2-FOE-001" },
    });
  });

  test("an older version in the store is vouched for by the ledger", async () => {
    const plane = await withPackages();
    writeTree(plane.root, {
      "src/a/holdfast.toml": packageToml(A, { target: "modules/a", version: "1.1.0" }),
    });
    await plane.pack("src/a");
    expect((await plane.install([`${A}@1.0.0`])).packages[0]?.version).toBe("1.0.0");
  });

  test("an archive from elsewhere, vouched for by its digest, enters store and registry with its install", async () => {
    const from = await withPackages();
    const to = await libraryPlane();
    const archive = join(from.root, `packages_store/${A}.tar.gz`);
    const digest = readFileSync(`${archive}.sha256`, "utf8");
    await to.install([], { wanted: [{ archive, digest }] });
    expect(
      readFileSync(join(to.root, `packages_store/${A}-1.0.0.tar.gz`)).equals(readFileSync(archive)),
    ).toBe(true);
    expect(readFileSync(join(to.root, "registries/packages_registry.csv"), "utf8")).toContain(
      `${A},a,package,library,1.0.0,`,
    );
    await to.uninstall([A]);
    expect((await to.install([A])).packages[0]?.changed).toBe(true);
  });

  test("a commit that cannot be confirmed is left to recovery", async () => {
    const plane = await withPackages();
    const openWrite = (path: string, options: Parameters<typeof nodeFileSystem.openWrite>[1]) => {
      const handle = nodeFileSystem.openWrite(path, options);
      if (!path.endsWith("journal.jsonl")) return handle;
      let text = "";
      return {
        ...handle,
        write: (bytes: Uint8Array) => {
          text += Buffer.from(bytes).toString();
          handle.write(bytes);
        },
        datasync: () => {
          if (text.includes('"committed"')) throw Object.assign(new Error("EIO"), { code: "EIO" });
          handle.datasync();
        },
      };
    };
    const failing = { ...plane.effects, fs: { ...nodeFileSystem, openWrite } };
    await expect(plane.install([A], {}, failing)).rejects.toMatchObject({
      code: "COMMIT_UNCERTAIN",
      exit_code: 4,
    });
    expect((await plane.install([A])).packages[0]?.changed).toBe(false);
  });

  test("does not write through a link", async () => {
    const plane = await withPackages();
    mkdirSync(join(plane.root, "elsewhere"));
    mkdirSync(join(plane.root, "modules"));
    symlinkSync("../elsewhere", join(plane.root, "modules/a"));
    await expect(plane.install([A])).rejects.toMatchObject({ code: "PATH_THROUGH_LINK" });
    expect(picture(join(plane.root, "elsewhere"))).toEqual({});
  });

  test("refuses an upward tier dependency, a conflict and a range that is not met", async () => {
    const plane = await withPackages();
    writeTree(plane.root, {
      "src/up/holdfast.toml": packageToml("PKG-T0-UP-001", { dependencies: [{ id: B, range: "*" }] }),
      "src/up/x.py": "1\n",
      "src/range/holdfast.toml": packageToml("PKG-T2-RANGE-001", { dependencies: [{ id: A, range: ">=2" }] }),
      "src/range/x.py": "1\n",
      "src/foe/holdfast.toml": packageToml("PKG-T2-FOE-001", { conflicts: [A] }),
      "src/foe/x.py": "1\n",
    });
    for (const name of ["up", "range", "foe"]) await plane.pack(`src/${name}`);
    await plane.install([A, B]);
    await expect(plane.install(["PKG-T0-UP-001"])).rejects.toMatchObject({ code: "TIER_DIRECTION" });
    await expect(plane.install(["PKG-T2-RANGE-001"])).rejects.toMatchObject({
      code: "DEPENDENCY_CONFLICT",
      details: { dependency: A, available: ["1.0.0"] },
    });
    await expect(plane.install(["PKG-T2-FOE-001"])).rejects.toMatchObject({ code: "CONFLICT_INSTALLED" });
  });

  test("installs into several plane tiers, highest first, in one transaction", async () => {
    const plane = await withPackages();
    const before = state(plane);
    const done = await plane.install([A], { tiers: ["ho1", "ho3", "ho2"] });
    expect(done.packages.map(({ plane_id }) => plane_id)).toEqual(["ho3", "ho2", "ho1"]);
    expect(readFileSync(join(plane.root, "planes/ho2/modules/a/core.py"), "utf8")).toBe("A = 1\n");
    await plane.uninstall([A]);
    expect(state(plane)).toEqual(before);
  });

  test("a kill before any change leaves exactly before or exactly after, and the next command settles it", async () => {
    const counted = await withPackages();
    const watch = crashingFileSystem(nodeFileSystem, Number.POSITIVE_INFINITY, { kind: "crash" });
    await counted.install([A], {}, { ...counted.effects, fs: watch.fs });
    const total = watch.changes();
    expect(total).toBeGreaterThan(60);
    let installed = 0;
    let absent = 0;
    // `HOLDFAST_SWEEP=all` dies before every change; the crash room does so in simulation on every run.
    const step = process.env["HOLDFAST_SWEEP"] === "all" ? 1 : 9;
    for (let at = 0; at < total; at += step) {
      const plane = await withPackages();
      const before = state(plane);
      const { fs, changes } = crashingFileSystem(nodeFileSystem, at, { kind: "crash" }, at % 2 === 0);
      // The dead process cannot undo either; what it reports on its way out is nobody's to see.
      await plane.install([A], {}, { ...plane.effects, fs }).catch(() => undefined);
      expect(changes(), `change ${at}`).toBeGreaterThan(at);
      await writing(plane.effects, plane.plane, { user: "test" }, async () => undefined);
      const now = state(plane);
      if (JSON.stringify(now) === JSON.stringify(before)) absent += 1;
      else {
        installed += 1;
        expect(Object.keys(now)).toContain(`installed/${A}/receipt.json`);
        const again = await plane.install([A]);
        expect(again.packages[0]?.changed, `change ${at}`).toBe(false);
        await plane.uninstall([A]);
        expect(state(plane), `change ${at}`).toEqual(before);
      }
    }
    expect(absent).toBeGreaterThan(3);
    expect(installed).toBeGreaterThan(0);
  });

  test.each(["ENOSPC", "EIO", "EACCES"] as const)(
    "a disk that fails once (%s) leaves everything as it was, exit 6 or 5",
    async (code) => {
      for (let at = 2; at < 90; at += 8) {
        const plane = await withPackages();
        const before = state(plane);
        const { fs } = crashingFileSystem(nodeFileSystem, at, { kind: "error", code });
        const failed = await plane.install([A], {}, { ...plane.effects, fs }).then(
          () => undefined,
          (error: { exit_code?: number }) => error,
        );
        await writing(plane.effects, plane.plane, { user: "test" }, async () => undefined);
        if (failed !== undefined) expect(state(plane), `change ${at}`).toEqual(before);
      }
    },
  );
});

describe("uninstall()", () => {
  test("keeps edited configuration, refuses edited code, and keeps a copy when told to go on", async () => {
    const plane = await withPackages();
    await plane.install([A]);
    writeFileSync(join(plane.root, "modules/a/settings.ini"), "[x]\nk = 2\n");
    writeFileSync(join(plane.root, "modules/a/core.py"), "A = 666\n");
    await expect(plane.uninstall([A])).rejects.toMatchObject({
      code: "INSTALLED_DRIFTED",
      details: { paths: ["modules/a/core.py"] },
    });
    const done = await plane.uninstall([A], { accept_drift: true });
    expect(done.packages[0]).toMatchObject({
      kept: ["modules/a/settings.ini"],
      drifted: ["modules/a/core.py"],
    });
    expect(readFileSync(join(plane.root, "modules/a/settings.ini"), "utf8")).toContain("k = 2");
    expect(
      readFileSync(join(plane.root, `.holdfast/state/kept/${done.transaction_id}/modules/a/core.py`), "utf8"),
    ).toBe("A = 666\n");
  });

  test("packages that share a folder leave in any order without residue", async () => {
    for (const order of [
      [A, "PKG-T1-C-001"],
      ["PKG-T1-C-001", A],
    ]) {
      const plane = await withPackages();
      writeTree(plane.root, {
        "src/c/holdfast.toml": packageToml("PKG-T1-C-001", { target: "modules/a/c" }),
        "src/c/core.py": "C = 1\n",
      });
      await plane.pack("src/c");
      const before = state(plane);
      await plane.install([A, "PKG-T1-C-001"]);
      for (const id of order) await plane.uninstall([id]);
      expect(state(plane), order.join(" then ")).toEqual(before);
    }
  });

  test("a receipt that names somebody else's path removes nothing", async () => {
    const plane = await withPackages();
    await plane.install([A, B]);
    const path = join(plane.root, `installed/${B}/receipt.json`);
    const receipt = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(join(plane.root, "../victim.txt"), "v");
    const foreign: [string, string][] = [
      ["../victim.txt", "RECEIPT_DAMAGED"],
      ["config/plane.toml", "PATH_RESERVED"],
      ["modules/a/core.py", "PATH_OWNED"],
    ];
    for (const [named, code] of foreign) {
      const files = [...receipt.files, { ...receipt.files[0], path: named }];
      writeFileSync(path, JSON.stringify({ ...receipt, files }));
      const before = state(plane);
      await expect(plane.uninstall([B]), named).rejects.toMatchObject({ code });
      expect(state(plane)).toEqual(before);
    }
    writeFileSync(path, JSON.stringify({ ...receipt, package_id: A }));
    await expect(plane.uninstall([B])).rejects.toMatchObject({ code: "RECEIPT_DAMAGED" });
  });

  test("nothing is removed through a folder that became a link", async () => {
    const plane = await withPackages();
    await plane.install([A]);
    renameSync(join(plane.root, "modules/a"), join(plane.root, "elsewhere"));
    symlinkSync("../elsewhere", join(plane.root, "modules/a"));
    await expect(plane.uninstall([A])).rejects.toMatchObject({ code: "PATH_THROUGH_LINK" });
    expect(readFileSync(join(plane.root, "elsewhere/core.py"), "utf8")).toBe("A = 1\n");
  });

  test("a damaged memory of folders is refused, not acted on", async () => {
    const plane = await withPackages();
    await plane.install([A]);
    for (const text of ['["../../outside"]', "{", "{}"]) {
      writeFileSync(join(plane.root, ".holdfast/state/directories.json"), text);
      await expect(plane.uninstall([A])).rejects.toMatchObject({ code: "MEMORY_DAMAGED", exit_code: 4 });
    }
  });

  test("a ledger that takes no entry is found before anything is touched", async () => {
    const plane = await withPackages();
    await plane.install([A]);
    const path = join(plane.root, "ledger/packages.jsonl");
    writeFileSync(
      path,
      readFileSync(path, "utf8").trimEnd().split("\n").slice(0, -1).join("\n").concat("\n"),
    );
    const before = state(plane);
    await expect(plane.uninstall([A])).rejects.toMatchObject({ code: "LEDGER_DAMAGED" });
    expect(state(plane)).toEqual(before);
  });

  test("names near matches for what is not installed", async () => {
    const plane = await withPackages();
    await plane.install([A]);
    await expect(plane.uninstall(["PKG-T1-A-002"])).rejects.toMatchObject({
      code: "NOT_INSTALLED",
      exit_code: 1,
      details: { near: [A] },
    });
  });

  test("a path that became a folder or a lost executable bit is drift, not a crash", async () => {
    const plane = await withPackages();
    await plane.install([A]);
    chmodSync(join(plane.root, "modules/a/bin/run.sh"), 0o644);
    renameSync(join(plane.root, "modules/a/core.py"), join(plane.root, "moved"));
    mkdirSync(join(plane.root, "modules/a/core.py"));
    await expect(plane.uninstall([A])).rejects.toMatchObject({
      details: { paths: ["modules/a/bin/run.sh", "modules/a/core.py"] },
    });
  });
});
