import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeOutput } from "../../src/trace/index.ts";
import { removePlanes, TestPlane } from "./planes.ts";

afterAll(removePlanes);

const write = (on: TestPlane, path: string): string => writeOutput(on.effects, on.plane, path, "page");

test.each([
  "ledger/governance.jsonl",
  "LEDGER/x.html",
  "registries/x.html",
  ".holdfast/state/x.html",
  "modules/x.html",
  "nowhere/x.html",
  "a\0b",
  "own",
  "link/x.html",
  "dangling",
])("%j is refused and nothing is written", (path) => {
  const on = new TestPlane();
  for (const folder of ["ledger", "LEDGER", "modules", ".holdfast/state", "own"])
    mkdirSync(join(on.root, folder), { recursive: true });
  symlinkSync(join(on.root, "ledger"), join(on.root, "link"));
  symlinkSync(join(on.root, "not-there"), join(on.root, "dangling"));
  const before = readdirSync(on.root, { recursive: true });
  expect(() => write(on, path)).toThrow(
    expect.objectContaining({ code: "TRACE_OUTPUT_REFUSED", exit_code: 3 }),
  );
  expect(readdirSync(on.root, { recursive: true })).toEqual(before);
  expect(existsSync(join(on.root, "not-there"))).toBe(false);
});

test("a file of one's own is made and replaced whole", () => {
  const on = new TestPlane();
  writeFileSync(join(on.root, "trace.html"), "before");
  expect(write(on, "trace.html")).toBe(join(on.root, "trace.html"));
  expect(write(on, "../other.html")).toBe(join(on.root, "../other.html"));
  expect(readFileSync(join(on.root, "trace.html"), "utf8")).toBe("page");
  expect(readdirSync(on.root).filter((name) => name.includes(".part"))).toEqual([]);
});
