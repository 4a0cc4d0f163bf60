/** The index may be behind or absent, which is no finding; what it says wrongly is one. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, expect, test } from "vitest";
import type { Effects } from "../../src/effects/index.ts";
import { rebuildIndex } from "../../src/index-db/index.ts";
import { type RememberedOptions, rememberedCheck } from "../../src/integrity/index.ts";
import { ledgerStreams } from "../../src/plane/index.ts";
import { type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { writeTree } from "../support/tree.ts";

const A = "PKG-T1-A-001";
const B = "PKG-T1-B-001";
let on: LibraryPlane;
/** Later than any tick of the file system's clock. */
let later: Effects;

const index = (): string => join(on.root, ".holdfast/cache/index.sqlite");
const check = async (more: Partial<RememberedOptions> = {}) => {
  const options = { orphans: false, fast: false, dry_run: false, version: "1.0.0", ...more };
  return rememberedCheck(later, on.plane, options);
};
const found = async (): Promise<unknown[]> =>
  (await check()).findings
    .filter(({ code }) => code === "INDEX_DIVERGED")
    .map(({ path, next_step, severity }) => [path, next_step, severity]);
const rebuild = () => rebuildIndex(later, on.root, ledgerStreams(later.fs, on.root), () => undefined);
const change = (sql: string): void => {
  const database = new DatabaseSync(index());
  expect(database.prepare(sql).run().changes).toBeGreaterThan(0);
  database.close();
};

beforeEach(async () => {
  on = await libraryPlane();
  const { clock } = on.effects;
  later = { ...on.effects, clock: { ...clock, now_ms: () => clock.now_ms() + 60_000 } };
  for (const [name, id] of [
    ["a", A],
    ["b", B],
  ] as const) {
    writeTree(on.root, {
      [`src/${name}/holdfast.toml`]: packageToml(id, { target: `modules/${name}` }),
      [`src/${name}/x.py`]: `${name} = 1\n`,
    });
    await on.pack(`src/${name}`);
  }
  await on.install([A, B]);
  rebuild();
});

test("an index that says what the files say, is behind them, damaged or absent is no finding", async () => {
  expect(await found()).toEqual([]);
  await on.uninstall([B]);
  expect(await found()).toEqual([]);
  writeTree(on.root, { ".holdfast/cache/index.sqlite": "no database" });
  expect(await found()).toEqual([]);
  rmSync(join(on.root, ".holdfast/cache"), { recursive: true });
  expect(await found()).toEqual([]);
  expect(existsSync(index())).toBe(false);
  mkdirSync(index(), { recursive: true });
  expect(await found()).toEqual([]);
});

test.each([
  [
    "another owner of a path",
    `UPDATE owner SET package_id = '${B}' WHERE path = 'modules/a/x.py'`,
    "registries/file_ownership.csv",
  ],
  [
    "a path nobody owns",
    `INSERT INTO owner VALUES ('zzz', '${B}', '', 'zzz')`,
    "registries/file_ownership.csv",
  ],
  ["one path less", `DELETE FROM owner WHERE path = 'modules/a/x.py'`, "registries/file_ownership.csv"],
  ["a row of no path", `INSERT INTO owner VALUES ('', '${A}', '', '')`, "registries/file_ownership.csv"],
  [
    "another version of a package",
    `UPDATE head SET head = replace(head, '"1.0.0"', '"9.0.0"') WHERE package_id = '${A}'`,
    "installed",
  ],
  [
    "fewer entries of a ledger",
    "UPDATE stream SET lines = lines - 1 WHERE name = 'ledger/packages.jsonl'",
    "ledger/packages.jsonl",
  ],
])("%s is one, and a rebuild cures it", async (_what, sql, source) => {
  change(sql);
  expect(await found()).toEqual([[source, 'Run "pkg rebuild-index".', "error"]]);
  expect((await check()).healthy).toBe(false);
  rebuild();
  expect(await found()).toEqual([]);
});

test("the fast mode answers for files and remembers nothing of the index", async () => {
  await check({ fast: true });
  change(`UPDATE owner SET package_id = '${B}' WHERE path = 'modules/a/x.py'`);
  expect(await found()).toHaveLength(1);
  const fast = await check({ fast: true });
  expect(fast.findings.map(({ code }) => code)).not.toContain("INDEX_DIVERGED");
  expect(fast.mode).toBe("fast");
});
