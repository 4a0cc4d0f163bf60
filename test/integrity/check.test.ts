import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
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
import { IntegrityReport } from "../../src/contracts/integrity.ts";
import { renderIntegrity, unreadableReport } from "../../src/integrity/index.ts";
import { sha256Hex } from "../../src/kernel/index.ts";
import { makePlaneFault } from "../../src/plane/index.ts";
import { aPlane, errorCodes, ONE_PACKAGE, type TestPackage, verdictOf } from "./planes.ts";

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

describe("receipts", () => {
  const receipt = "installed/PKG-T1-ALPHA-001/receipt.json";

  test("two receipts that claim one path", async () => {
    const two = { id: "PKG-T1-BETA-001", files: { "modules/alpha/other.py": { text: "OTHER = 2\n" } } };
    const { check } = await aPlane([ONE_PACKAGE, two]);
    expect(errorCodes(await check())).toContain("OWNERS_CONFLICT");
  });

  test.each([
    ["gone", (root: string) => unlinkSync(join(root, receipt)), "RECEIPT_DAMAGED"],
    ["no JSON", (root: string) => truncateSync(join(root, receipt), 100), "RECEIPT_DAMAGED"],
    [
      "with another digest",
      (root: string) => edit(root, receipt, /"sha256:[0-9a-f]{8}/, '"sha256:00000000'),
      "RECEIPT_DAMAGED",
    ],
    [
      "that leaves the plane",
      (root: string) => edit(root, receipt, "modules/alpha/main.py", "../../etc/passwd"),
      "RECEIPT_DAMAGED",
    ],
    [
      "that claims a lock",
      (root: string) => edit(root, receipt, "modules/alpha/main.py", ".holdfast/state/plane.lock"),
      "RECEIPT_DAMAGED",
    ],
    [
      "with another archive",
      (root: string) =>
        edit(root, receipt, /"archive_hash":"sha256:[0-9a-f]{8}/, '"archive_hash":"sha256:00000000'),
      "RECEIPT_NOT_VOUCHED",
    ],
    [
      "beside another manifest",
      (root: string) => edit(root, "installed/PKG-T1-ALPHA-001/manifest.json", '"T1"', '"T2"'),
      "RECEIPT_DAMAGED",
    ],
  ])("%s", async (_, act, code) => {
    const { check, root } = await aPlane();
    act(root);
    const report = await check();
    expect(errorCodes(report)).toContain(code);
    expect(report.healthy).toBe(false);
  });

  test("a receipt, its manifest and its file changed together are not vouched for by the ledger", async () => {
    const { plane, check, root } = await aPlane();
    const forged = await aPlane([
      { ...ONE_PACKAGE, files: { ...ONE_PACKAGE.files, "modules/alpha/other.py": { text: "EVIL = 1\n" } } },
    ]);
    for (const path of ["installed", "modules", "registries", ".holdfast"])
      cpSync(join(forged.root, path), join(plane.root, path), { recursive: true });
    expect(readFileSync(join(root, "modules/alpha/other.py"), "utf8")).toBe("EVIL = 1\n");
    expect(errorCodes(await check())).toEqual(["RECEIPT_NOT_VOUCHED"]);
  });

  test("in every tier", async () => {
    const { check, root } = await aPlane([
      ONE_PACKAGE,
      { id: "PKG-T1-WORKER-001", tier: "ho1", files: { "modules/worker/a.py": { text: "a = 1\n" } } },
    ]);
    expect(await check()).toMatchObject({ healthy: true, verified_count: 6, receipts_count: 2 });
    writeFileSync(join(root, "planes/ho1/modules/worker/a.py"), "a = 2\n");
    expect(verdictOf(await check(), "planes/ho1/modules/worker/a.py")).toBe("drift");
  });
});

function edit(root: string, path: string, from: string | RegExp, to: string): void {
  const text = readFileSync(join(root, path), "utf8");
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  writeFileSync(join(root, path), changed);
}

describe("registries", () => {
  test.each([
    [
      "a missing file",
      (root: string) => unlinkSync(join(root, "registries/packages_state.csv")),
      "REGISTRY_MISSING",
    ],
    [
      "a missing folder",
      (root: string) => rmSync(join(root, "registries"), { recursive: true }),
      "REGISTRY_MISSING",
    ],
    [
      "a header alone",
      (root: string) => edit(root, "registries/packages_registry.csv", /\r\n.*\r\n$/s, "\r\n"),
      "REGISTRY_EMPTY",
    ],
    [
      "an ownership row of nothing",
      (root: string) =>
        appendFileSync(
          join(root, "registries/file_ownership.csv"),
          `lib/x,PKG-T1-ALPHA-001,sha256:${"0".repeat(64)},code,2026-01-02T03:04:05+00:00\r\n`,
        ),
      "OWNERSHIP_WITHOUT_RECEIPT",
    ],
    [
      "an ownership row less",
      (root: string) => edit(root, "registries/file_ownership.csv", /modules\/alpha\/other.*\r\n/, ""),
      "OWNERSHIP_ROW_MISSING",
    ],
    [
      "an ownership row with another digest",
      (root: string) => edit(root, "registries/file_ownership.csv", /sha256:[0-9a-f]{8}/, "sha256:00000000"),
      "OWNERSHIP_DIFFERS",
    ],
    [
      "a state row less",
      (root: string) => edit(root, "registries/packages_state.csv", /PKG-T1.*\r\n/, ""),
      "STATE_ROW_MISSING",
    ],
    [
      "a state row that differs",
      (root: string) => edit(root, "registries/packages_state.csv", ",5,", ",6,"),
      "STATE_DIFFERS",
    ],
    [
      "a state row of nothing",
      (root: string) =>
        appendFileSync(
          join(root, "registries/packages_state.csv"),
          `PKG-T1-BETA-001,installed,sha256:${"0".repeat(64)},library,ho3,1,2026-01-02T03:04:05+00:00,\r\n`,
        ),
      "STATE_WITHOUT_RECEIPT",
    ],
    [
      "an installed package less",
      (root: string) => edit(root, "registries/packages_registry.csv", /PKG-T1.*\r\n/, ""),
      "PACKAGE_UNREGISTERED",
    ],
    [
      "another digest",
      (root: string) => edit(root, "registries/packages_registry.csv", /,tar,[0-9a-f]{8}/, ",tar,00000000"),
      "INSTALLED_FROM_OTHER_BYTES",
    ],
  ])("%s", async (_, act, code) => {
    const { check, root } = await aPlane();
    act(root);
    const report = await check();
    expect(errorCodes(report)).toContain(code);
    expect(report.healthy).toBe(false);
  });

  test("a valid edit by hand is a note", async () => {
    const { check, root } = await aPlane();
    edit(root, "registries/packages_registry.csv", ",P1,", ",P2,");
    const report = await check();
    expect(report.findings.map(({ code, severity }) => [code, severity])).toEqual([
      ["REGISTRY_EDITED", "note"],
    ]);
    expect(report.registries[0]).toMatchObject({
      path: "registries/packages_registry.csv",
      edited: true,
      valid: true,
    });
    expect(report.healthy).toBe(true);
  });

  test.each([
    ["gone", (path: string) => unlinkSync(path), ["ARCHIVE_MISSING"]],
    ["changed", (path: string) => appendFileSync(path, "x"), ["ARCHIVE_DRIFT"]],
    [
      "beside another sidecar",
      (path: string) => writeFileSync(`${path}.sha256`, "0".repeat(64)),
      ["SIDECAR_DIFFERS"],
    ],
    ["without sidecar", (path: string) => unlinkSync(`${path}.sha256`), []],
  ])("an archive %s", async (_, act, codes) => {
    const { check, root } = await aPlane();
    act(join(root, "packages_store/PKG-T1-ALPHA-001-1.0.0.tar.gz"));
    const report = await check();
    expect(errorCodes(report)).toEqual(codes);
    expect(report.findings.length).toBeGreaterThan(0);
  });

  test("a source outside the plane is not read", async () => {
    const { check } = await aPlane([ONE_PACKAGE], (rows) =>
      Object.assign(rows.packages_registry[0] ?? {}, { source: "packages_store/../../x" }),
    );
    expect(errorCodes(await check())).toContain("ARCHIVE_MISSING");
  });
});

describe("artifacts of the control plane", () => {
  const artifact = (id: string, artifact_path: string, content_hash: string) => ({
    id,
    name: id,
    entity_type: "library",
    category: "core",
    artifact_path,
    status: "active",
    selected: "yes",
    priority: "P1",
    content_hash,
  });
  const line = (path: string, text: string): string => `${sha256Hex(text)}  ${path}\n`;
  const folder = sha256Hex(line("a", "1") + line("b/c", "2"));

  test("files and folders by digest, names included", async () => {
    const { check, put, root } = await aPlane([ONE_PACKAGE], (rows) =>
      rows.control_plane_registry.push(
        artifact("LIB-1", "/lib/core", folder),
        artifact("LIB-2", "/lib/two", sha256Hex("two").toUpperCase()),
        artifact("LIB-3", "/lib/none", ""),
        artifact("LIB-4", "/lib/gone", folder),
        artifact("LIB-5", "/../x", folder),
      ),
    );
    put("lib/core/a", "1");
    put("lib/core/b/c", "2");
    put("lib/two", "two");
    put("lib/none", "3");
    const report = await check();
    expect(report).toMatchObject({
      valid: ["LIB-1", "LIB-2"],
      invalid: [],
      no_hash: ["LIB-3"],
      missing: [{ id: "LIB-4" }, { id: "LIB-5" }],
    });
    expect(report.orphans).toEqual(["lib/none"]);
    expect(report.counts.match).toBe(8);
    renameSync(join(root, "lib/core/a"), join(root, "lib/core/a2"));
    expect((await check()).invalid).toMatchObject([{ id: "LIB-1", expected: folder }]);
  });
});

describe("the chain", () => {
  test.each([
    [
      "a spec that is not registered",
      "specs_registry",
      { id: "PKG-T1-ALPHA-001", link_type: "source_spec_id", target: "SPEC-ALPHA-001" },
    ],
    [
      "a framework that is not registered",
      "frameworks_registry",
      { id: "SPEC-ALPHA-001", link_type: "complies_with", target: "FMWK-100" },
    ],
  ] as const)("%s", async (_, name, link) => {
    const { check } = await aPlane([ONE_PACKAGE], (rows) => rows[name].splice(0));
    const report = await check();
    expect(report.chain_errors).toEqual([link]);
    expect(errorCodes(report)).toEqual(["CHAIN_BROKEN"]);
  });

  test("a document that is not there is a note", async () => {
    const { check, root } = await aPlane();
    unlinkSync(join(root, "frameworks/FMWK-100_house_rules.md"));
    expect(await check()).toMatchObject({
      healthy: true,
      chain_error_count: 0,
      findings: [{ code: "CHAIN_FILE_MISSING", field: "framework_path" }],
    });
  });
});

describe("ledgers", () => {
  test.each([
    ["missing", (path: string) => unlinkSync(path), "LEDGER_MISSING"],
    [
      "cut",
      (path: string) => writeFileSync(path, `${readFileSync(path, "utf8").split("\n")[0]}\n`),
      "LEDGER_TAIL_CUT",
    ],
  ])("%s", async (_, act, code) => {
    const { check, root } = await aPlane();
    act(join(root, "ledger/packages.jsonl"));
    const report = await check();
    expect(errorCodes(report)).toContain(code);
    expect(report.ledger.find(({ stream }) => stream === "ledger/packages.jsonl")?.valid).toBe(false);
  });
});

test("a plane in which nothing was verified is not healthy", async () => {
  const { check } = await aPlane([]);
  const report = await check();
  expect(errorCodes(report)).toEqual(["NOTHING_VERIFIED", "REGISTRY_EMPTY"]);
  expect(report).toMatchObject({ healthy: false, merkle_root: null, verified_count: 0 });
});

test("no plane: a whole report that is never healthy", () => {
  const fault = makePlaneFault("PLANE_NOT_FOUND", "nonexistent is not a plane", { path: "nonexistent" });
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
