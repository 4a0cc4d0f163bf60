import { copyFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import type { Effects } from "../../src/effects/index.ts";
import { ask, explain, inventory, renderTrace, traceExitCode } from "../../src/trace/index.ts";
import { aChain, removePlanes } from "./planes.ts";

afterAll(removePlanes);

const MID = "installed/PKG-T1-MID-001";

/** As the system answers a user who may not enter the folder; a test that runs as root is let in everywhere. */
function closed(effects: Effects, folder: string): Effects {
  const { fs } = effects;
  const guard = <T>(path: string, work: () => T): T => {
    if (!path.includes(`${folder}/`)) return work();
    throw Object.assign(new Error(`EACCES: ${path}`), { code: "EACCES", syscall: "lstat", path });
  };
  return {
    ...effects,
    fs: {
      ...fs,
      stat: (path) => guard(path, () => fs.stat(path)),
      read: (path) => guard(path, () => fs.read(path)),
      readText: (path) => guard(path, () => fs.readText(path)),
      openRead: (path) => guard(path, () => fs.openRead(path)),
    },
  };
}

test.each(["PKG-T0-BASE-001", "PKG-T1-MID-001", "modules", "modules/mid/mid.py", "SPEC-MID-001", "."])(
  "%s is explained although a receipt lies in a closed folder: it is a finding, and the rest is shown",
  async (subject) => {
    const on = await aChain();
    const report = await explain(closed(on.effects, MID), on.plane, subject);
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        code: "TRACE_RECEIPT_UNREADABLE",
        severity: "error",
        path: `${MID}/receipt.json`,
        message: `${MID}/receipt.json cannot be read (EACCES)`,
      }),
    );
    expect([report.found, traceExitCode(report)]).toEqual([true, 1]);
    expect(renderTrace(report)).toContain("[TRACE_RECEIPT_UNREADABLE]");
  },
);

test("--impact and --inventory go on as well", async () => {
  const on = await aChain();
  const effects = closed(on.effects, MID);
  const report = await ask(effects, on.plane, { ask: "impact", subject: "PKG-T0-BASE-001" });
  expect(traceExitCode(report)).toBe(1);
  const { findings, health } = await inventory(effects, on.plane);
  expect(findings.map(({ code }) => code)).toContain("TRACE_RECEIPT_UNREADABLE");
  expect(health.healthy).toBe(false);
});

test("what is told without that receipt exits 0", async () => {
  const on = await aChain();
  const report = await explain(closed(on.effects, MID), on.plane, "FMWK-100");
  expect(report.findings.map(({ code }) => code)).toContain("TRACE_RECEIPT_UNREADABLE");
  const other = await explain(on.effects, on.plane, "FMWK-100");
  expect([other.findings, traceExitCode(other)]).toEqual([[], 0]);
});

test("a receipt in the folder of another package is a finding", async () => {
  const on = await aChain();
  const BASE = "installed/PKG-T0-BASE-001";
  for (const name of ["receipt.json", "manifest.json"])
    copyFileSync(`${on.root}/${MID}/${name}`, `${on.root}/${BASE}/${name}`);
  const report = await explain(on.effects, on.plane, "PKG-T0-BASE-001");
  expect(traceExitCode(report)).toBe(1);
  expect(report.findings[0]).toMatchObject({ code: "RECEIPT_DAMAGED", path: `${BASE}/receipt.json` });
});
