import { unlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { IntegrityReport } from "../../src/contracts/index.ts";
import { recordConfig } from "../../src/plane/index.ts";
import { aPlane, edit, errorCodes, type TestPlane } from "./planes.ts";

const FILE = "config/waivers.toml";
const waiver = (lines: Record<string, string>): string =>
  ["[[waiver]]", ...Object.entries(lines).map(([key, value]) => `${key} = ${value}`), ""].join("\n");
const GOOD = {
  code: '"FILE_UNOWNED"',
  path: '"lib/vendor/**"',
  owner: '"ann"',
  reason: '"comes with the next release"',
  expires: "2999-12-31",
};

async function recorded(text: string): Promise<TestPlane> {
  const made = await aPlane();
  made.put(FILE, text);
  await recordConfig(made.effects, made.plane, "ann");
  return made;
}
const codesAt = (report: IntegrityReport, path: string): string[] =>
  report.findings.filter((finding) => finding.path === path).map(({ code }) => code);

describe("a waiver that holds", () => {
  test("its finding is listed, marked, and does not fail", async () => {
    const { check, put } = await recorded(waiver(GOOD));
    put("lib/vendor/a/b.js", "1");
    const report = await check();
    expect(report).toMatchObject({ healthy: true, waived_count: 1, orphans: ["lib/vendor/a/b.js"] });
    expect(report.findings).toMatchObject([
      {
        code: "FILE_UNOWNED",
        severity: "error",
        waived: { owner: "ann", reason: "comes with the next release", expires: "2999-12-31" },
      },
    ]);
    put("lib/other.js", "1");
    expect(errorCodes(await check())).toEqual(["FILE_UNOWNED"]);
    expect((await check()).healthy).toBe(false);
  });

  test("the date may be a text, the code a pattern, the path left out", async () => {
    const { path: _, ...anywhere } = GOOD;
    const { check, put } = await recorded(waiver({ ...anywhere, code: '"FILE_*"', expires: '"2999-12-31"' }));
    put("lib/x.js", "1");
    expect(await check()).toMatchObject({ healthy: true, waived_count: 1 });
  });

  test("that matches nothing is a note", async () => {
    const { check } = await recorded(waiver(GOOD));
    const report = await check();
    expect(report.healthy).toBe(true);
    expect(report.findings).toMatchObject([
      { code: "WAIVER_UNUSED", severity: "note", path: FILE, field: "waiver 1" },
    ]);
  });
});

describe("a waiver that does not hold", () => {
  test("nobody recorded it: it does not count", async () => {
    const { check, put, plane, effects } = await aPlane();
    put(FILE, waiver(GOOD));
    put("lib/vendor/x.js", "1");
    const report = await check();
    expect(errorCodes(report)).toEqual(["FILE_UNOWNED", "WAIVERS_UNRECORDED"]);
    expect(report.findings.find(({ code }) => code === "WAIVERS_UNRECORDED")?.next_step).toContain(
      '"integrity-check --record"',
    );
    await recordConfig(effects, plane, "ann");
    expect((await check()).healthy).toBe(true);
  });

  test("edited or removed after it was recorded", async () => {
    const { check, put, root } = await recorded(waiver(GOOD));
    put("lib/vendor/x.js", "1");
    edit(root, FILE, "lib/vendor/**", "**");
    expect(errorCodes(await check())).toEqual(["FILE_UNOWNED", "WAIVERS_UNRECORDED"]);
    unlinkSync(join(root, FILE));
    const report = await check();
    expect(codesAt(report, FILE)).toEqual(["WAIVERS_UNRECORDED"]);
    expect(report.records).toMatchObject([
      { path: FILE, verdict: "missing", cure: "integrity-check --record" },
    ]);
  });

  test("an expired one is an error, and its finding fails again; it holds on its last day", async () => {
    const today = new Date().toISOString().slice(0, 10);
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    for (const [expires, codes] of [
      [today, []],
      [yesterday, ["FILE_UNOWNED", "WAIVER_EXPIRED"]],
    ] as const) {
      const { check, put } = await recorded(waiver({ ...GOOD, expires: `"${expires}"` }));
      put("lib/vendor/x.js", "1");
      const report = await check();
      expect([report.healthy, codes.length === 0]).toEqual([codes.length === 0, codes.length === 0]);
      if (codes.length > 0) expect(errorCodes(report)).toEqual(codes);
    }
  });

  test.each(["owner", "reason", "expires", "code"])("without %s it is not complete", async (key) => {
    const { [key as "code"]: _, ...rest } = GOOD;
    const { check, put } = await recorded(waiver(rest));
    put("lib/vendor/x.js", "1");
    const report = await check();
    expect(errorCodes(report)).toEqual(["FILE_UNOWNED", "WAIVER_INCOMPLETE"]);
    expect(report.findings.find(({ code }) => code === "WAIVER_INCOMPLETE")?.message).toContain(`/${key}`);
  });

  test.each([
    ["an empty owner", waiver({ ...GOOD, owner: '" "' }), "WAIVER_INCOMPLETE"],
    ["a day that is none", waiver({ ...GOOD, expires: '"2999-13-01"' }), "WAIVER_INCOMPLETE"],
    ["an unknown member", waiver({ ...GOOD, more: "1" }), "WAIVER_INCOMPLETE"],
    ["no list", "waiver = 1\n", "WAIVERS_INVALID"],
    ["an unknown key", "waving = []\n", "WAIVERS_INVALID"],
    ["broken TOML", "[[waiver]\n", "WAIVERS_INVALID"],
  ])("with %s", async (_, text, code) => {
    const { check, put } = await recorded(text);
    put("lib/vendor/x.js", "1");
    expect(errorCodes(await check())).toEqual(["FILE_UNOWNED", code]);
  });

  test("the spelling of the policy is told from an unknown key, and the right one is named", async () => {
    const { check } = await recorded(waiver(GOOD).replace("[[waiver]]", "[[waivers]]"));
    const found = (await check()).findings.find(({ code }) => code === "WAIVERS_INVALID");
    expect(found?.message).toContain("takes [[waiver]], not [[waivers]]");
    expect(found?.message).toContain("config/policy.toml");
  });

  test("state that vouches for everything else cannot be waived", async () => {
    const { check, root } = await recorded(waiver({ ...GOOD, code: '"*"', path: '"**"' }));
    unlinkSync(join(root, "ledger/packages.jsonl"));
    const report = await check();
    expect(report.healthy).toBe(false);
    expect(errorCodes(report)).toEqual(
      expect.arrayContaining(["LEDGER_MISSING", "RECEIPT_NOT_VOUCHED", "WAIVER_REFUSED"]),
    );
    expect(report.findings.filter(({ waived }) => waived !== undefined)).toEqual([]);
  });
});
