/** What a verdict says besides itself: owner, cause, cure, difference; and permissions, special files and the store. */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { IntegrityReport, JudgedPath } from "../../src/contracts/index.ts";
import { sha256Hex } from "../../src/kernel/index.ts";
import { appendEntries } from "../../src/ledger/index.ts";
import { planeStream } from "../../src/plane/index.ts";
import { aPlane, edit, errorCodes, ONE_PACKAGE, type TestPackage, type TestPlane } from "./planes.ts";

const MAIN = "modules/alpha/main.py";
const ARCHIVE = "packages_store/PKG-T1-ALPHA-001-1.0.0.tar.gz";
const LATEST = "packages_store/PKG-T1-ALPHA-001.tar.gz";
const at = (report: IntegrityReport, path: string): JudgedPath | undefined =>
  [...report.paths, ...report.records].find((one) => one.path === path);

describe("permissions", () => {
  test.each([
    [0o4644, "error", "FILE_MODE_WIDENED"],
    [0o2644, "error", "FILE_MODE_WIDENED"],
    [0o646, "error", "FILE_MODE_WIDENED"],
    [0o664, "note", "FILE_MODE_WIDENED"],
  ] as const)("mode %o of an installed file is drift, %s", async (mode, severity, code) => {
    const { check, root } = await aPlane();
    chmodSync(join(root, MAIN), mode);
    const report = await check();
    expect(report.findings).toMatchObject([{ code, severity, path: MAIN, package_id: "PKG-T1-ALPHA-001" }]);
    expect(at(report, MAIN)).toMatchObject({
      verdict: "drift",
      owner: "PKG-T1-ALPHA-001",
      classification: "code",
    });
    execFileSync("sh", ["-c", at(report, MAIN)?.cure ?? "false"], { cwd: root });
    expect(await check()).toMatchObject({ healthy: true, findings: [], counts: { match: 5 } });
  });

  test("an adopted file keeps what its owner gave the group", async () => {
    const { check, root } = await aPlane();
    const receipt = "installed/PKG-T1-ALPHA-001/receipt.json";
    edit(root, receipt, /"origin": "created"/g, '"origin": "adopted"');
    chmodSync(join(root, MAIN), 0o664);
    expect((await check()).findings.map(({ code }) => code)).not.toContain("FILE_MODE_WIDENED");
  });

  test("a set user id in a source tree, a folder and a registry that anybody can write", async () => {
    const { check, put, root } = await aPlane();
    put("modules/draft/tool", "#!/bin/sh\n", 0o4755);
    chmodSync(join(root, "lib/alpha"), 0o777);
    chmodSync(join(root, "registries/packages_state.csv"), 0o666);
    chmodSync(join(root, "ledger"), 0o777);
    const report = await check();
    expect(report.findings.map(({ code, path }) => [code, path])).toEqual([
      ["FOLDER_MODE_WIDENED", "ledger"],
      ["FOLDER_MODE_WIDENED", "lib/alpha"],
      ["FILE_MODE_WIDENED", "modules/draft/tool"],
      ["FILE_MODE_WIDENED", "registries/packages_state.csv"],
    ]);
    for (const { next_step } of report.findings)
      execFileSync("sh", ["-c", /"(.*)"/.exec(next_step)?.[1] ?? "false"], { cwd: root });
    expect((await check()).findings).toEqual([]);
    chmodSync(join(root, "lib/alpha"), 0o1777);
    expect((await check()).findings).toEqual([]);
  });
});

describe("what is no file", () => {
  const SPECIAL: [string, (path: string) => void | Promise<void>][] = [
    ["pipe", (path) => void execFileSync("mkfifo", [path])],
    [
      "socket",
      (path) =>
        new Promise((resolve) => {
          const server = createServer().listen(path, resolve);
          onTestFinished(() => void server.close());
        }),
    ],
  ];
  test.each(SPECIAL)("a %s without owner, in a source tree, and in place of a file", async (_, make) => {
    const { check, root } = await aPlane();
    await make(join(root, "lib/x"));
    await make(join(root, "modules/y"));
    unlinkSync(join(root, MAIN));
    await make(join(root, MAIN));
    const report = await check();
    expect(errorCodes(report)).toEqual(["FILE_DRIFT", "SPECIAL_FILE_UNOWNED"]);
    expect(report.orphans).toEqual(["lib/x", "modules/y"]);
    expect(at(report, MAIN)).toMatchObject({
      verdict: "drift",
      actual: "a device, pipe or socket",
      cure: `rm ${MAIN} && integrity-check --fix`,
    });
    expect(at(report, "lib/x")).toMatchObject({ verdict: "unowned", owner: null, cure: "rm lib/x" });
  });
});

describe("the store", () => {
  test("the latest copy is one of the versions", async () => {
    const { check, root, put } = await aPlane();
    copyFileSync(join(root, ARCHIVE), join(root, LATEST));
    put(`${LATEST}.sha256`, sha256Hex(readFileSync(join(root, LATEST))));
    expect(await check()).toMatchObject({ healthy: true, findings: [] });
    appendFileSync(join(root, LATEST), "x");
    const report = await check();
    expect(errorCodes(report)).toEqual(["STORE_COPIES_DIFFER"]);
    expect(at(report, LATEST)).toMatchObject({
      verdict: "drift",
      owner: "PKG-T1-ALPHA-001",
      classification: "data",
    });
    execFileSync("sh", ["-c", at(report, LATEST)?.cure ?? "false"], { cwd: root });
    expect((await check()).healthy).toBe(true);
  });

  test.each<[string, (path: string) => void]>([
    ["other bytes", (path) => appendFileSync(path, "x")],
    ["a pipe", (path) => (rmSync(path), execFileSync("mkfifo", [path]))],
  ])("a version with %s in its place is drift alone, and the good latest copy heals it", async (_, act) => {
    const { check, root } = await aPlane();
    copyFileSync(join(root, ARCHIVE), join(root, LATEST));
    act(join(root, ARCHIVE));
    const report = await check();
    expect(report.findings.map(({ path }) => path)).toEqual([ARCHIVE]);
    expect(report.records.map(({ path }) => path)).toEqual([ARCHIVE]);
    execFileSync("sh", ["-c", at(report, ARCHIVE)?.cure ?? "false"], { cwd: root });
    expect(await check()).toMatchObject({ healthy: true, findings: [] });
  });

  test.each<[string, (path: string) => void, string]>([
    ["other bytes", (path) => appendFileSync(path, "x"), `sha256sum ${ARCHIVE} ${LATEST}`],
    ["a pipe", (path) => (rmSync(path), execFileSync("mkfifo", [path])), `sha256sum ${LATEST}`],
  ])(
    "of a version and a latest copy that are both damaged, one by %s, none is to be copied",
    async (_, act, sum) => {
      const { check, root } = await aPlane();
      copyFileSync(join(root, ARCHIVE), join(root, LATEST));
      appendFileSync(join(root, LATEST), "y");
      act(join(root, ARCHIVE));
      const report = await check();
      const advice = report.findings.find(({ code }) => code === "STORE_COPIES_DIFFER")?.next_step;
      expect(advice).toContain(`"${sum}"`);
      expect(advice).not.toContain("cp ");
    },
  );

  test("the newest of the versions is that of semver, not of the letters of their names", async () => {
    const made = await aPlane();
    const { check, root, put } = made;
    const archiveOf = (version: string): string => `packages_store/PKG-T1-ALPHA-001-${version}.tar.gz`;
    for (const version of ["1.9.0", "1.10.0", "1.10.0-rc.1"]) {
      put(archiveOf(version), `archive of ${version}`);
      await appendEntries(made.effects, planeStream(made.plane, "ledger/governance.jsonl"), [
        {
          event_type: "package_pack",
          submission_id: "PKG-T1-ALPHA-001",
          decision: "PACKED",
          reason: "packed",
          metadata: { digest: sha256Hex(`archive of ${version}`) },
        },
      ]);
    }
    put(LATEST, "damaged");
    const report = await check();
    expect(errorCodes(report)).toEqual(["STORE_COPIES_DIFFER"]);
    expect(at(report, LATEST)?.cure).toBe(`cp ${archiveOf("1.10.0")} ${LATEST}`);
    execFileSync("sh", ["-c", at(report, LATEST)?.cure ?? "false"], { cwd: root });
    expect((await check()).healthy).toBe(true);
  });

  test.each<[string, (path: string) => void]>([
    ["a link", (path) => (rmSync(path), symlinkSync("/etc/passwd", path))],
    ["a folder", (path) => (rmSync(path), mkdirSync(path))],
    ["a pipe", (path) => (rmSync(path), execFileSync("mkfifo", [path]))],
  ])("%s in place of the latest copy is no archive", async (_, act) => {
    const { check, root } = await aPlane();
    copyFileSync(join(root, ARCHIVE), join(root, LATEST));
    act(join(root, LATEST));
    const report = await check();
    expect(errorCodes(report)).toEqual(["STORE_COPIES_DIFFER"]);
    expect(at(report, LATEST)).toMatchObject({ verdict: "drift", owner: "PKG-T1-ALPHA-001" });
    execFileSync("sh", ["-c", at(report, LATEST)?.cure ?? "false"], { cwd: root });
    expect((await check()).healthy).toBe(true);
  });

  test("a digest beside the latest copy that is not its own, and a folder in place of one", async () => {
    const { check, root, put } = await aPlane();
    copyFileSync(join(root, ARCHIVE), join(root, LATEST));
    put(`${LATEST}.sha256`, "0".repeat(64));
    const report = await check();
    expect(errorCodes(report)).toEqual(["SIDECAR_DIFFERS"]);
    execFileSync("sh", ["-c", at(report, `${LATEST}.sha256`)?.cure ?? "false"], { cwd: root });
    expect((await check()).healthy).toBe(true);
    rmSync(join(root, `${LATEST}.sha256`));
    mkdirSync(join(root, `${LATEST}.sha256`));
    const folder = await check();
    expect(folder.records.filter(({ path }) => path === `${LATEST}.sha256`)).toMatchObject([
      { verdict: "unowned", cure: `rm -r ${LATEST}.sha256` },
    ]);
  });

  test("a list of trusted keys that does not say what is pinned is found though nothing is signed", async () => {
    const { check, put } = await aPlane();
    put("config/trusted_keys.json", "{}\n");
    expect(errorCodes(await check())).toEqual(["TRUSTED_KEYS_CHANGED"]);
  });

  test.each<[string, (path: string) => void]>([
    ["changed", (path) => appendFileSync(path, "x")],
    ["missing", (path) => rmSync(path)],
    ["a link", (path) => (rmSync(path), symlinkSync("/etc/passwd", path))],
    ["a folder", (path) => (rmSync(path), mkdirSync(path))],
  ])("a version that is %s is copied from the latest copy when that has its bytes", async (_, act) => {
    const { check, root } = await aPlane();
    copyFileSync(join(root, ARCHIVE), join(root, LATEST));
    act(join(root, ARCHIVE));
    execFileSync("sh", ["-c", at(await check(), ARCHIVE)?.cure ?? "false"], { cwd: root });
    expect((await check()).healthy).toBe(true);
  });

  test.each([
    "packages_store/PKG-T1-EVIL-001.tar.gz",
    "packages_store/PKG-T1-ALPHA-001-9.9.9.tar.gz",
    "packages_store/note.txt",
    "packages_store/PKG-T1-EVIL-001.tar.gz.sig",
  ])("%s, of which no record speaks", async (path) => {
    const { check, put, root } = await aPlane();
    put(path, "evil");
    const report = await check();
    expect(errorCodes(report)).toEqual(["STORE_UNKNOWN"]);
    expect(at(report, path)).toMatchObject({ verdict: "unowned", owner: null, cure: `rm ${path}` });
    expect(report.record_counts.unowned).toBe(1);
    rmSync(join(root, path));
    expect((await check()).healthy).toBe(true);
  });

  test("an earlier version whose pack the ledger records may stay", async () => {
    const { check, put, plane, effects } = await aPlane();
    put("packages_store/PKG-T1-ALPHA-001-0.9.0.tar.gz", "earlier");
    await appendEntries(effects, planeStream(plane, "ledger/governance.jsonl"), [
      {
        event_type: "package_pack",
        submission_id: "PKG-T1-ALPHA-001",
        decision: "PACKED",
        reason: "packed",
        metadata: { digest: sha256Hex("earlier") },
      },
    ]);
    expect((await check()).findings).toEqual([]);
  });

  test("an archive registered by URL is not verifiable, with the command that fetches it", async () => {
    const { check } = await aPlane([ONE_PACKAGE], (rows) =>
      rows.packages_registry.push({
        ...rows.packages_registry[0],
        id: "PKG-T1-REMOTE-001",
        source: "https://example.org/PKG-T1-REMOTE-001.tar.gz",
        digest: "a".repeat(64),
      }),
    );
    const report = await check();
    expect(report.findings).toMatchObject([
      { code: "ARCHIVE_NOT_FETCHED", severity: "note", package_id: "PKG-T1-REMOTE-001" },
    ]);
    expect(report).toMatchObject({ healthy: true, record_counts: { not_verifiable: 1 } });
    expect(report.records).toMatchObject([
      { verdict: "not_verifiable", cure: "pkg install PKG-T1-REMOTE-001" },
    ]);
  });

  test("and is judged like any other once it was fetched", async () => {
    const { check, put } = await aPlane([ONE_PACKAGE], (rows) =>
      rows.packages_registry.push({
        ...rows.packages_registry[0],
        id: "PKG-T1-REMOTE-001",
        source: "https://example.org/x.tar.gz",
        digest: sha256Hex("remote"),
      }),
    );
    put("packages_store/PKG-T1-REMOTE-001-1.0.0.tar.gz", "remote");
    put("packages_store/PKG-T1-REMOTE-001-1.0.0.tar.gz.sha256", sha256Hex("remote"));
    expect((await check()).findings).toEqual([]);
    put("packages_store/PKG-T1-REMOTE-001-1.0.0.tar.gz", "remotE");
    expect(errorCodes(await check())).toEqual(["ARCHIVE_DRIFT"]);
  });
});

describe("cause and receipts", () => {
  const entry = (made: TestPlane, event_type: string, metadata: Record<string, string>) =>
    appendEntries(made.effects, planeStream(made.plane, "ledger/packages.jsonl"), [
      { event_type, submission_id: "PKG-T1-ALPHA-001", decision: event_type, reason: "x", metadata },
    ]);
  const receiptOf = ({ root }: TestPlane): { manifest_hash: string; archive_hash: string } =>
    JSON.parse(readFileSync(join(root, "installed/PKG-T1-ALPHA-001/receipt.json"), "utf8"));

  test("the last entry that changed the package, with who and when", async () => {
    const made = await aPlane();
    const { manifest_hash, archive_hash } = receiptOf(made);
    await entry(made, "UPDATE_STARTED", { plane_id: "ho3", manifest_hash });
    await entry(made, "UPDATED", {
      plane_id: "ho3",
      manifest_hash,
      archive_digest: archive_hash,
      user: "bob",
      transaction_id: "TX-7",
    });
    await entry(made, "UPDATE_REFUSED", { user: "eve", transaction_id: "TX-8" });
    writeFileSync(join(made.root, MAIN), "changed\n");
    expect(at(await made.check(), MAIN)?.cause).toMatchObject({
      event: "UPDATED",
      by: "bob",
      transaction_id: "TX-7",
      stream: "ledger/packages.jsonl",
      entry_id: expect.stringMatching(/^LED-/),
    });
    await entry(made, "RESTORED", { user: "cy", transaction_id: "TX-9" });
    expect(at(await made.check(), MAIN)?.cause).toMatchObject({ event: "RESTORED", by: "cy" });
  });

  test("an older receipt than the newest entry names is not vouched for", async () => {
    // The other package's entry is the oldest, so that all of this one's are read on the way to it.
    const other = { id: "PKG-T1-BETA-001", files: { "lib/beta": { text: "b\n" } } };
    const made = await aPlane([other, ONE_PACKAGE]);
    expect((await made.check()).healthy).toBe(true);
    await entry(made, "UPDATED", {
      plane_id: "ho3",
      manifest_hash: `sha256:${"1".repeat(64)}`,
      archive_digest: "2",
    });
    expect(errorCodes(await made.check())).toEqual(["RECEIPT_NOT_VOUCHED"]);
  });

  test("nor one that the ledger says was uninstalled, nor one with other bytes than it names", async () => {
    const gone = await aPlane();
    await entry(gone, "UNINSTALLED", { plane_id: "ho3" });
    expect(errorCodes(await gone.check())).toEqual(["RECEIPT_NOT_VOUCHED"]);
    const made = await aPlane();
    const { manifest_hash, archive_hash } = receiptOf(made);
    const path = "installed/PKG-T1-ALPHA-001/receipt.json";
    const receipt_sha256 = sha256Hex(readFileSync(join(made.root, path)));
    await entry(made, "UPDATED", {
      plane_id: "ho3",
      manifest_hash,
      archive_digest: archive_hash,
      receipt_sha256,
    });
    expect((await made.check()).healthy).toBe(true);
    edit(made.root, path, '"installed_by": "ann"', '"installed_by": "eve"');
    const report = await made.check();
    expect(errorCodes(report)).toEqual(["RECEIPT_NOT_VOUCHED"]);
    expect(at(report, path)).toMatchObject({ verdict: "drift", owner: "PKG-T1-ALPHA-001" });
  });

  test("what others need is not to leave without them", async () => {
    const needs = (id: string): NonNullable<TestPackage["dependencies"]> => [{ id, range: "*" }];
    const made = await aPlane([
      ONE_PACKAGE,
      { id: "PKG-T1-BETA-001", files: { "lib/beta": { text: "b\n" } }, dependencies: needs(ONE_PACKAGE.id) },
      {
        id: "PKG-T1-GAMMA-001",
        files: { "lib/gamma": { text: "c\n" } },
        dependencies: needs("PKG-T1-BETA-001"),
      },
    ]);
    const { manifest_hash, archive_hash: archive_digest } = receiptOf(made);
    const about = { plane_id: "ho3", archive_digest, receipt_sha256: "0".repeat(64), version: "1.0.0" };
    await entry(made, "UPDATED", { ...about, manifest_hash });
    const edited = await made.check();
    expect(errorCodes(edited)).toEqual(["RECEIPT_NOT_VOUCHED"]);
    const folder = `installed/${ONE_PACKAGE.id}`;
    expect(at(edited, `${folder}/receipt.json`)?.cure).toBe(
      `rm -r ${folder} && pkg install ${ONE_PACKAGE.id}@1.0.0`,
    );
    await entry(made, "UPDATED", { ...about, manifest_hash: `sha256:${"1".repeat(64)}` });
    const ids = `${ONE_PACKAGE.id} PKG-T1-BETA-001 PKG-T1-GAMMA-001`;
    const [finding] = (await made.check()).findings;
    expect(finding?.next_step).toBe(`Run "pkg uninstall ${ids} --accept-drift", then "pkg install ${ids}".`);
  });
});
