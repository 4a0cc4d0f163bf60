import { mkdirSync, mkdtempSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Transaction } from "../../src/journal/index.ts";
import { collectNow, examine } from "../../src/lifecycle/index.ts";
import { libraryPlane } from "../support/library-plane.ts";
import { writeTree } from "../support/tree.ts";

test("doctor counts all it looked at and settles what was left", async () => {
  const { root, plane, effects: real } = await libraryPlane();
  const temp = mkdtempSync(join(tmpdir(), "doctor-"));
  const effects = { ...real, host: { ...real.host, env: { ...real.host.env, TMPDIR: temp } } };
  const quiet = await examine(effects, plane, {});
  expect(quiet).toMatchObject({
    pending_before: 0,
    recovered: [],
    looked_at: {
      lock: { path: ".holdfast/state/plane.lock" },
      transactions: { found: 0, left: 0 },
      preparing: { found: 0, left: 0 },
      generations: { kept: 0, files: 0, size_bytes: 0, trash_removed: 0 },
      temp_folders: { removed: [], in_use: 0 },
      downloads: { files: 0, size_bytes: 0 },
    },
  });
  expect(quiet.looked_at.reserve.bytes).toBeGreaterThan(1 << 20);
  const about = { operation: "install", subject: "PKG-X", user: "ann" };
  const killed = Transaction.begin(effects, root, about);
  killed.put("modules/x.py", { bytes: Buffer.from("x"), mode: 0o644 });
  await killed.activate();
  const running = await Transaction.prepare(effects, root, about);
  const died = await Transaction.prepare(effects, root, about);
  died.releaseOwner();
  const left = join(temp, `holdfast-${"a".repeat(24)}`);
  mkdirSync(left, { mode: 0o700 });
  utimesSync(left, 1, 1);
  writeTree(root, {
    ".holdfast/state/generations/trash-7/aside/0": "half removed",
    ".holdfast/cache/downloads/sha256/0": "12345",
    ".holdfast/cache/downloads/partial/1": "123",
  });
  writeFileSync(join(root, ".holdfast/state/reserve"), "");
  const found = await examine(effects, plane, {});
  expect(found.recovered.map(({ outcome }) => outcome)).toEqual(["undone", "undone"]);
  expect(found.looked_at).toMatchObject({
    transactions: { found: 1, left: 0 },
    preparing: { found: 2, left: 1 },
    generations: { trash_removed: 1 },
    temp_folders: { removed: [left], in_use: 0 },
    downloads: { files: 2, size_bytes: 8 },
    reserve: { before_bytes: 0, bytes: quiet.looked_at.reserve.bytes },
  });
  expect(readdirSync(temp)).toEqual([]);
  running.discard();
});

test("gc sweeps what killed commands left, and shows it first", async () => {
  const { plane, effects: real, token } = await libraryPlane();
  const temp = mkdtempSync(join(tmpdir(), "gc-"));
  const effects = { ...real, host: { ...real.host, env: { ...real.host.env, TMPDIR: temp } } };
  const left = join(temp, `holdfast-${"b".repeat(24)}`);
  mkdirSync(left, { mode: 0o700 });
  utimesSync(left, 1, 1);
  const swept = { temp_folders: { removed: [left], in_use: 0 } };
  expect(await collectNow(effects, plane, { token, dry_run: true })).toMatchObject(swept);
  expect(readdirSync(temp).length).toBe(1);
  expect(await collectNow(effects, plane, { token, dry_run: false })).toMatchObject(swept);
  expect(readdirSync(temp)).toEqual([]);
});
