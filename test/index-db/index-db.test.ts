import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, test } from "vitest";
import type { Effects } from "../../src/effects/index.ts";
import {
  compareIndex,
  findOwners,
  installedHeads,
  linesAtPlaces,
  placesMentioning,
  rebuildIndex,
} from "../../src/index-db/index.ts";
import { type Context, OPERATIONS } from "../../src/operations/index.ts";
import { ledgerStreams } from "../../src/plane/index.ts";
import { type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { writeTree } from "../support/tree.ts";

const IDS = ["PKG-T1-A-001", "PKG-T1-B-001", "PKG-T2-C-001"];
const WANTED = new Set([
  "modules/a/x.py",
  "modules/b/x.py",
  "modules/c/x.py",
  "modules/c/y.py",
  "nobody/has.this",
]);

let plane: LibraryPlane;
const cache = (name = ""): string => join(plane.root, ".holdfast/cache", name);
const file = (name: string): string => join(plane.root, name);

/** What is said with no index to be had. */
function canonical(): unknown {
  const effects = { ...plane.effects, databases: { open: () => undefined } };
  return [
    installedHeads(effects, plane.root),
    [...findOwners(effects, plane.root, WANTED)].sort(([a], [b]) => a.localeCompare(b)),
  ];
}
const indexed = (effects: Effects = plane.effects): unknown => [
  installedHeads(effects, plane.root),
  [...findOwners(effects, plane.root, WANTED)].sort(([a], [b]) => a.localeCompare(b)),
];
/** Twice: what was read into the index, and what is then taken from it. */
function same(): void {
  const expected = canonical();
  expect(indexed()).toEqual(expected);
  expect(indexed()).toEqual(expected);
}
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 80));

beforeEach(async () => {
  plane = await libraryPlane();
  for (const [index, id] of IDS.entries()) {
    const name = "abc"[index] ?? "";
    writeTree(plane.root, {
      [`src/${name}/holdfast.toml`]: packageToml(id, { target: `modules/${name}` }),
      [`src/${name}/x.py`]: "X = 1\n",
      [`src/${name}/y.py`]: "Y = 1\n",
    });
    await plane.pack(`src/${name}`);
  }
  rmSync(file("src"), { recursive: true });
  await plane.install(IDS.slice(0, 2));
});

describe("the index", () => {
  test("says what the files say, after every change of ours", async () => {
    same();
    await plane.install([IDS[2] ?? ""]);
    same();
    expect((canonical() as [unknown[], unknown[]]).map((list) => list.length)).toEqual([3, 4]);
    await settle();
    same();
    await plane.uninstall([IDS[1] ?? ""]);
    same();
    await plane.install([IDS[1] ?? ""]);
    await settle();
    same();
  });

  test("says what the files say after edits by hand, with size and modification time put back", async () => {
    const registry = file("registries/file_ownership.csv");
    await plane.install([IDS[2] ?? ""]);
    await settle();
    same();
    const before = readFileSync(registry, "utf8");
    const edited = before.replace(/modules\/c\/x.py,PKG-T2-C-001/, "modules/c/x.py,PKG-T2-D-001");
    expect(edited).not.toBe(before);
    writeFileSync(registry, edited);
    utimesSync(registry, new Date(0), new Date(0));
    same();
    expect(JSON.stringify(indexed())).toContain("PKG-T2-D-001");
    // At once again, within the tick of the file system's clock.
    for (let round = 0; round < 30; round++) {
      writeFileSync(registry, edited.replace("PKG-T2-D-001", `PKG-T2-E-${String(round).padStart(3, "0")}`));
      utimesSync(registry, new Date(0), new Date(0));
      same();
    }
    writeFileSync(registry, before);
    same();
  });

  test("sees receipts that were edited, taken away and put back", async () => {
    const receipt = file("installed/PKG-T1-A-001/manifest.json");
    const text = readFileSync(receipt, "utf8");
    for (let round = 0; round < 10; round++) {
      writeFileSync(receipt, text.replace('"conflicts": []', `"conflicts": ["PKG-T9-${round}"]`));
      same();
    }
    writeFileSync(receipt, text);
    same();
    renameSync(file("installed/PKG-T1-B-001"), file("aside"));
    same();
    renameSync(file("aside"), file("installed/PKG-T1-B-001"));
    same();
  });

  test("does not believe a file whose clock has not ticked since it was read", async () => {
    const tick_ns = 40_000_000n;
    const { fs } = plane.effects;
    const coarse: Effects = {
      ...plane.effects,
      fs: {
        ...fs,
        stat(path) {
          const stat = fs.stat(path);
          return stat === undefined ? undefined : { ...stat, ctime_ns: (stat.ctime_ns / tick_ns) * tick_ns };
        },
      },
    };
    const registry = file("registries/file_ownership.csv");
    const before = readFileSync(registry, "utf8");
    for (let round = 0; round < 50; round++) {
      writeFileSync(
        registry,
        before.replaceAll("PKG-T1-A-001", `PKG-T1-${String.fromCodePoint(65 + (round % 26))}-002`),
      );
      utimesSync(registry, new Date(0), new Date(0));
      expect(indexed(coarse)).toEqual(canonical());
    }
  });

  test("is what settled answers come from", async () => {
    await settle();
    same();
    const database = new DatabaseSync(cache("index.sqlite"));
    database.exec("UPDATE owner SET package_id = 'PKG-FROM-INDEX'");
    database.close();
    expect([...findOwners(plane.effects, plane.root, WANTED).values()]).toEqual([
      "PKG-FROM-INDEX",
      "PKG-FROM-INDEX",
    ]);
  });

  test("is made anew when it is damaged, of another layout, cut or not ours, and left alone when it is a link", async () => {
    const expected = canonical();
    const bytes = readFileSync(cache("index.sqlite"));
    let seen = 0;
    for (const damage of [
      Buffer.from("no database"),
      Buffer.alloc(0),
      bytes.subarray(0, 5000),
      Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(bytes.length, 7)]),
    ]) {
      for (const end of ["-wal", "-shm"]) rmSync(cache(`index.sqlite${end}`), { force: true });
      writeFileSync(cache("index.sqlite"), damage);
      expect(indexed()).toEqual(expected);
      expect(indexed()).toEqual(expected);
      seen++;
    }
    expect(seen).toBe(4);
    rmSync(cache(), { recursive: true });
    expect(indexed()).toEqual(expected);
    rmSync(cache(), { recursive: true });
    mkdirSync(cache());
    copyFileSync(file("registries/file_ownership.csv"), file("elsewhere"));
    symlinkSync(file("elsewhere"), cache("index.sqlite"));
    expect(indexed()).toEqual(expected);
    expect(readFileSync(file("elsewhere"), "utf8")).toBe(
      readFileSync(file("registries/file_ownership.csv"), "utf8"),
    );
    rmSync(cache(), { recursive: true });
  });

  test("finds the same ledger lines as reading all of them, also after appends, cuts and rewrites", async () => {
    const streams = ledgerStreams(plane.effects.fs, plane.root);
    const stream = "ledger/packages.jsonl";
    const lines = (): Record<string, unknown>[] =>
      readFileSync(file(stream), "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const holds = (value: unknown, text: string): boolean =>
      value === text ||
      (typeof value === "object" &&
        value !== null &&
        Object.values(value).some((member) => holds(member, text)));
    const linesMentioning = (text: string, direction?: "backwards"): { stream: string; line: number }[] =>
      (placesMentioning(plane.effects, plane.root, streams, text) ?? []).flatMap((places) => [
        ...linesAtPlaces(plane.effects.fs, plane.root, places, text, direction),
      ]);
    let compared = 0;
    const agree = (): void => {
      const all = lines();
      const subjects = new Set(
        all.flatMap(({ id, entry_hash, metadata }) => [
          id,
          entry_hash,
          (metadata as { transaction_id?: unknown }).transaction_id,
        ]),
      );
      for (const text of [...IDS, "PKG-T9-NONE-001", ...subjects]) {
        if (typeof text !== "string") continue;
        const expected = all.flatMap((entry, index) =>
          entry["id"] === text ||
          entry["entry_hash"] === text ||
          String(entry["submission_id"])
            .split(/[\s,]+/)
            .includes(text) ||
          holds(entry["metadata"], text)
            ? [index + 1]
            : [],
        );
        const found = linesMentioning(text);
        expect(
          linesMentioning(text, "backwards")
            .map(({ line }) => line)
            .toSorted((a, b) => a - b),
        ).toEqual(found.map(({ line }) => line).toSorted((a, b) => a - b));
        expect(
          found.filter((one) => one.stream === stream).map(({ line }) => line),
          text,
        ).toEqual(expected);
        compared += expected.length;
      }
    };
    agree();
    await plane.install([IDS[2] ?? ""]);
    agree();
    const text = readFileSync(file(stream), "utf8");
    writeFileSync(file(stream), text.slice(0, text.trimEnd().lastIndexOf("\n") + 1));
    agree();
    writeFileSync(file(stream), text);
    agree();
    writeFileSync(file(stream), text.replaceAll("PKG-T1-A-001", "PKG-T1-Z-001"));
    agree();
    writeFileSync(file(stream), text);
    agree();
    expect(compared).toBeGreaterThan(60);
    expect(linesMentioning("some words")).toEqual([]);
  });

  test("is made anew on request, and what it holds is counted beside the files", async () => {
    const streams = ledgerStreams(plane.effects.fs, plane.root);
    rmSync(cache(), { recursive: true });
    expect(new Set(compareIndex(plane.effects, plane.root, streams).map(({ state }) => state))).toEqual(
      new Set(["absent"]),
    );
    const parts = rebuildIndex(plane.effects, plane.root, streams, () => undefined) ?? [];
    expect(parts.map(({ state }) => state)).toEqual(parts.map(() => "current"));
    expect(parts.every((part) => part.canonical === part.derived && part.canonical > 0)).toBe(true);
    await plane.install([IDS[2] ?? ""]);
    expect(compareIndex(plane.effects, plane.root, streams).some(({ state }) => state === "behind")).toBe(
      true,
    );
    rebuildIndex(plane.effects, plane.root, streams, () => undefined);
    const database = new DatabaseSync(cache("index.sqlite"));
    database.exec("DELETE FROM owner WHERE path = 'modules/c/x.py'");
    database.close();
    const diverged = compareIndex(plane.effects, plane.root, streams).filter(
      ({ state }) => state === "diverged",
    );
    expect(diverged.map(({ part }) => part)).toEqual(["paths"]);
  });

  test("cannot be made anew where its folder is taken, and says so", async () => {
    rmSync(cache(), { recursive: true, force: true });
    writeFileSync(cache().replace(/\/$/, ""), "not a folder");
    const rebuild = await OPERATIONS["rebuild-index"]?.();
    const context = {
      effects: plane.effects,
      root: plane.root,
      onProgress: () => undefined,
    } as unknown as Context;
    await expect(rebuild?.run(context, {})).rejects.toMatchObject({
      code: "INDEX_UNAVAILABLE",
      exit_code: 5,
    });
    rmSync(cache().replace(/\/$/, ""));
  });
});
