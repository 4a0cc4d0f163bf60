import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nodeFileSystem } from "../../src/effects/node/file-system.ts";
import { crashingFileSystem } from "../../src/effects/sim/crashing-file-system.ts";
import { Transaction } from "../../src/journal/index.ts";
import { reading, reservedFolder, writing } from "../../src/plane/index.ts";
import { libraryPlane, packageToml } from "../support/library-plane.ts";
import { writeTree } from "../support/tree.ts";

describe("writing()", () => {
  test("waits for another writer, then says who is in the way", async () => {
    const { effects, plane } = await libraryPlane();
    await writing(effects, plane, { user: "a" }, async () => {
      await expect(
        writing(effects, plane, { user: "b", wait_ms: 50 }, async () => undefined),
      ).rejects.toMatchObject({ code: "PLANE_BUSY", exit_code: 5 });
    });
    await writing(effects, plane, { user: "b", wait_ms: 50 }, async () => undefined);
  });

  test("refuses an invalid hand edit of a registry and records a valid one", async () => {
    const { effects, plane, root } = await libraryPlane();
    const path = join(root, "registries/specs_registry.csv");
    const before = readFileSync(path, "utf8");
    writeFileSync(path, `${before}SPEC-A-001,"open\r\n`);
    await expect(writing(effects, plane, { user: "ann" }, async () => undefined)).rejects.toMatchObject({
      code: "REGISTRY_INVALID",
      exit_code: 4,
    });
    writeFileSync(path, `${before}SPEC-A-001,A,FMWK-100,active,1.0.0,ho3,2026-01-01T00:00:00Z\r\n`);
    await writing(effects, plane, { user: "ann" }, async () => undefined);
    expect(readFileSync(join(root, "ledger/governance.jsonl"), "utf8")).toContain(
      '"event_type": "registry_edited"',
    );
  });

  test("a disk without space for the lock says so", async () => {
    const { effects, plane } = await libraryPlane();
    const locks = { acquire: () => Promise.reject(Object.assign(new Error("full"), { errcode: 13 })) };
    await expect(
      writing({ ...effects, locks }, plane, { user: "a" }, async () => undefined),
    ).rejects.toMatchObject({ code: "PLANE_DISK_FULL" });
  });

  test.each([
    [{ code: "EIO" }, "PLANE_DISK_FAILED", 5],
    // SQLite's own word for it, with where it happened in the higher byte.
    [{ code: "ERR_SQLITE_ERROR", errcode: 10 | (15 << 8) }, "PLANE_DISK_FAILED", 5],
    [{ code: "EMFILE" }, "EMFILE", undefined],
  ])("a lock refused with %j is %s, exit %s", async (properties, code, exit_code) => {
    const { effects, plane } = await libraryPlane();
    const locks = { acquire: () => Promise.reject(Object.assign(new Error("disk I/O error"), properties)) };
    await expect(
      writing({ ...effects, locks }, plane, { user: "a" }, async () => undefined),
    ).rejects.toMatchObject({ code, ...(exit_code === undefined ? {} : { exit_code }) });
  });

  test("a lock file with bytes of somebody else names the file, and moving it away helps", async () => {
    const { effects, plane, root } = await libraryPlane();
    const path = join(root, ".holdfast/state/plane.lock");
    writeFileSync(path, "not ours ".repeat(500));
    await expect(writing(effects, plane, { user: "a" }, async () => undefined)).rejects.toMatchObject({
      code: "PLANE_LOCK_DAMAGED",
      exit_code: 4,
      details: { path },
    });
    rmSync(path);
    await writing(effects, plane, { user: "a" }, async () => undefined);
  });

  test("a plane that cannot be locked is read-only, not a bug", async () => {
    const { effects, plane } = await libraryPlane();
    const locks = {
      acquire: () => Promise.reject(Object.assign(new Error("unable to open"), { code: "ERR_SQLITE_ERROR" })),
    };
    await expect(
      writing({ ...effects, locks }, plane, { user: "a" }, async () => undefined),
    ).rejects.toMatchObject({ code: "PLANE_READ_ONLY" });
  });
});

describe("reading()", () => {
  test("waits for a change under way as long as the plane was told to", async () => {
    const { effects, plane, root } = await libraryPlane();
    const waited: number[] = [];
    const locks = {
      acquire: async (_path: string, { wait_ms }: { wait_ms: number }) => {
        waited.push(wait_ms);
        return undefined;
      },
    };
    Transaction.begin(effects, root, { operation: "install", subject: "PKG-X", user: "ann" });
    for (const wait_ms of [0, 60_000])
      await expect(
        reading({ ...effects, locks }, { ...plane, wait_ms }, async () => 1),
      ).rejects.toMatchObject({ code: "PLANE_BUSY", details: { waited_ms: wait_ms } });
    expect(waited).toEqual([0, 60_000]);
  });

  test("a damaged generation record is a fault, not a bug", async () => {
    const { effects, plane, root } = await libraryPlane();
    for (const text of ["{", "[]", '{"generation": "x"}']) {
      writeFileSync(join(root, ".holdfast/state/generation.json"), text);
      await expect(reading(effects, plane, async () => 1)).rejects.toMatchObject({
        code: "STATE_DAMAGED",
        exit_code: 4,
      });
    }
  });

  test("recovers what an interrupted command left before it reads", async () => {
    const { effects, plane, root } = await libraryPlane();
    const transaction = Transaction.begin(effects, root, {
      operation: "install",
      subject: "PKG-X",
      user: "ann",
    });
    transaction.put("modules/x.py", { bytes: Buffer.from("x"), mode: 0o644 });
    await transaction.activate();
    const seen = await reading(effects, plane, async () => nodeFileSystem.stat(`${root}/modules/x.py`));
    expect(seen).toBeUndefined();
  });

  test("a finished change whose folder cannot be put away is shown to readers, and told to writers", async () => {
    const on = await libraryPlane();
    writeTree(on.root, {
      "src/a/holdfast.toml": packageToml("PKG-A", { target: "modules/a" }),
      "src/a/x.py": "x\n",
    });
    await on.pack("src/a");
    const rename: typeof nodeFileSystem.rename = (from, to) => {
      if (to.includes("/generations/"))
        throw Object.assign(new Error("EACCES"), { code: "EACCES", path: from, syscall: "rename" });
      nodeFileSystem.rename(from, to);
    };
    const stuck = { ...on.effects, fs: { ...nodeFileSystem, rename } };
    await expect(on.install(["PKG-A"], {}, stuck)).rejects.toMatchObject({ code: "COMMITTED_UNRECORDED" });
    const seen = await reading(
      stuck,
      on.plane,
      async () => nodeFileSystem.stat(`${on.root}/modules/a/x.py`)?.kind,
    );
    expect(seen).toBe("file");
    await expect(writing(stuck, on.plane, { user: "a" }, async () => 1)).rejects.toMatchObject({
      code: "RETIRE_FAILED",
      exit_code: 5,
    });
    await writing(on.effects, on.plane, { user: "a" }, async () => 1);
    expect(await reading(on.effects, on.plane, async () => 2)).toBe(2);
  });

  test("one that cannot write says that recovery is pending and changes nothing", async () => {
    const { effects, plane, root } = await libraryPlane();
    Transaction.begin(effects, root, { operation: "install", subject: "PKG-X", user: "ann" });
    const locks = { acquire: () => Promise.reject(new Error("read-only")) };
    await expect(reading({ ...effects, locks }, plane, async () => 1)).rejects.toMatchObject({
      code: "RECOVERY_PENDING",
      exit_code: 4,
    });
  });

  test("a plane that keeps changing is reported instead of a mixed answer", async () => {
    const { effects, plane, root } = await libraryPlane();
    let number = 0;
    const work = async (): Promise<void> => {
      number += 1;
      writeFileSync(
        join(root, ".holdfast/state/generation.json"),
        JSON.stringify({ generation: number, transaction_id: `TX-${number}`, registries: {} }),
      );
    };
    await expect(reading(effects, plane, work)).rejects.toMatchObject({ code: "TRANSACTION_IN_PROGRESS" });
    expect(number).toBeGreaterThan(1);
  });
});

test("an undo that fails is said to be pending, and the next command finishes it", async () => {
  const plane = await libraryPlane();
  writeTree(plane.root, {
    "src/a/holdfast.toml": packageToml("PKG-A", { target: "modules/a" }),
    "src/a/x.py": "x\n",
  });
  await plane.pack("src/a");
  let pending = 0;
  for (let at = 60; at < 110; at += 2) {
    const { fs } = crashingFileSystem(nodeFileSystem, at, { kind: "crash" });
    await plane.install(["PKG-A"], {}, { ...plane.effects, fs }).catch((error: { code?: string }) => {
      if (error.code === "UNDO_FAILED") pending += 1;
    });
    await writing(plane.effects, plane.plane, { user: "t" }, async () => undefined);
    await plane.uninstall(["PKG-A"]).catch(() => undefined);
  }
  expect(pending).toBeGreaterThan(0);
});

test("folders of the plane are reserved in any letter case; others are not", () => {
  expect(
    ["config/x", "LEDGER/x", "modules/.Git/x", ".gitignore", "planes/ho2/x"].map(
      (path) => reservedFolder(path) !== undefined,
    ),
  ).toEqual([true, true, true, true, true]);
  expect(["modules/config/x", "lib/ledger.py", "specs/x"].map(reservedFolder)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
