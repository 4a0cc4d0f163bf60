import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Classification } from "../../src/contracts/index.ts";
import { sha256Hex } from "../../src/kernel/index.ts";
import { aPlane, edit, errorCodes, type TestPackage, verdictOf } from "./planes.ts";

describe("a plane that is as approved", () => {
  test("is healthy, counts everything and finds nothing", async () => {
    const { check, put, root } = await aPlane();
    put("modules/draft/new.py", "draft = 1\n");
    const report = await check();
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({
      healthy: true,
      verified_count: 5,
      receipts_count: 1,
      generation: 3,
      plane: "test",
      chain_error_count: 0,
      orphans: [],
    });
    expect(report.counts).toEqual({
      match: 5,
      drift: 0,
      missing: 0,
      unowned: 0,
      source: 3,
      cache: 0,
      not_verifiable: 0,
      total: 8,
    });
    expect(report.ledger).toHaveLength(4);
    expect(report.registries.every(({ valid, edited }) => valid && !edited)).toBe(true);
    expect(JSON.stringify(report)).not.toContain(root);
  });

  test("gives the same report twice but for the time, and another tree hash after a rename", async () => {
    const { check, root } = await aPlane();
    const first = await check();
    expect({ ...(await check()), timestamp: "" }).toEqual({ ...first, timestamp: "" });
    chmodSync(join(root, "lib/alpha/counter"), 0o755);
    expect((await check()).merkle_root).not.toBe(first.merkle_root);
  });

  test("lists source trees when asked for", async () => {
    const { check } = await aPlane();
    expect(verdictOf(await check({ orphans: true }), "frameworks/FMWK-100_house_rules.md")).toBe("source");
  });
});

describe("tampering with installed files, one of each class", () => {
  const CLASSES: readonly Classification[] = [
    "code",
    "config",
    "schema",
    "policy",
    "framework",
    "test",
    "doc",
    "data",
    "state",
  ];
  const first = (as: Classification): string => `lib/${as}/first`;
  const second = (as: Classification): string => `lib/${as}/second`;
  const of_all_classes: TestPackage = {
    id: "PKG-T1-ALPHA-001",
    files: Object.fromEntries(
      CLASSES.flatMap((as) => [
        [first(as), { text: `first ${as}\n`, as }],
        [second(as), { text: `second ${as}\n`, as }],
      ]),
    ),
  };

  test.each<[string, (one: string, other: string) => void, readonly string[], Record<string, number>]>([
    ["byte flip", (one) => edit("/", one, "first", "First"), ["drift"], {}],
    ["truncate", (one) => truncateSync(one, 0), ["drift"], {}],
    ["append", (one) => appendFileSync(one, "x"), ["drift"], {}],
    ["executable bit", (one) => chmodSync(one, 0o755), ["drift"], {}],
    ["delete", (one) => unlinkSync(one), ["missing"], {}],
    [
      "symlink to equal bytes",
      (one, other) => {
        copyFileSync(one, `${other}.copy`);
        unlinkSync(one);
        symlinkSync(`${other}.copy`, one);
      },
      ["drift"],
      { unowned: 9 },
    ],
    [
      "folder",
      (one) => {
        unlinkSync(one);
        mkdirSync(one);
      },
      ["drift"],
      {},
    ],
    [
      "swap of two",
      (one, other) => {
        renameSync(one, `${one}.tmp`);
        renameSync(other, one);
        renameSync(`${one}.tmp`, other);
      },
      ["drift", "drift"],
      {},
    ],
  ])("%s", async (_, act, verdicts, more) => {
    const { check, root } = await aPlane([of_all_classes]);
    for (const as of CLASSES) act(join(root, first(as)), join(root, second(as)));
    const report = await check();
    for (const as of CLASSES) {
      const touched = [first(as), second(as)].slice(0, verdicts.length);
      expect([as, ...touched.map((path) => verdictOf(report, path))]).toEqual([as, ...verdicts]);
      const severity = as === "state" ? "info" : as === "config" ? "note" : "error";
      const findings = report.findings.filter(({ path }) => path !== undefined && touched.includes(path));
      expect(findings.map((one) => [one.severity, one.package_id])).toEqual(
        touched.map(() => [severity, "PKG-T1-ALPHA-001"]),
      );
    }
    expect(report.counts).toMatchObject({ match: 18 - 9 * verdicts.length, ...more });
    expect(report.healthy).toBe(false);
  });

  test.each(["config", "state"] as const)("only %s changed is still healthy", async (as) => {
    const { check, root } = await aPlane([of_all_classes]);
    unlinkSync(join(root, first(as)));
    appendFileSync(join(root, second(as)), "x");
    expect(await check()).toMatchObject({ healthy: true, counts: { drift: 1, missing: 1 } });
  });

  test("a folder replaced by a link to equal files is drift", async () => {
    const { check, root } = await aPlane();
    cpSync(join(root, "modules/alpha"), join(root, "../copy"), { recursive: true });
    rmSync(join(root, "modules/alpha"), { recursive: true });
    symlinkSync(join(root, "../copy"), join(root, "modules/alpha"));
    const report = await check();
    expect(verdictOf(report, "modules/alpha/main.py")).toBe("drift");
    expect(errorCodes(report)).toEqual(["FILE_DRIFT", "SYMLINK_UNOWNED"]);
  });

  test("a missing folder is missing files", async () => {
    const { check, root } = await aPlane();
    rmSync(join(root, "modules/alpha"), { recursive: true });
    expect((await check()).counts).toMatchObject({ match: 2, missing: 3 });
  });
});

describe("what nobody owns", () => {
  test.each([
    ["lib/alpha/extra.py", "FILE_UNOWNED"],
    ["lib/x.pyc", "PLANTED_BYTECODE"],
    ["modules/draft/x.pyc", "PLANTED_BYTECODE"],
    ["modules/alpha/__pycache__/gone.cpython-311.pyc", "BYTECODE_UNOWNED"],
    ["modules/alpha/__pycache__/main.cpython-311-pytest-8.0.0.pyc", "BYTECODE_NOT_VERIFIABLE"],
    ["planes/ho1/lib/stray.txt", "FILE_UNOWNED"],
    ["installed/PKG-T1-ALPHA-001/extra", "FILE_UNOWNED"],
    ["planes/ho2/installed/stray", "FILE_UNOWNED"],
  ])("%s is %s", async (path, code) => {
    const { check, put } = await aPlane();
    put(path, "x");
    const report = await check();
    expect(errorCodes(report)).toEqual([code]);
    expect(report.findings[0]?.next_step).toContain(path);
    expect(report.healthy).toBe(false);
  });

  test("a link in a source tree is a finding, a file in an excluded folder is not", async () => {
    const { check, put, root } = await aPlane();
    put("lib/excluded/deep/x", "x");
    expect((await check()).healthy).toBe(true);
    symlinkSync("/etc/passwd", join(root, "modules/alpha/link"));
    expect(errorCodes(await check())).toEqual(["SYMLINK_UNOWNED"]);
  });

  test("a name that is no UTF-8 is found in every governed folder, with all that it hides", async () => {
    const { check, root } = await aPlane();
    const at = (path: string, byte: number): Buffer =>
      Buffer.concat([Buffer.from(`${root}/${path}`), Buffer.from([byte])]);
    for (const folder of [at("modules/", 0xff), at("lib/alpha/", 0xfe), at("installed/PKG-", 0xfd)]) {
      mkdirSync(folder);
      writeFileSync(Buffer.concat([folder, Buffer.from("/evil.py")]), "x");
    }
    // Both are listed by the same text.
    mkdirSync(join(root, "lib/\ufffd"));
    mkdirSync(at("lib/", 0xff));
    writeFileSync(at("packages_store/x", 0xff), "x");
    const report = await check();
    expect(report.findings.map(({ code, path }) => [code, path])).toEqual([
      ["FILE_UNOWNED", "installed/PKG-\ufffd"],
      ["FILE_UNOWNED", "lib/alpha/\ufffd"],
      ["FILE_UNOWNED", "lib/\ufffd"],
      ["FILE_UNOWNED", "modules/\ufffd"],
      ["STORE_UNKNOWN", "packages_store/x\ufffd"],
    ]);
    expect(report.paths.map(({ cure }) => cure)).toEqual(
      ["installed", "lib/alpha", "lib", "modules"].map((folder) => `ls -lab ${folder}`),
    );
  });

  test("a folder in installed/ without a receipt belongs to nobody", async () => {
    const { check, root } = await aPlane();
    mkdirSync(join(root, "installed/PKG-T1-NOTHING-001"));
    const report = await check();
    expect(report.paths).toMatchObject([{ verdict: "unowned", cure: "rm -r installed/PKG-T1-NOTHING-001" }]);
  });

  test("a hostile name shows as escapes, and the command still names the file", async () => {
    const { check, put } = await aPlane();
    put("lib/a'b\u001b[2J\n", "x");
    const [finding] = (await check()).findings;
    expect(finding?.message).toContain("lib/a'b\\u001b[2J\\u000a");
    expect(finding?.next_step).toContain(`rm $'lib/a\\'b\\x1b[2J\\x0a'`);
  });
});

describe("launchers", () => {
  const launchers = new Map([["scripts/trace.py", sha256Hex("print(1)\n")]]);

  test("belong to the plane itself", async () => {
    const { check, put } = await aPlane();
    expect(verdictOf(await check({ launchers }), "scripts/trace.py")).toBe("missing");
    put("scripts/trace.py", "print(1)\n", 0o755);
    expect(await check({ launchers })).toMatchObject({ healthy: true, verified_count: 6 });
    put("scripts/trace.py", "print(2)\n");
    expect((await check({ launchers })).paths).toMatchObject([
      { path: "scripts/trace.py", verdict: "drift", owner: "holdfast" },
    ]);
  });
});
