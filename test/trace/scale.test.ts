import { afterAll, expect, test } from "vitest";
import type { FileSystem } from "../../src/effects/index.ts";
import { explain, renderTrace } from "../../src/trace/index.ts";
import { entry, removePlanes, TestPlane } from "./planes.ts";

afterAll(removePlanes);

/** The same effects, counting how often each file is opened. */
function counting(on: TestPlane): { effects: TestPlane["effects"]; opened: Map<string, number> } {
  const opened = new Map<string, number>();
  const count = (path: string): void =>
    void opened.set(path.slice(on.root.length + 1), (opened.get(path.slice(on.root.length + 1)) ?? 0) + 1);
  const { fs } = on.effects;
  const counted: FileSystem = {
    ...fs,
    read: (path) => (count(path), fs.read(path)),
    readText: (path) => (count(path), fs.readText(path)),
    openRead: (path) => (count(path), fs.openRead(path)),
  };
  return { effects: { ...on.effects, fs: counted }, opened };
}

async function aThousandFiles(): Promise<TestPlane> {
  const on = new TestPlane();
  const files = Object.fromEntries(
    Array.from({ length: 1000 }, (_, i) => [
      `modules/big/part_${String(i).padStart(4, "0")}.py`,
      `"""Part ${i}."""\nvalue = ${i}\n`,
    ]),
  );
  const receipt = on.install({ id: "PKG-T2-BIG-001", files });
  on.own(receipt);
  on.register("PKG-T2-BIG-001");
  await on.append(
    "ledger/packages.jsonl",
    ...Array.from({ length: 500 }, (_, i) =>
      entry("INSTALLED", i % 20 === 0 ? "PKG-T2-BIG-001" : "PKG-T1-OTHER-001", { number: i }),
    ),
  );
  return on;
}

test("a package of 1,000 files: every registry, receipt and ledger is opened a few times at most, and the text is quick", async () => {
  const on = await aThousandFiles();
  const { effects, opened } = counting(on);
  const started_ms = performance.now();
  const report = await explain(effects, on.plane, "PKG-T2-BIG-001");
  const text = renderTrace(report);
  const duration_ms = performance.now() - started_ms;
  console.log(`explain and render a package of 1,000 files: ${duration_ms.toFixed(0)} ms`);
  const kept = [...opened].filter(([path]) => /^(registries|installed|ledger)\//.test(path));
  expect(kept.length).toBeGreaterThan(4);
  // By the index for what it lacks, for the last line or the digest it then has, and for what is asked for.
  expect(kept.filter(([, count]) => count > 3)).toEqual([]);
  expect(report.data).toMatchObject({ installed: true });
  expect(text).toContain("1000 of 1000 recorded files have their recorded bytes.");
  expect(text).toContain("… and 950 more files");
  expect(duration_ms).toBeLessThan(2_000);
});

test("history keeps the newest twenty and counts the rest", async () => {
  const on = await aThousandFiles();
  const report = await explain(on.effects, on.plane, "PKG-T2-BIG-001");
  if (report.type !== "package") throw new Error(report.type);
  expect(report.data.history.map(({ line }) => line)).toEqual(
    Array.from({ length: 20 }, (_, i) => 481 - i * 20),
  );
  expect(report.data.history_left_out).toBe(5);
});

test("an unknown name among 100,000 owned paths has its near matches within a second", async () => {
  const on = new TestPlane();
  on.rows(
    "file_ownership",
    ...Array.from({ length: 100_000 }, (_, i) => ({
      file_path: `lib/folder_${i % 300}/some_module_${i}.py`,
      owner_package_id: "PKG-BASELINE-HO3-000",
    })),
  );
  const started_ms = performance.now();
  const report = await explain(on.effects, on.plane, "lib/folder_7/some_module_70007.pi");
  const duration_ms = performance.now() - started_ms;
  console.log(`near matches among 100,000 paths: ${duration_ms.toFixed(0)} ms`);
  if (report.type !== "unknown") throw new Error(report.type);
  expect(report.data.near.length).toBeGreaterThan(0);
  expect(duration_ms).toBeLessThan(5_000);
});
