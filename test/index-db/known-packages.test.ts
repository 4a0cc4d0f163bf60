import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeEach, expect, test } from "vitest";
import type { FileSystem } from "../../src/effects/index.ts";
import { type IndexEffects, KnownPackages } from "../../src/index-db/index.ts";
import { removePlanes, TestPlane } from "../trace/planes.ts";

afterAll(removePlanes);

const [A, B, C] = ["PKG-T1-A-001", "PKG-T1-B-001", "PKG-T1-C-001"] as const;
let on: TestPlane;
/** Files opened since the last look. */
let opened: string[];
let effects: IndexEffects;

beforeEach(async () => {
  on = new TestPlane();
  for (const [id, needs] of [
    [A, []],
    [B, [A]],
    [C, [B]],
  ] as const)
    on.install({
      id,
      files: { [`modules/${id}`]: id },
      dependencies: needs.map((one) => ({ id: one, range: "^1.0.0" })),
    });
  opened = [];
  const count = (path: string): void => void opened.push(path);
  const { fs } = on.effects;
  const counted: FileSystem = {
    ...fs,
    readText: (path) => (count(path), fs.readText(path)),
  };
  effects = { ...on.effects, fs: counted };
  await setTimeout(80);
  new KnownPackages(effects, on.root).follow();
  opened = [];
});

const edges = (): unknown =>
  new KnownPackages(effects, on.root).edges()?.map(({ from, to, range }) => `${from} ${to} ${range}`);
const manifestOf = (id: string): string => `${on.root}/installed/${id}/manifest.json`;

test("receipts that are as they were are held against their states, and none is read", () => {
  expect(edges()).toEqual([`${B} ${A} ^1.0.0`, `${C} ${B} ^1.0.0`]);
  expect(opened).toEqual([]);
});

test("one that was edited is read again, and only that one", () => {
  writeFileSync(manifestOf(C), readFileSync(manifestOf(C), "utf8").replace("^1.0.0", "^3.0.0"));
  expect(edges()).toEqual([`${B} ${A} ^1.0.0`, `${C} ${B} ^3.0.0`]);
  expect(opened.every((path) => path.includes(C))).toBe(true);
  expect(opened.length).toBeGreaterThan(0);
});

test("one that is gone is not told of, and one that was damaged leaves the answer to the files", () => {
  rmSync(`${on.root}/installed/${C}`, { recursive: true });
  expect(edges()).toEqual([`${B} ${A} ^1.0.0`]);
  writeFileSync(manifestOf(B), "{");
  expect(edges()).toBeUndefined();
});

test("what is likely is told without a look, and called stale once somebody looks", () => {
  writeFileSync(manifestOf(B), readFileSync(manifestOf(B), "utf8").replace("^1.0.0", "^2.0.0"));
  const known = new KnownPackages(effects, on.root);
  const likely = () => known.likelyEdgesTo(A)?.map(({ from, range }) => `${from} ${range}`);
  expect([likely(), opened]).toEqual([[`${B} ^1.0.0`], []]);
  expect(known.areCurrent([A])).toBe(true);
  expect(known.areCurrent([A, B])).toBe(false);
  expect([likely(), known.areCurrent([A, B])]).toEqual([[`${B} ^2.0.0`], true]);
});
