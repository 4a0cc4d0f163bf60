/** Each reason against an install or a registration, by the archive or the plane that brings it about. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { writeArchive } from "../../src/archive/index.ts";
import { nodeFileSystem } from "../../src/effects/node/file-system.ts";
import { prefixed, sha256Hex } from "../../src/kernel/index.ts";
import { checkSpec, initPlane, install, register, restore, unregister } from "../../src/lifecycle/index.ts";
import { openPlane } from "../../src/plane/index.ts";
import { type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { picture, writeTree } from "../support/tree.ts";

const ID = "PKG-T1-A-001";

async function packed(
  fields: Record<string, unknown> = {},
  files: Record<string, string> = { "x.py": "x = 1\n" },
): Promise<LibraryPlane> {
  const plane = await libraryPlane();
  writeTree(plane.root, { "src/a/holdfast.toml": packageToml(ID, { target: "modules/a", ...fields }) });
  writeTree(join(plane.root, "src/a"), files);
  await plane.pack("src/a");
  return plane;
}

/** An archive whose manifest says whatever the test wants. */
async function forged(
  plane: LibraryPlane,
  manifest: Record<string, unknown>,
  files: Record<string, string>,
): Promise<string> {
  const out = join(plane.root, "forged.tar.gz");
  rmSync(out, { force: true });
  const bytes = (path: string, text: string) => ({ path, executable: false, bytes: Buffer.from(text) });
  const assets = Object.entries(files).map(([path, text]) => ({
    path,
    sha256: prefixed(sha256Hex(text)),
    size_bytes: Buffer.byteLength(text),
    executable: false,
    classification: "code",
  }));
  const whole = {
    schema_version: "2.0",
    package_id: ID,
    name: "a",
    version: "1.0.0",
    tier: "T1",
    package_type: "library",
    plane_id: "ho3",
    assets,
    ...manifest,
  };
  await writeArchive(plane.effects, {
    out,
    entries: [
      bytes("manifest.json", JSON.stringify(whole)),
      ...Object.entries(files).map(([path, text]) => bytes(path, text)),
    ],
  });
  return out;
}

async function codesOf(plane: LibraryPlane, archive: string): Promise<string[]> {
  const before = picture(plane.root, (path) => /^(ledger|\.holdfast)$/.test(path));
  const digest = sha256Hex(readFileSync(archive));
  const error = await plane.install([], { wanted: [{ archive, digest }] }).then(
    () => ({ code: "installed", details: {} }),
    (thrown: { code: string; details: { findings?: { code: string }[] } }) => thrown,
  );
  expect(picture(plane.root, (path) => /^(ledger|\.holdfast)$/.test(path))).toEqual(before);
  return "findings" in error.details ? (error.details.findings ?? []).map(({ code }) => code) : [error.code];
}

describe("an install is refused", () => {
  test("when nothing or the wrong thing vouches for the bytes", async () => {
    const plane = await packed();
    const registry = join(plane.root, "registries/packages_registry.csv");
    writeFileSync(registry, readFileSync(registry, "utf8").replace(/,[0-9a-f]{64},/, `,${"0".repeat(64)},`));
    await expect(plane.install([ID])).rejects.toMatchObject({ code: "DIGEST_MISMATCH", exit_code: 3 });
    await expect(plane.install([], { wanted: [{ id: ID, digest: "1".repeat(64) }] })).rejects.toMatchObject({
      code: "DIGEST_MISMATCH",
      details: { source: "--digest" },
    });
    await expect(plane.install(["PKG-T1-NONE-001"])).rejects.toMatchObject({ code: "NOT_IN_STORE" });
    await expect(plane.install([`${ID}@9.9.9`])).rejects.toMatchObject({ code: "NOT_IN_STORE" });
  });

  test("when an asset reaches into the plane's own folders, in any letter case", async () => {
    const plane = await libraryPlane();
    for (const path of [
      "config/plane.toml",
      "registries/x.csv",
      "ledger/governance.jsonl",
      "installed/x",
      ".holdfast/state/x",
      "Packages_Store/x",
      "scripts/trace.py",
      "modules/a/.git/config",
      ".gitignore",
    ]) {
      expect(await codesOf(plane, await forged(plane, {}, { [path]: "x" })), path).toContain("PATH_RESERVED");
    }
  });

  test("when spec or framework are not registered or disagree", async () => {
    const plane = await libraryPlane();
    const files = { "modules/a/x.py": "x" };
    expect(await codesOf(plane, await forged(plane, { spec_id: "SPEC-NONE-001" }, files))).toEqual([
      "SPEC_NOT_REGISTERED",
    ]);
    expect(await codesOf(plane, await forged(plane, { framework_id: "FMWK-999" }, files))).toEqual([
      "FRAMEWORK_NOT_REGISTERED",
    ]);
    const token = plane.token;
    await register(plane.effects, plane.plane, {
      id: "FMWK-1",
      cells: { title: "One" },
      token,
      dry_run: false,
    });
    await register(plane.effects, plane.plane, {
      id: "FMWK-2",
      cells: { title: "Two" },
      token,
      dry_run: false,
    });
    writeTree(plane.root, {
      "specs/SPEC-A-001/manifest.yaml": "spec_id: SPEC-A-001\ntitle: A\nframework_id: FMWK-1\n",
    });
    await register(plane.effects, plane.plane, { id: "SPEC-A-001", cells: {}, token, dry_run: false });
    expect(
      await codesOf(plane, await forged(plane, { spec_id: "SPEC-A-001", framework_id: "FMWK-2" }, files)),
    ).toEqual(["FRAMEWORK_MISMATCH"]);
  });

  test("when ranges are no ranges or not met by what is here", async () => {
    const plane = await libraryPlane();
    const files = { "modules/a/x.py": "x" };
    expect(
      await codesOf(
        plane,
        await forged(plane, { dependencies: [{ id: "PKG-T0-B-001", range: "not a range" }] }, files),
      ),
    ).toEqual(["RANGE_INVALID"]);
    expect(
      await codesOf(
        plane,
        await forged(plane, { compat: { host: ">=99", python: "nonsense range" } }, files),
      ),
    ).toEqual(["RANGE_INVALID", "COMPAT_UNMET"]);
  });

  test("when another version is installed", async () => {
    const plane = await packed();
    await plane.install([ID]);
    writeTree(plane.root, {
      "src/a/holdfast.toml": packageToml(ID, { target: "modules/a", version: "1.1.0" }),
    });
    await plane.pack("src/a");
    await expect(plane.install([ID])).rejects.toMatchObject({
      code: "ALREADY_INSTALLED",
      details: { installed: "1.0.0", wanted: "1.1.0" },
    });
    expect(
      (
        await plane.install([`${ID}@1.0.0`], {
          wanted: [
            {
              id: `${ID}@1.0.0`,
              digest: sha256Hex(readFileSync(join(plane.root, `packages_store/${ID}-1.0.0.tar.gz`))),
            },
          ],
        })
      ).packages[0]?.changed,
    ).toBe(false);
  });

  test("when policy forbids plain archives, and when the disk is too small", async () => {
    const plane = await packed();
    const config = join(plane.root, "config/plane.toml");
    writeFileSync(
      config,
      readFileSync(config, "utf8").replace("allow_plain_archives = true", "allow_plain_archives = false"),
    );
    const strict = { ...plane, plane: openPlane(plane.effects, plane.root) };
    execFileSync("tar", [
      "-xzf",
      join(plane.root, `packages_store/${ID}.tar.gz`),
      "-C",
      join(plane.root, ".."),
    ]);
    const archive = join(plane.root, "..", "gnu.tar.gz");
    execFileSync("tar", ["-czf", archive, "-C", join(plane.root, ".."), "manifest.json", "modules"]);
    const request = {
      wanted: [{ archive, digest: sha256Hex(readFileSync(archive)) }],
      token: plane.token,
      dry_run: true,
      onPhase: () => undefined,
      onProgress: () => undefined,
    };
    const runtime = async () => ({ host: "1.0.0", api: "1.0.0", node: "24.0.0", python: undefined });
    await expect(install(plane.effects, strict.plane, { ...request, runtime })).rejects.toMatchObject({
      code: "PLAIN_ARCHIVE_FORBIDDEN",
    });
    expect(
      (await install(plane.effects, plane.plane, { ...request, runtime })).packages[0]?.archive_profile,
    ).toBe("plain");
    const fs = { ...nodeFileSystem, freeBytes: () => 10 };
    await expect(plane.install([ID], {}, { ...plane.effects, fs })).rejects.toMatchObject({
      code: "SPACE_SHORT",
      exit_code: 5,
    });
  });

  test("an interrupt undoes the change and exits 130", async () => {
    const plane = await packed();
    const before = picture(plane.root, (path) => /^(ledger|\.holdfast)$/.test(path));
    const stop = new AbortController();
    const fs = {
      ...nodeFileSystem,
      freeBytes: (path: string) => (stop.abort(new Error("stopped")), nodeFileSystem.freeBytes(path)),
    };
    await expect(
      plane.install([ID], {}, { ...plane.effects, fs, signal: stop.signal }),
    ).rejects.toMatchObject({ code: "INTERRUPTED", exit_code: 130 });
    expect(picture(plane.root, (path) => /^(ledger|\.holdfast)$/.test(path))).toEqual(before);
  });
});

describe("a pack is refused", () => {
  test("when the source changes while it is read", async () => {
    const plane = await libraryPlane();
    writeTree(plane.root, { "src/a/holdfast.toml": packageToml(ID), "src/a/x.py": "x = 1\n" });
    const path = join(plane.root, "src/a/x.py");
    let reads = 0;
    const fs = {
      ...nodeFileSystem,
      openRead(opened: string) {
        if (opened === path && reads++ === 0) writeFileSync(path, "x = 2\n");
        return nodeFileSystem.openRead(opened);
      },
    };
    const { pack } = await import("../../src/lifecycle/index.ts");
    const request = { src: join(plane.root, "src/a"), token: plane.token, dry_run: false, replace: false };
    await expect(pack({ ...plane.effects, fs }, plane.plane, request))
      .rejects.toMatchObject({ details: expect.objectContaining({ cause_code: "SOURCE_CHANGED" }) })
      .catch(async () => {
        writeFileSync(path, "x = 1\n");
        reads = 0;
        await expect(pack({ ...plane.effects, fs }, plane.plane, request)).rejects.toMatchObject({
          code: "SOURCE_CHANGED",
        });
      });
  });

  test("when the manifest cannot be built from what the author wrote", async () => {
    const plane = await libraryPlane();
    writeTree(plane.root, { "src/a/holdfast.toml": packageToml(ID), "src/a/x.py": "x = 1\n" });
    // Short enough for the tree, too long once the target stands before it.
    const deep = `${`${"n".repeat(200)}/`.repeat(5)}${"x".repeat(12)}`;
    writeTree(join(plane.root, "src/a"), { [deep]: "x" });
    await expect(plane.pack("src/a")).rejects.toMatchObject({ code: "MANIFEST_NOT_BUILT", exit_code: 2 });
  });
});

describe("restore()", () => {
  test("brings back drifted and missing files, keeps what was found, and says when the store lost them", async () => {
    const plane = await packed({}, { "x.py": "x = 1\n", "y.py": "y = 1\n", "c.ini": "k = 1\n" });
    await plane.install([ID]);
    writeFileSync(join(plane.root, "modules/a/x.py"), "tampered\n");
    rmSync(join(plane.root, "modules/a/y.py"));
    writeFileSync(join(plane.root, "modules/a/c.ini"), "k = mine\n");
    const request = { token: plane.token, dry_run: false };
    const planned = await restore(plane.effects, plane.plane, { ...request, dry_run: true });
    expect(planned.restored.map(({ path, was }) => `${path} ${was}`)).toEqual([
      "modules/a/x.py drift",
      "modules/a/y.py missing",
    ]);
    const done = await restore(plane.effects, plane.plane, request);
    expect(readFileSync(join(plane.root, "modules/a/x.py"), "utf8")).toBe("x = 1\n");
    expect(readFileSync(join(plane.root, "modules/a/c.ini"), "utf8")).toBe("k = mine\n");
    expect(readFileSync(join(plane.root, done.kept_in ?? "", "modules/a/x.py"), "utf8")).toBe("tampered\n");
    const plane_files = new Map([["scripts/trace.py", Buffer.from("print()\n")]]);
    expect((await restore(plane.effects, plane.plane, { ...request, plane_files })).restored).toEqual([
      { path: "scripts/trace.py", package_id: "holdfast", was: "missing", from: null },
    ]);
    expect(readFileSync(join(plane.root, "scripts/trace.py"), "utf8")).toBe("print()\n");
    rmSync(join(plane.root, "modules/a/x.py"));
    rmSync(join(plane.root, "packages_store"), { recursive: true });
    await expect(restore(plane.effects, plane.plane, request)).rejects.toMatchObject({
      code: "RESTORE_SOURCE_MISSING",
      exit_code: 4,
    });
  });
});

describe("register(), unregister(), init and spec check", () => {
  test("refuse what does not exist and what is still installed", async () => {
    const plane = await packed();
    const request = { token: plane.token, dry_run: false, cells: {} };
    await expect(
      register(plane.effects, plane.plane, { ...request, id: "PKG-T1-NONE-001" }),
    ).rejects.toMatchObject({ code: "NOTHING_TO_REGISTER" });
    await expect(register(plane.effects, plane.plane, { ...request, id: "../x" })).rejects.toMatchObject({
      code: "NOTHING_TO_REGISTER",
    });
    await plane.install([ID]);
    await expect(unregister(plane.effects, plane.plane, { ...request, id: ID })).rejects.toMatchObject({
      code: "STILL_INSTALLED",
    });
    await plane.uninstall([ID]);
    expect((await unregister(plane.effects, plane.plane, { ...request, id: ID })).changed).toBe(true);
    expect((await unregister(plane.effects, plane.plane, { ...request, id: ID })).changed).toBe(false);
    await expect(
      checkSpec(plane.effects, plane.plane, "SPEC-NONE-001", { timeout_ms: 1000 }),
    ).rejects.toMatchObject({ code: "SPEC_NOT_FOUND" });
  });

  test("a spec pack that is not YAML is a fault", async () => {
    const plane = await libraryPlane();
    writeTree(plane.root, { "specs/SPEC-BAD-001/manifest.yaml": "a: [\n" });
    const checked = checkSpec(plane.effects, plane.plane, "SPEC-BAD-001", { timeout_ms: 1000 });
    await expect(checked).rejects.toMatchObject({ code: "SPEC_SYNTAX", exit_code: 2 });
  });

  test("an artifact is registered with the digest its file has, and only a file of the plane", async () => {
    const plane = await libraryPlane();
    writeTree(plane.root, { "lib/paths.py": "p = 1\n" });
    const request = { token: plane.token, dry_run: false, id: "LIB-PATHS" };
    const done = await register(plane.effects, plane.plane, {
      ...request,
      cells: { artifact_path: "lib/paths.py" },
    });
    expect(done.row).toMatchObject({ artifact_path: "/lib/paths.py", content_hash: sha256Hex("p = 1\n") });
    for (const path of ["lib/none.py", "../outside", "lib"]) {
      await expect(
        register(plane.effects, plane.plane, { ...request, cells: { artifact_path: path } }),
      ).rejects.toMatchObject({ code: "ARTIFACT_PATH" });
    }
    expect((await unregister(plane.effects, plane.plane, request)).changed).toBe(true);
  });

  test("a change whose ledger entry cannot be written stands, says so, and recovery completes the record", async () => {
    const plane = await packed();
    let commits = 0;
    const openWrite = (path: string, options: Parameters<typeof nodeFileSystem.openWrite>[1]) => {
      if (path.endsWith("ledger/packages.jsonl") && commits++ > 0)
        throw Object.assign(new Error("EIO"), { code: "EIO", path });
      return nodeFileSystem.openWrite(path, options);
    };
    const failing = { ...plane.effects, fs: { ...nodeFileSystem, openWrite } };
    await expect(plane.install([ID], {}, failing)).rejects.toMatchObject({
      code: "COMMITTED_UNRECORDED",
      exit_code: 4,
    });
    expect((await plane.install([ID])).packages[0]?.changed).toBe(false);
    await restore(plane.effects, plane.plane, { token: plane.token, dry_run: false });
    await plane.uninstall([ID]);
    const events = readFileSync(join(plane.root, "ledger/packages.jsonl"), "utf8")
      .split("\n")
      .filter((line) => line.includes('"event_type": "INSTALLED"'));
    expect(events.length).toBe(1);
  });

  test("init keeps what is there, and refuses a plane, a file and the root", async () => {
    const plane = await libraryPlane();
    const request = { dry_run: false, templates: new Map(), launcher: { node: "node", script: "x" } };
    await expect(initPlane(plane.effects, { ...request, directory: plane.root })).rejects.toMatchObject({
      code: "PLANE_EXISTS",
    });
    writeFileSync(join(plane.root, "afile"), "");
    await expect(
      initPlane(plane.effects, { ...request, directory: join(plane.root, "afile") }),
    ).rejects.toMatchObject({ code: "INIT_TARGET_REFUSED" });
    await expect(initPlane(plane.effects, { ...request, directory: "/" })).rejects.toMatchObject({
      code: "INIT_TARGET_REFUSED",
    });
    const other = join(plane.root, "..", "second");
    mkdirSync(join(other, "registries"), { recursive: true });
    writeFileSync(join(other, ".gitignore"), "mine\n");
    const made = await initPlane(plane.effects, { ...request, directory: other });
    expect(made.kept).toEqual([".gitignore"]);
    expect(readFileSync(join(other, ".gitignore"), "utf8")).toMatch(/^mine\n\/ledger\/\n/);
  });
});
