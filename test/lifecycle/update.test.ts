import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkIntegrity } from "../../src/integrity/index.ts";
import { collectNow, markGood, packageHistory, planeStatus } from "../../src/lifecycle/index.ts";
import { checkRequirements } from "../../src/preflight/index.ts";
import { type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { picture, writeTree } from "../support/tree.ts";

const A = "PKG-T1-A-001";
const B = "PKG-T2-B-001";

/** Files, registries and receipts; not ledgers, keys of the state, or the store. */
const governed = ({ root }: LibraryPlane): Record<string, string> =>
  picture(root, (path) => /^(ledger|planes\/ho[12]\/ledger|\.holdfast|src)$/.test(path));

const text = ({ root }: LibraryPlane, path: string): string => readFileSync(join(root, path), "utf8");

/** A in 1.0.0 and 1.1.0: one file changes, one comes, one goes, the default configuration changes. */
async function twoVersions(): Promise<LibraryPlane> {
  const plane = await libraryPlane();
  writeTree(plane.root, {
    "src/a/holdfast.toml": packageToml(A, { target: "modules/a" }),
    "src/a/core.py": "A = 1\n",
    "src/a/old/gone.py": "OLD = 1\n",
    "src/a/same.py": "SAME = 1\n",
    "src/a/bin/run.sh": { text: "#!/bin/sh\n", mode: 0o755 },
    "src/a/settings.ini": "[x]\nk = 1\n",
  });
  await plane.pack("src/a");
  rmSync(join(plane.root, "src/a/old"), { recursive: true });
  writeTree(plane.root, {
    "src/a/holdfast.toml": packageToml(A, { target: "modules/a", version: "1.1.0" }),
    "src/a/core.py": "A = 2\n",
    "src/a/new/come.py": "NEW = 1\n",
    "src/a/settings.ini": "[x]\nk = 2\n",
  });
  await plane.pack("src/a");
  rmSync(join(plane.root, "src"), { recursive: true });
  return plane;
}

const install = (plane: LibraryPlane): Promise<unknown> => plane.install([`${A}@1.0.0`]);

async function healthy({ effects, plane }: LibraryPlane): Promise<void> {
  const report = await checkIntegrity(effects, plane, { orphans: false, launchers: new Map() });
  expect(
    report.findings.filter(({ severity, code }) => severity === "error" && code !== "NOTHING_VERIFIED"),
  ).toEqual([]);
}

describe("update()", () => {
  test("replaces files, rollback puts every byte and mode back, and back again", async () => {
    const plane = await twoVersions();
    await install(plane);
    const before = governed(plane);
    const updated = await plane.update([A]);
    expect(updated.packages[0]).toMatchObject({
      action: "updated",
      from_version: "1.0.0",
      version: "1.1.0",
      created: ["modules/a/new/come.py"],
      replaced: ["modules/a/core.py", "modules/a/holdfast.toml", "modules/a/settings.ini"],
      removed: ["modules/a/old/gone.py"],
    });
    expect(updated.timeline.map(({ phase }) => phase)).toEqual([
      "download",
      "verify",
      "dependency-prepare",
      "activate",
      "commit",
    ]);
    const after = governed(plane);
    expect(existsSync(join(plane.root, "modules/a/old"))).toBe(false);
    await healthy(plane);
    rmSync(join(plane.root, "packages_store"), { recursive: true });
    const back = await plane.rollback([A]);
    expect(back.packages[0]).toMatchObject({ action: "reverted", from_version: "1.1.0", version: "1.0.0" });
    expect(back.verified_paths).toBe(6);
    const without_store = (seen: Record<string, string>) =>
      Object.fromEntries(Object.entries(seen).filter(([path]) => !path.startsWith("packages_store")));
    expect(governed(plane)).toEqual(without_store(before));
    await plane.rollback([A]);
    expect(governed(plane)).toEqual(without_store(after));
    await plane.rollback([], {});
    expect(governed(plane)).toEqual(without_store(before));
  });

  test("an edited configuration survives update, rollback, uninstall and reinstall", async () => {
    const plane = await twoVersions();
    await install(plane);
    writeFileSync(join(plane.root, "modules/a/settings.ini"), "[x]\nk = mine\n");
    const updated = await plane.update([A]);
    expect(updated.packages[0]).toMatchObject({
      kept_edited: ["modules/a/settings.ini"],
      new_defaults: ["modules/a/settings.ini.new"],
    });
    expect(text(plane, "modules/a/settings.ini")).toBe("[x]\nk = mine\n");
    expect(text(plane, "modules/a/settings.ini.new")).toBe("[x]\nk = 2\n");
    await healthy(plane);
    await plane.rollback([A]);
    expect(text(plane, "modules/a/settings.ini")).toBe("[x]\nk = mine\n");
    expect(existsSync(join(plane.root, "modules/a/settings.ini.new"))).toBe(false);
    await healthy(plane);
    const gone = await plane.uninstall([A]);
    expect(gone.packages[0]?.kept).toEqual(["modules/a/settings.ini"]);
    expect(text(plane, "modules/a/settings.ini")).toBe("[x]\nk = mine\n");
    await healthy(plane);
    await install(plane);
    expect(text(plane, "modules/a/settings.ini")).toBe("[x]\nk = mine\n");
    await healthy(plane);
  });

  test("what a package calls state and an uninstall keeps is told by the ledger; other bytes there are nobody's", async () => {
    const plane = await libraryPlane();
    const kept = "lib/a/memory.json";
    writeTree(plane.root, {
      "src/a/holdfast.toml": packageToml(A, {
        target: "lib/a",
        classify: [{ match: "*.json", as: "state" }],
      }),
      "src/a/core.py": "A = 1\n",
      "src/a/memory.json": "{}\n",
    });
    await plane.pack("src/a");
    await plane.install([A]);
    writeFileSync(join(plane.root, kept), '{"learnt": 1}\n');
    expect((await plane.uninstall([A])).packages[0]?.kept).toEqual([kept]);
    const found = async () => {
      const report = await checkIntegrity(plane.effects, plane.plane, { orphans: false });
      return report.findings
        .filter(({ path }) => path?.startsWith("lib/a"))
        .map(({ code }) => code)
        .sort();
    };
    expect(await found()).toEqual(["FILE_LEFT"]);
    const memory = join(plane.root, ".holdfast/state/leftovers.json");
    writeFileSync(memory, JSON.stringify({ [kept]: A, "lib/a/planted.py": A }));
    writeFileSync(join(plane.root, "lib/a/planted.py"), "import os\n");
    expect(await found()).toEqual(["FILE_LEFT", "FILE_UNOWNED"]);
    rmSync(join(plane.root, "lib/a/planted.py"));
    writeFileSync(join(plane.root, kept), "exec()\n");
    expect(await found()).toEqual(["FILE_UNOWNED"]);
  });

  test("what it leaves outside source trees is a note of integrity, not an error", async () => {
    const plane = await libraryPlane();
    for (const [version, value] of [
      ["1.0.0", 1],
      ["1.1.0", 2],
    ] as const) {
      writeTree(plane.root, {
        "src/a/holdfast.toml": packageToml(A, { target: "lib/a", version }),
        "src/a/core.py": "A = 1\n",
        "src/a/settings.ini": `k = ${value}\n`,
      });
      await plane.pack("src/a");
    }
    await install(plane);
    writeFileSync(join(plane.root, "lib/a/settings.ini"), "k = mine\n");
    await plane.update([A]);
    await healthy(plane);
    await plane.uninstall([A]);
    const { effects } = plane;
    const report = await checkIntegrity(effects, plane.plane, { orphans: false, launchers: new Map() });
    expect(report.findings.map(({ code, severity, path }) => [code, severity, path])).toContainEqual([
      "FILE_LEFT",
      "note",
      "lib/a/settings.ini",
    ]);
    await healthy(plane);
  });

  test("edited code blocks the update with its diff; --accept-drift keeps a copy", async () => {
    const plane = await twoVersions();
    await install(plane);
    writeFileSync(join(plane.root, "modules/a/core.py"), "A = 666\n");
    const before = governed(plane);
    const refused = plane.update([A]);
    await expect(refused).rejects.toMatchObject({
      code: "INSTALLED_DRIFTED",
      exit_code: 3,
      details: { paths: ["modules/a/core.py"] },
    });
    const diff = await refused.catch((error) => error.details.diff as string);
    expect(diff).toContain("-A = 1");
    expect(diff).toContain("+A = 666");
    expect(governed(plane)).toEqual(before);
    const done = await plane.update([A], { accept_drift: true });
    expect(done.packages[0]?.copies_kept).toEqual(["modules/a/core.py"]);
    const kept = `.holdfast/state/kept/${done.transaction_id}/modules/a/core.py`;
    expect(text(plane, kept)).toBe("A = 666\n");
    expect(text(plane, "modules/a/core.py")).toBe("A = 2\n");
  });

  test("a lower version wants --allow-downgrade; an equal one is nothing to do; dry run changes nothing", async () => {
    const plane = await twoVersions();
    await plane.install([`${A}@1.1.0`]);
    const before = picture(plane.root);
    expect((await plane.update([A])).packages[0]).toMatchObject({ changed: false });
    const dry = await plane.update([A], { to: "1.0.0", allow_downgrade: true, dry_run: true });
    expect(dry.packages[0]).toMatchObject({ version: "1.0.0", created: ["modules/a/old/gone.py"] });
    await expect(plane.update([A], { to: "1.0.0" })).rejects.toMatchObject({ exit_code: 3 });
    const ledger_free = (path: string): boolean => /ledger|\.holdfast/.test(path);
    expect(picture(plane.root, ledger_free)).toEqual(
      Object.fromEntries(Object.entries(before).filter(([path]) => !/ledger|\.holdfast/.test(path))),
    );
    await plane.update([A], { to: "1.0.0", allow_downgrade: true });
    expect(text(plane, "modules/a/core.py")).toBe("A = 1\n");
  });

  test("an update that an installed dependent cannot take is explained as a chain", async () => {
    const plane = await twoVersions();
    writeTree(plane.root, {
      "src/b/holdfast.toml": packageToml(B, {
        target: "modules/b",
        dependencies: [{ id: A, range: "1.0.x" }],
      }),
      "src/b/core.py": "B = 1\n",
    });
    await plane.pack("src/b");
    rmSync(join(plane.root, "src"), { recursive: true });
    await plane.install([B]);
    expect(planeStatus(plane.effects, plane.plane).installed.map(({ version }) => version)).toEqual([
      "1.0.0",
      "1.0.0",
    ]);
    const refused = plane.update([A], { to: "1.1.0" });
    await expect(refused).rejects.toMatchObject({ code: "DEPENDENCY_CONFLICT", exit_code: 3 });
    const chain = await refused.then(
      () => [],
      (error) => error.details.chain as string[],
    );
    expect(chain.join("\n")).toContain(`${B} 1.0.0 (installed) needs ${A} 1.0.x`);
    expect((await plane.update([A])).packages[0]).toMatchObject({ changed: false });
  });

  test("undo of an install removes all of it, undo of an uninstall brings all of it back", async () => {
    const plane = await twoVersions();
    const before = governed(plane);
    await install(plane);
    const installed = governed(plane);
    await plane.uninstall([A]);
    expect(governed(plane)).toEqual(before);
    await plane.rollback([]);
    expect(governed(plane)).toEqual(installed);
    await plane.rollback([]);
    expect(governed(plane)).toEqual(before);
    await healthy(plane);
  });

  test("history and status tell versions, phases and the way back", async () => {
    const plane = await twoVersions();
    await install(plane);
    await plane.update([A]);
    await plane.rollback([A]);
    const { events } = packageHistory(plane.effects, plane.plane, { package_id: A, limit: 10 });
    expect(events.map(({ event, version, from_version }) => [event, version, from_version])).toEqual([
      ["REVERTED", "1.0.0", "1.1.0"],
      ["UPDATED", "1.1.0", "1.0.0"],
      ["INSTALLED", "1.0.0", null],
    ]);
    expect(events[1]?.timeline.map(({ phase }) => phase)).toContain("dependency-prepare");
    const status = planeStatus(plane.effects, plane.plane);
    expect(status.installed[0]?.can_go_back_to).toEqual(["1.1.0", "1.0.0"]);
    expect(status.reserve_bytes).toBeGreaterThan(1 << 20);
    expect(statSync(join(plane.root, ".holdfast/state/generations")).mode & 0o777).toBe(0o700);
  });
});

describe("going back is refused or undone", () => {
  test("where there is nothing to go back to, or it is not kept any more", async () => {
    const plane = await twoVersions();
    await expect(plane.rollback([])).rejects.toMatchObject({ code: "NOTHING_TO_UNDO", exit_code: 1 });
    await expect(plane.rollback([A])).rejects.toMatchObject({ code: "NOT_INSTALLED" });
    await install(plane);
    await expect(plane.rollback([A])).rejects.toMatchObject({ code: "NO_EARLIER_VERSION" });
    await plane.update([A]);
    await expect(plane.rollback([A], { to: "0.9.x" })).rejects.toMatchObject({ code: "NO_EARLIER_VERSION" });
    const { token } = plane;
    const gone = await collectNow(plane.effects, plane.plane, { token, dry_run: false, keep: 0 });
    expect(gone.dropped.length).toBeGreaterThan(1);
    await expect(plane.rollback([A], { generation: 1 })).rejects.toMatchObject({ code: "GENERATION_GONE" });
    await expect(plane.rollback([A], { generation: 99 })).rejects.toMatchObject({
      code: "GENERATION_GONE",
      message: expect.stringContaining("there is no generation 99"),
    });
  });

  test("a generation marked good outlives gc, and rollback to it by number works", async () => {
    const plane = await twoVersions();
    await install(plane);
    const { token } = plane;
    const { good } = await markGood(plane.effects, plane.plane, { token, note: "tried" });
    const number = good[0]?.generation ?? 0;
    await plane.update([A]);
    await collectNow(plane.effects, plane.plane, { token, dry_run: false, keep: 0 });
    await plane.rollback([A], { generation: number });
    expect(text(plane, "modules/a/core.py")).toBe("A = 1\n");
    await expect(
      markGood(plane.effects, plane.plane, { token, note: "", remove: number + 90 }),
    ).rejects.toMatchObject({ code: "NOT_MARKED_GOOD", exit_code: 1, details: { marked: [number] } });
    const after = await markGood(plane.effects, plane.plane, { token, note: "", remove: number });
    expect(after.good).toEqual([]);
  });

  test("a kept file that was changed is noticed after the fact and everything is put back", async () => {
    const plane = await twoVersions();
    await install(plane);
    await plane.update([A]);
    const kept = planeStatus(plane.effects, plane.plane).kept.at(-1)?.generation ?? 0;
    const folder = join(plane.root, ".holdfast/state/generations", String(kept).padStart(8, "0"), "aside");
    const victim = readdirSync(folder).find((name) => readFileSync(join(folder, name), "utf8") === "A = 1\n");
    writeFileSync(join(folder, victim ?? ""), "A = 6\n");
    const before = governed(plane);
    await expect(plane.rollback([A])).rejects.toMatchObject({
      exit_code: 6,
      details: { phase: "health-check", cause_code: "RESTORED_DIFFERS" },
    });
    expect(governed(plane)).toEqual(before);
    rmSync(join(folder, victim ?? ""));
    await plane.rollback([A]);
    expect(text(plane, "modules/a/core.py")).toBe("A = 1\n");
  });

  test("bytes that are kept nowhere are named before anything is touched", async () => {
    const plane = await twoVersions();
    await install(plane);
    await plane.update([A]);
    rmSync(join(plane.root, "packages_store"), { recursive: true });
    const kept = planeStatus(plane.effects, plane.plane).kept.at(-1)?.generation ?? 0;
    const folder = join(plane.root, ".holdfast/state/generations", String(kept).padStart(8, "0"), "aside");
    for (const name of readdirSync(folder))
      if (readFileSync(join(folder, name), "utf8") === "A = 1\n") rmSync(join(folder, name));
    await expect(plane.rollback([A])).rejects.toMatchObject({
      code: "KEPT_BYTES_MISSING",
      details: { paths: ["modules/a/core.py"] },
    });
  });

  test("a version below what an installed package needs", async () => {
    const plane = await twoVersions();
    await install(plane);
    await plane.update([A]);
    writeTree(plane.root, {
      "src/b/holdfast.toml": packageToml(B, {
        target: "modules/b",
        dependencies: [{ id: A, range: "^1.1.0" }],
      }),
      "src/b/core.py": "B = 1\n",
    });
    await plane.pack("src/b");
    await plane.install([B]);
    await expect(plane.rollback([A])).rejects.toMatchObject({
      code: "DEPENDENT_RANGE",
      details: { dependent: B, range: "^1.1.0" },
    });
  });

  test("an older archive named outright is no update", async () => {
    const plane = await twoVersions();
    await plane.install([`${A}@1.1.0`]);
    const archive = join(plane.root, `packages_store/${A}-1.0.0.tar.gz`);
    const digest = readFileSync(`${archive}.sha256`, "utf8").trim();
    await expect(plane.update([], { wanted: [{ archive, digest }] })).rejects.toMatchObject({
      code: "DOWNGRADE_REFUSED",
      details: { installed: "1.1.0", wanted: "1.0.0" },
    });
  });

  test("an older version asked for is called a downgrade, with what allows it", async () => {
    const plane = await twoVersions();
    await plane.install([`${A}@1.1.0`]);
    await expect(plane.update([A], { to: "1.0.x" })).rejects.toMatchObject({
      code: "DOWNGRADE_REFUSED",
      details: { installed: "1.1.0", wanted: "1.0.0" },
      next_step: expect.stringContaining("--allow-downgrade"),
    });
    await expect(plane.update([A], { to: "2.x" })).rejects.toMatchObject({ code: "DEPENDENCY_CONFLICT" });
    await expect(plane.install([`${A}@1.0.0`])).rejects.toMatchObject({
      code: "ALREADY_INSTALLED",
      message: `${A} 1.1.0 is installed already`,
      next_step: expect.stringContaining(`pkg update ${A} --to 1.0.0 --allow-downgrade`),
    });
    const updated = await plane.update([A], { to: "1.0.x", allow_downgrade: true });
    expect(updated.packages[0]).toMatchObject({ version: "1.0.0", action: "updated" });
  });

  test("a damaged archive that would be the newest is not passed over in silence", async () => {
    const plane = await twoVersions();
    await install(plane);
    const newest = join(plane.root, `packages_store/${A}-1.1.0.tar.gz`);
    writeFileSync(newest, readFileSync(newest).fill(0x78, 60, 120));
    await expect(plane.update([A])).rejects.toMatchObject({ code: expect.stringMatching(/^ARCHIVE_/) });
    await expect(plane.update([A], { to: "^1.1.0" })).rejects.toMatchObject({
      code: expect.stringMatching(/^ARCHIVE_/),
    });
    expect((await plane.update([A], { to: "1.0.x" })).packages[0]).toMatchObject({ action: "unchanged" });
  });

  test("a version that does not run here is passed over", async () => {
    const plane = await twoVersions();
    await install(plane);
    writeTree(plane.root, {
      "src/a/holdfast.toml": packageToml(A, {
        target: "modules/a",
        version: "1.2.0",
        compat: { host: ">=99" },
      }),
      "src/a/core.py": "A = 3\n",
    });
    await plane.pack("src/a");
    expect((await plane.update([A])).packages[0]).toMatchObject({ version: "1.1.0", action: "updated" });
    await expect(plane.update([A], { to: "1.2.0" })).rejects.toMatchObject({ exit_code: 3 });
  });

  test("a requirement that holds no more when the plane is locked", () => {
    const manifest = {
      package_id: B,
      tier: "T2",
      dependencies: [{ id: A, range: "^2.0.0" }],
      conflicts: [],
      compat: {},
    };
    const found = checkRequirements(manifest as never, new Map([[A, { version: "1.0.0", tier: "T1" }]]), {
      host: "1.0.0",
      api: "1.0.0",
      node: "24.0.0",
      python: undefined,
    });
    expect(found.map(({ code }) => code)).toEqual(["DEPENDENCY_RANGE"]);
  });
});

describe("a registered version whose archive is gone", () => {
  const missing = `packages_store/${A}-1.1.0.tar.gz`;

  test("is named by an update, not passed over as if there were nothing newer", async () => {
    const plane = await twoVersions();
    await install(plane);
    rmSync(join(plane.root, missing));
    rmSync(join(plane.root, `packages_store/${A}.tar.gz`));
    const before = governed(plane);
    await expect(plane.update([A])).rejects.toMatchObject({
      code: "REGISTERED_ARCHIVE_MISSING",
      exit_code: 4,
      message: expect.stringContaining(missing),
      details: { package_id: A, version: "1.1.0", path: missing, archive: null },
    });
    expect(governed(plane)).toEqual(before);
    // Its next step: what is there is good enough.
    expect((await plane.update([A], { to: "<1.1.0" })).packages).toMatchObject([{ action: "unchanged" }]);
  });

  test("is to be had from the latest copy, as the next step says", async () => {
    const plane = await twoVersions();
    await install(plane);
    rmSync(join(plane.root, missing));
    const archive = `packages_store/${A}.tar.gz`;
    await expect(plane.update([A])).rejects.toMatchObject({
      next_step: `Run "pkg update --archive ${archive} --id ${A}".`,
    });
    const done = await plane.update([], { wanted: [{ archive, id: A }] });
    expect(done.packages[0]).toMatchObject({ action: "updated", version: "1.1.0" });
  });
});
