import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { IntegrityReport } from "../../src/contracts/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { renderIntegrity, unreadableReport } from "../../src/integrity/index.ts";
import { INTEGRITY_RULES } from "../../src/integrity/rules.ts";
import { Fault } from "../../src/kernel/index.ts";
import { openPlane } from "../../src/plane/index.ts";
import { aPlane, errorCodes } from "./planes.ts";

function faultOf(work: () => unknown): Fault {
  try {
    work();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("expected a fault");
}

test("every finding of this room has a rule that viewers can show", () => {
  const folder = new URL("../../src/integrity/", import.meta.url);
  const sources = readdirSync(folder).map((name) =>
    name === "rules.ts" ? "" : readFileSync(new URL(name, folder), "utf8"),
  );
  const codes = sources.flatMap((text) => text.match(/(?<=")[A-Z]{3,}(_[A-Z]+)+(?=")/g) ?? []);
  const of_other_rooms = new Set(["REGISTRY_REFERENCE_MISSING", "INSTALLED", "UPDATED"]);
  const without = [...new Set(codes)].filter(
    (code) => !Object.hasOwn(INTEGRITY_RULES, code) && !of_other_rooms.has(code),
  );
  expect(codes.length).toBeGreaterThan(40);
  expect(without).toEqual([]);
});

test("a plane in which nothing was verified is not healthy", async () => {
  const { check } = await aPlane([]);
  const report = await check();
  expect(errorCodes(report)).toEqual(["NOTHING_VERIFIED", "REGISTRY_EMPTY"]);
  expect(report).toMatchObject({ healthy: false, merkle_root: null, verified_count: 0 });
});

test("no plane: a whole report that is never healthy", () => {
  const fault = faultOf(() => openPlane(nodeEffects(), "nonexistent"));
  const report = IntegrityReport.parse(unreadableReport(fault, "2026-01-02T03:04:05.000Z"));
  expect(report).toMatchObject({ healthy: false, error: { code: "PLANE_NOT_FOUND" }, counts: { total: 0 } });
  expect(renderIntegrity(report, { quiet: false, orphans: false })).toContain(
    'Make one with "pkg init nonexistent"',
  );
});

describe("for people", () => {
  test("80 columns, the command on one line, fifty findings at most", async () => {
    const { check, put, root } = await aPlane();
    for (let index = 0; index < 60; index++) put(`lib/f${index}`, "x");
    writeFileSync(join(root, "modules/alpha/main.py"), "x");
    const report = await check();
    const text = renderIntegrity(report, { quiet: false, orphans: false });
    const lines = text.split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines[0]).toBe('NOT HEALTHY: 61 errors, 0 notes in plane "test", generation 3');
    expect(text).toContain("… and 11 more findings; --json lists all.");
    expect(renderIntegrity(report, { quiet: true, orphans: false })).toBe(
      "Integrity: ISSUES | Verified: 4 | Orphans: 60 | Chain: 0 errors\n",
    );
  });
});
