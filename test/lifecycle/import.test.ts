import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Effects } from "../../src/effects/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { checkIntegrity } from "../../src/integrity/index.ts";
import { type ImportResult, importPlane, restore, uninstall } from "../../src/lifecycle/index.ts";
import { openPlane, type Plane } from "../../src/plane/index.ts";
import { readInstalled } from "../../src/receipts/index.ts";
import { OWNED, pythonPlane } from "../support/python-plane.ts";
import { temporaryFolder } from "../support/tree.ts";

const sha = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

interface Scene {
  readonly folder: string;
  readonly old: string;
  readonly effects: Effects;
  readonly bring: (more?: { target?: string; dry_run?: boolean }, given?: Effects) => Promise<ImportResult>;
}

function scene(folder = temporaryFolder()): Scene {
  const old = join(folder, "old");
  mkdirSync(old);
  pythonPlane(old);
  const effects = nodeEffects({
    host: { env: { PATH: process.env["PATH"] }, home: join(folder, "home"), cwd: folder },
  });
  const bring: Scene["bring"] = ({ target = "new", dry_run = false } = {}, given = effects) =>
    importPlane(given, {
      directory: target,
      source: "old",
      dry_run,
      templates: new Map([["scripts/trace.py", Buffer.from("# ours\n")]]),
      launcher: { node: process.execPath, script: "/nowhere/holdfast.cjs" },
      runtime: { host: "1.0.0", api: "1.0.0", node: "24.0.0", python: undefined },
      deflate_worker_url: undefined,
    });
  return { folder, old, effects, bring };
}

/** Names, kinds, modes and bytes; the pipe is named and not read. */
function still(root: string): Record<string, string> {
  const seen: Record<string, string> = {};
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    seen[path] = entry.isFile() ? sha(readFileSync(path)) : entry.isFIFO() ? "pipe" : "";
  }
  return seen;
}

const codes = ({ imported }: ImportResult): string[] =>
  [...new Set(imported.findings.map(({ code }) => code))].sort();
const tokenOf = ({ token_file }: ImportResult): string => readFileSync(token_file ?? "", "utf8").trim();

describe("what is refused, and leaves nothing", () => {
  test("a folder that is no control plane, one that is ours already, one that is not there", async () => {
    const { folder, old, bring } = scene();
    rmSync(join(old, "registries"), { recursive: true });
    await expect(bring()).rejects.toMatchObject({ code: "IMPORT_SOURCE_REFUSED", exit_code: 2 });
    writeFileSync(join(old, "config/plane.toml"), "");
    await expect(bring()).rejects.toMatchObject({ code: "IMPORT_SOURCE_REFUSED" });
    rmSync(old, { recursive: true });
    await expect(bring()).rejects.toMatchObject({ code: "ADOPT_FOLDER_MISSING" });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a target that holds anything, the source itself, a place inside it or around it", async () => {
    const { folder, old, bring } = scene();
    mkdirSync(join(folder, "full"));
    writeFileSync(join(folder, "full/x"), "");
    for (const target of ["full", "old", "old/new", "."])
      await expect(bring({ target })).rejects.toMatchObject({ code: "IMPORT_TARGET_REFUSED", exit_code: 2 });
    expect(existsSync(join(old, "new"))).toBe(false);
  });

  test("a registry that cannot be read stops it before anything is made", async () => {
    const { folder, old, bring } = scene();
    writeFileSync(join(old, "registries/packages_registry.csv"), "name\nx\n");
    await expect(bring()).rejects.toMatchObject({ code: "REGISTRY_DAMAGED" });
    expect(readdirSync(folder)).toEqual(["old"]);
  });

  test("a file that changes while it is read, and a full disk, leave no half plane and no keys", async () => {
    const { folder, effects, bring } = scene();
    const { fs } = effects;
    const failAt = (path: string, code: string): Effects => ({
      ...effects,
      fs: {
        ...fs,
        openWrite(at, options) {
          if (at.includes(path)) throw Object.assign(new Error(code), { code });
          return fs.openWrite(at, options);
        },
      },
    });
    for (const path of ["lib/orphan.py", "config/plane.toml", "import-report.json", "installed/PKG-T0"])
      await expect(bring({}, failAt(path, "ENOSPC")), path).rejects.toBeDefined();
    const changing: Effects = {
      ...effects,
      fs: {
        ...fs,
        makeDirectory(path, mode) {
          if (path.includes(".new.import-")) writeFileSync(join(folder, "old", OWNED.evidence), "changed\n");
          fs.makeDirectory(path, mode);
        },
      },
    };
    await expect(bring({}, changing)).rejects.toMatchObject({ code: "IMPORT_SOURCE_CHANGED", exit_code: 3 });
    expect(readdirSync(folder).filter((name) => name !== "home")).toEqual(["old"]);
    expect(readdirSync(join(folder, "home/.holdfast/planes"))).toEqual([]);
  });

  test("what a killed import left goes with the next one, its keys too; one that still runs stays", async () => {
    const { folder, effects, bring } = scene();
    const { fs } = effects;
    const killed: Effects = {
      ...effects,
      fs: {
        ...fs,
        // Dead where it stood: nothing is cleaned up either.
        remove: () => undefined,
        removeDirectory: () => undefined,
        openWrite(at, options) {
          if (at.includes("import-report.json")) throw new Error("killed");
          return fs.openWrite(at, options);
        },
      },
    };
    await expect(bring({}, killed)).rejects.toThrow("killed");
    const planes = join(folder, "home/.holdfast/planes");
    const [left = ""] = readdirSync(folder).filter((name) => name.startsWith(".new.import-"));
    expect(readdirSync(planes)).toHaveLength(1);
    // One of a process that lives, and one that somebody else may read.
    const living = join(folder, ".other.import-0123456789ab");
    mkdirSync(living, { mode: 0o700 });
    const lock = await effects.locks.acquire(join(living, "owner.lock"), { wait_ms: 0 });
    mkdirSync(join(folder, ".mine.import-0123456789ab"), { mode: 0o755 });
    const done = await bring();
    expect(readdirSync(folder).sort()).toEqual([
      ".mine.import-0123456789ab",
      ".other.import-0123456789ab",
      "home",
      "new",
      "old",
    ]);
    expect(left).not.toBe("");
    expect(readdirSync(planes)).toEqual([done.plane_uid]);
    lock?.release();
  });

  test("an interrupt ends it without a trace", async () => {
    const { folder, effects, bring } = scene();
    const controller = new AbortController();
    const { fs } = effects;
    const stopping: Effects = {
      ...effects,
      signal: controller.signal,
      fs: {
        ...fs,
        openWrite(at, options) {
          if (at.endsWith("lib/factory.py")) controller.abort();
          return fs.openWrite(at, options);
        },
      },
    };
    await expect(bring({}, stopping)).rejects.toBeDefined();
    expect(readdirSync(folder)).toEqual(["old"]);
  });
});

test("a dry run tells the same and changes nothing", async () => {
  const { folder, bring } = scene();
  const before = still(folder);
  const dry = await bring({ dry_run: true });
  expect(still(folder)).toEqual(before);
  const done = await bring();
  expect(dry.imported.files).toEqual(done.imported.files);
  expect(dry.imported.ledgers).toEqual(done.imported.ledgers);
  expect(dry.imported.packages.map(({ package_id, adopted }) => [package_id, adopted])).toEqual(
    done.imported.packages.map(({ package_id, adopted }) => [package_id, adopted]),
  );
});

describe("a plane that came in", () => {
  let shared: { readonly scene: Scene; readonly done: ImportResult };
  beforeAll(async () => {
    const made = scene(mkdtempSync(join(tmpdir(), "holdfast-test-")));
    shared = { scene: made, done: await made.bring() };
  });
  afterAll(() => rmSync(shared.scene.folder, { recursive: true, force: true }));
  /** For tests that only look. */
  const look = () => ({ ...shared.scene, ...shared.done, done: shared.done });

  test("leaves the source as it was, whether its target is absent or an empty folder", async () => {
    const { folder, old, bring } = scene();
    const before = still(old);
    await bring();
    mkdirSync(join(folder, "empty"));
    const done = await bring({ target: "empty" });
    expect(still(old)).toEqual(before);
    expect(done.root).toBe(join(folder, "empty"));
    expect(readdirSync(folder).sort()).toEqual(["empty", "home", "new", "old"]);
    expect(readdirSync(join(folder, "empty"))).toEqual(readdirSync(join(folder, "new")));
  });

  test("has the registries byte for byte; rows are only added, dropped where untrue, or rehashed, and it says which", () => {
    const { old, done } = look();
    const both = (name: string): [Buffer, Buffer] => [
      readFileSync(join(old, `registries/${name}.csv`)),
      readFileSync(join(done.root, `registries/${name}.csv`)),
    ];
    for (const name of ["specs_registry", "frameworks_registry", "prompts_registry"])
      expect(both(name)[1].equals(both(name)[0]), name).toBe(true);
    const [was, is] = both("packages_registry").map((bytes) => bytes.toString("utf8").split("\r\n"));
    // Ours has one more column, which older rows end without.
    expect(is?.[0]).toBe(`${was?.[0]},tier`);
    expect(is?.slice(1, 3)).toEqual(was?.slice(1, 3));
    const [artifacts, now] = both("control_plane_registry").map((bytes) =>
      bytes.toString("utf8").split("\r\n"),
    );
    expect(now?.filter((line, index) => line !== artifacts?.[index])).toEqual([
      expect.stringContaining(`SCRIPT-TRACE,Trace,script,governance,Explain ↔ all,`),
    ]);
    for (const name of ["file_ownership", "packages_state"])
      expect(readFileSync(join(done.root, `legacy/registries/${name}.csv`)).equals(both(name)[0])).toBe(true);
    const by_path = new Map(done.imported.registries.map((one) => [one.path, one]));
    expect(by_path.get("registries/file_ownership.csv")).toMatchObject({ rows_changed: 4 });
    expect(by_path.get("registries/packages_registry.csv")).toMatchObject({ rows_changed: 0, rows_added: 4 });
    expect(by_path.get("registries/specs_registry.csv")?.sha256).toBe(sha(both("specs_registry")[0]));
  });

  test("holds every archive as it was, plain where it is plain, its digest pinned", () => {
    const { old, imported, root } = look();
    for (const { path, sha256 } of imported.archives) {
      expect(sha(readFileSync(join(root, path)))).toBe(sha256);
      expect(readFileSync(join(root, path)).equals(readFileSync(join(old, path)))).toBe(true);
    }
    expect(
      imported.archives.map(({ path, profile, pinned_by }) => [path.slice(15), profile, pinned_by]),
    ).toEqual([
      ["FMWK-100_agent_development_standard.tar.gz", "plain", "registry"],
      ["PKG-T0-EVIDENCE-001.tar.gz", "plain", "registry"],
      ["hostile.tar.gz", null, "import"],
    ]);
    const sidecar = "packages_store/FMWK-100_agent_development_standard.tar.gz.sha256";
    expect(readFileSync(join(root, sidecar), "utf8")).toMatch(/^[0-9a-f]{64}$/);
    expect(existsSync(join(root, "packages_store/PKG-T0-EVIDENCE-001.tar.gz.sig"))).toBe(true);
  });

  test("has receipts whose files are all adopted and equal what the older manifest says", () => {
    const { effects, root, imported } = look();
    const installed = readInstalled(effects.fs, root);
    expect(
      Object.fromEntries(
        installed.map(({ receipt }) => [receipt.package_id, receipt.files.map(({ path }) => path)]),
      ),
    ).toEqual({
      "PKG-BASELINE-HO3-000": ["lib/orphan.py"],
      "PKG-FACTORY-001": [OWNED.factory],
      "PKG-KERNEL-001": [OWNED.kernel],
      "PKG-T0-EVIDENCE-001": [OWNED.evidence],
      "PKG-T1-RUNTIME-001": [OWNED.runtime, "modules/agent_runtime/tool.sh"],
    });
    const files = installed.flatMap(({ receipt }) => receipt.files);
    expect(new Set(files.map(({ origin }) => origin))).toEqual(new Set(["adopted"]));
    for (const { path, sha256 } of files)
      expect(sha256).toBe(`sha256:${sha(readFileSync(join(root, path)))}`);
    const archive_of = new Map(imported.packages.map((one) => [one.package_id, one.archive]));
    expect(archive_of.get("PKG-T0-EVIDENCE-001")).toBe("legacy");
    expect(archive_of.get("PKG-T1-RUNTIME-001")).toBe("made here");
    const runtime = installed.find(({ receipt }) => receipt.package_id === "PKG-T1-RUNTIME-001");
    expect(runtime?.manifest).toMatchObject({
      version: "1.0.0+imported",
      metadata: { legacy: { installed_at: "2026-02-03T06:11:46.817227+00:00", version: "1.0.0" } },
    });
  });

  test("lists with its path what is not as recorded", () => {
    const { done } = look();
    const pathsOf = (code: string): (string | undefined)[] =>
      done.imported.findings.filter((one) => one.code === code).map(({ path }) => path);
    expect(pathsOf("LEGACY_FILE_DRIFT")).toEqual([OWNED.drifted]);
    expect(pathsOf("LEGACY_FILE_MISSING")).toContain("modules/agent_runtime/gone.py");
    expect(pathsOf("LEGACY_FILE_MISSING")).toContain("lib/link.py");
    expect(pathsOf("LEGACY_PATH_REFUSED")).toEqual(["../../etc/passwd"]);
    expect(pathsOf("LEGACY_PATH_RESERVED")).toEqual(["config/governed_roots.json", "scripts/trace.py"]);
    expect(pathsOf("LINK_LEFT")).toEqual(["lib/link.py"]);
    expect(pathsOf("SPECIAL_LEFT")).toEqual(["lib/pipe"]);
    const secrets = ["_external_secrets/control_plane_v2/secrets.env", "config/secrets.env"];
    expect(pathsOf("SECRETS_LEFT")).toEqual(secrets);
    for (const path of secrets) expect(existsSync(join(look().done.root, path))).toBe(false);
    expect(codes(done)).toEqual(
      expect.arrayContaining([
        "CACHE_LEFT",
        "LEGACY_ARCHIVE_DIGEST",
        "LEGACY_ARCHIVE_REFUSED",
        "LEGACY_FIELD_LEFT",
        "LEGACY_LEDGER_DEFECTS",
        "LEGACY_NEEDS_UNMET",
        "LEGACY_PACKAGE_EMPTY",
        "LEGACY_PACKAGE_UNREADABLE",
        "LEGACY_ROWS_DROPPED",
        "LEGACY_SCRIPT_REPLACED",
      ]),
    );
    expect(existsSync(join(done.root, "lib/link.py"))).toBe(false);
    expect(readFileSync(join(done.root, OWNED.drifted), "utf8")).toBe("edited by hand\n");
  });

  test("has its older ledgers sealed byte for byte under their digests, defects counted by kind", async () => {
    const { old, effects, bring } = scene();
    const { root, imported } = await bring();
    const governance = imported.ledgers.sealed.find(({ name }) => name === "ledger/governance.jsonl");
    expect(governance?.segments.map(({ name, lines }) => [name, lines])).toEqual([
      ["ledger/governance.jsonl", 11],
      ["ledger/governance-20260204-000001.jsonl", 4],
      ["ledger/governance-20260205-000001.jsonl", 2],
    ]);
    expect(governance?.defects).toEqual({
      blank_line: 1,
      hash_mismatch: 1,
      id_repeated: 1,
      line_unparsable: 1,
      link_broken: 1,
      link_forked: 2,
      not_an_entry: 1,
      torn_tail: 1,
      without_hash: 1,
    });
    for (const { segments } of imported.ledgers.sealed)
      for (const { name, sha256 } of segments) {
        const place = name.startsWith("ledger/") ? "ledger" : name.slice(0, name.lastIndexOf("/"));
        const sealed = readFileSync(join(root, place, "legacy", `${sha256}.jsonl`));
        expect(sealed.equals(readFileSync(join(old, name)))).toBe(true);
      }
    expect(imported.ledgers.sessions).toMatchObject([{ prefixed_form: 2, defects: { chain_restarted: 1 } }]);
    const [first = ""] = readFileSync(join(root, "ledger/governance.jsonl"), "utf8").split("\n");
    const { metadata } = JSON.parse(first) as { metadata: { legacy: { index_sha256: string } } };
    expect(metadata.legacy).toMatchObject({ segments: 4, entries: 18, defects: { link_broken: 1 } });
    const [of_packages = ""] = readFileSync(join(root, "ledger/packages.jsonl"), "utf8").split("\n");
    expect(JSON.parse(of_packages)).toMatchObject({
      event_type: "GENESIS",
      metadata: {
        legacy: { segments: 1, entries: 4, defects: {}, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    });
    expect(await errorsOf(effects, openPlane(effects, root))).not.toContain("LEDGER_SEALED_CHANGED");
    const sealed = join(root, "ledger/legacy", `${metadata.legacy.index_sha256}.json`);
    chmodSync(sealed, 0o644);
    writeFileSync(sealed, readFileSync(sealed, "utf8").replace('"lines": 11', '"lines": 10'));
    expect(await errorsOf(effects, openPlane(effects, root))).toContain("LEDGER_SEALED_CHANGED");
    rmSync(sealed);
    expect(await errorsOf(effects, openPlane(effects, root))).toContain("LEDGER_SEALED_MISSING");
  });

  test("keeps originals and its report, bound by an entry of the new ledger", () => {
    const { old, root, imported } = look();
    const last = readFileSync(join(root, "ledger/governance.jsonl"), "utf8").trim().split("\n").at(-1) ?? "";
    const report = readFileSync(join(root, "legacy/import-report.json"));
    const sums = readFileSync(join(root, "legacy/SHA256SUMS"));
    expect(JSON.parse(last)).toMatchObject({
      event_type: "IMPORTED",
      metadata: { report_sha256: sha(report), originals_sha256: sha(sums), packages: 5 },
    });
    expect(JSON.parse(report.toString("utf8"))).toEqual(JSON.parse(JSON.stringify(imported)));
    for (const line of sums.toString("utf8").trim().split("\n")) {
      const [digest = "", path = ""] = line.split("  ");
      expect(sha(readFileSync(join(root, "legacy", path)))).toBe(digest);
      expect(sha(readFileSync(join(old, path)))).toBe(digest);
    }
    expect(readFileSync(join(root, "scripts/trace.py"), "utf8")).toBe("# ours\n");
  });

  test("is governed: tampering is found, restored from either kind of archive, and uninstall releases every byte", async () => {
    const { effects, bring } = scene();
    const done = await bring();
    const plane = openPlane(effects, done.root);
    const token = tokenOf(done);
    const before = await errorsOf(effects, plane);
    const paths = [OWNED.evidence, OWNED.runtime].map((path) => join(done.root, path));
    const bytes = paths.map((path) => readFileSync(path));
    for (const path of paths) writeFileSync(path, "tampered\n");
    expect(await errorsOf(effects, plane)).toEqual([...before, "FILE_DRIFT"].sort());
    const { restored } = await restore(effects, plane, { token, dry_run: false });
    expect(restored.map(({ path }) => path).sort()).toEqual([OWNED.runtime, OWNED.evidence].sort());
    expect(await errorsOf(effects, plane)).toEqual(before);
    const ids = ["PKG-T0-EVIDENCE-001", "PKG-T1-RUNTIME-001"];
    await uninstall(effects, plane, { ids, token, dry_run: false, purge: false, accept_drift: false });
    expect(paths.map((path) => readFileSync(path))).toEqual(bytes);
  });
});

async function errorsOf(effects: Effects, plane: Plane): Promise<string[]> {
  const report = await checkIntegrity(effects, plane, { orphans: false });
  const errors = report.findings.filter(({ severity }) => severity === "error").map(({ code }) => code);
  return [...new Set(errors)].sort();
}
