/** Archives somebody else wrote: GNU tar's output and the legacy layouts install as `plain`; hostile ones change nothing. */
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { END, type Forged, gzip, pax, record } from "../attacks/tar-bytes.ts";
import { makePlane, type PlaneUnderTest } from "../support/cli.ts";
import { picture, temporaryFolder, writeTree } from "../support/tree.ts";
import { checked, digests, EVIDENCE, evidencePlane, ok, planesLike, steadyTree } from "./scenes.ts";

const sha256 = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");
const digestOf = (path: string): string => sha256(readFileSync(path));
const newPlane = planesLike((folder) => makePlane({ folder }));
const withEvidence = planesLike(evidencePlane);

/** `tar` of a folder, made by GNU tar with everything about it as tar likes it. */
function gnuTar(folder: string, ...members: string[]): string {
  const path = join(temporaryFolder(), "by-gnu.tar.gz");
  const made = newPlane().run("tar", ["-czf", path, "-C", folder, ...members]);
  expect(made.status, made.stderr).toBe(0);
  return path;
}

const profileOf = (plane: PlaneUnderTest, id: string): unknown =>
  (
    JSON.parse(readFileSync(join(plane.root, `installed/${id}/receipt.json`), "utf8")) as {
      archive_profile: string;
    }
  ).archive_profile;

describe("GNU tar's output of a good tree", () => {
  test.each([
    ["member names as they are", ["manifest.json", "modules"]],
    ["names with ./ before them", ["."]],
  ])("%s: refused without a digest, installed as plain with one", (_what, members) => {
    const plane = withEvidence();
    ok(plane, "pkg", "uninstall", "--id", EVIDENCE);
    rmSync(join(plane.root, "modules"), { recursive: true });
    const unpacked = temporaryFolder();
    ok(plane, "tar", "-xzf", `packages_store/${EVIDENCE}.tar.gz`, "-C", unpacked);
    const archive = gnuTar(unpacked, ...members);
    const before = steadyTree(plane);
    const refused = plane.pkg("install", "--archive", archive, "--id", EVIDENCE, "--json");
    expect(refused.status).toBe(3);
    expect(["DIGEST_MISMATCH", "ARCHIVE_NOT_CANONICAL"]).toContain(refused.json().error.code);
    const wrong = plane.pkg("install", "--archive", archive, "--digest", "0".repeat(64), "--json");
    expect([wrong.status, wrong.json().error.code]).toEqual([3, "DIGEST_MISMATCH"]);
    expect(steadyTree(plane)).toEqual(before);
    ok(plane, "pkg", "install", "--archive", archive, "--id", EVIDENCE, "--digest", digestOf(archive));
    expect(profileOf(plane, EVIDENCE)).toBe("plain");
    expect(checked(plane)).toMatchObject({ status: 0, errors: [] });
    ok(plane, "pkg", "uninstall", "--id", EVIDENCE);
    expect(Object.keys(steadyTree(plane)).filter((path) => path.startsWith("modules"))).toEqual([]);
  });

  test("a plane whose policy forbids plain archives refuses them", () => {
    const plane = withEvidence();
    ok(plane, "pkg", "uninstall", "--id", EVIDENCE);
    const config = join(plane.root, "config/plane.toml");
    const text = readFileSync(config, "utf8");
    writeFileSync(config, text.replace("allow_plain_archives = true", "allow_plain_archives = false"));
    const unpacked = temporaryFolder();
    ok(plane, "tar", "-xzf", `packages_store/${EVIDENCE}.tar.gz`, "-C", unpacked);
    const archive = gnuTar(unpacked, "manifest.json", "modules");
    const refused = plane.pkg("install", "--archive", archive, "--digest", digestOf(archive), "--json");
    expect([refused.status, refused.json().error.code]).toEqual([3, "PLAIN_ARCHIVE_FORBIDDEN"]);
  });
});

describe("legacy layouts", () => {
  const MAIN = "def answer():\n    return 42\n";
  const main_asset = { sha256: `sha256:${sha256(MAIN)}`, classification: "module" };

  /** The archive stays in the store with its registry row, and the state says that it was once there. */
  const withoutHistory = (plane: PlaneUnderTest): Record<string, string> =>
    Object.fromEntries(
      Object.entries(steadyTree(plane)).filter(
        ([path]) => !/^(packages_store\/.|registries\/packages_(registry|state)\.csv$)/.test(path),
      ),
    );

  function installs(
    files: Record<string, string>,
    members: string[],
    id: string,
    path: string,
  ): PlaneUnderTest {
    const plane = newPlane();
    const folder = temporaryFolder();
    writeTree(folder, files);
    const archive = gnuTar(folder, ...members);
    const before = withoutHistory(plane);
    const done = plane.pkg(
      "install",
      "--archive",
      archive,
      "--id",
      id,
      "--digest",
      digestOf(archive),
      "--json",
    );
    expect(done.status, done.stdout + done.stderr).toBe(0);
    expect(readFileSync(join(plane.root, path), "utf8")).toBe(MAIN);
    expect(profileOf(plane, id)).toBe("plain");
    const { errors } = checked(plane);
    // Installed by digest, so no registry row vouches for it; the files themselves are as installed.
    expect(errors.filter((code) => !code.startsWith("REGISTRY_EMPTY"))).toEqual([]);
    ok(plane, "pkg", "uninstall", "--id", id);
    expect(withoutHistory(plane)).toEqual(before);
    return plane;
  }

  test("1.2: members under PKG-X/, with signature and checksums beside the manifest", () => {
    const manifest = {
      package_id: "PKG-T2-OLD-001",
      schema_version: "1.2",
      version: "1.4.0",
      package_type: "standard",
      plane_id: "HO3",
      tier: "T2",
      assets: [{ path: "lib/old/main.py", ...main_asset }],
      dependencies: [],
      metadata: { "built by": "package_factory" },
    };
    installs(
      {
        "PKG-T2-OLD-001/manifest.json": JSON.stringify(manifest),
        "PKG-T2-OLD-001/signature.json": "{}",
        "PKG-T2-OLD-001/checksums.sha256": "x",
        "PKG-T2-OLD-001/lib/old/main.py": MAIN,
      },
      ["PKG-T2-OLD-001"],
      "PKG-T2-OLD-001",
      "lib/old/main.py",
    );
  });

  test("1.0: artifact_paths and deps, no digests", () => {
    const manifest = {
      schema_version: "1.0",
      id: "PKG-OLDEST",
      name: "Oldest",
      version: "0.9.1",
      tier: "T2",
      artifact_paths: ["/lib/oldest.py"],
      deps: [],
      license: "",
      author: "someone",
      created_at: "2026-01-30",
    };
    const files = { "manifest.json": JSON.stringify(manifest), "lib/oldest.py": MAIN };
    installs(files, ["manifest.json", "lib"], "PKG-OLDEST", "lib/oldest.py");
  });

  test("1.2: the manifest inside the module folder, as the old pack command rooted it", () => {
    const manifest = {
      package_id: "PKG-T2-SEED-001",
      schema_version: "1.2",
      version: "1.0.0",
      package_type: "library",
      plane_id: "ho3",
      tier: "T2",
      assets: [{ path: "modules/seedmod/__init__.py", ...main_asset }],
      dependencies: [],
      metadata: {},
    };
    const files = {
      "modules/seedmod/manifest.json": JSON.stringify(manifest),
      "modules/seedmod/__init__.py": MAIN,
    };
    installs(files, ["modules"], "PKG-T2-SEED-001", "modules/seedmod/__init__.py");
  });

  test("a legacy manifest that lies about a file, or leaves one out, is refused", () => {
    const plane = newPlane();
    const before = steadyTree(plane);
    const manifest = (assets: unknown[]): string =>
      JSON.stringify({
        package_id: "PKG-T2-LIE-001",
        schema_version: "1.2",
        version: "1.0.0",
        tier: "T2",
        assets,
      });
    const asset = { path: "lib/a.py", sha256: `sha256:${"0".repeat(64)}`, classification: "code" };
    const cases: [string, Record<string, string>][] = [
      ["ASSET_MISMATCH", { "manifest.json": manifest([asset]), "lib/a.py": MAIN }],
      [
        "ASSET_UNDECLARED",
        {
          "manifest.json": manifest([{ ...asset, sha256: `sha256:${sha256(MAIN)}` }]),
          "lib/a.py": MAIN,
          "lib/b.py": MAIN,
        },
      ],
      ["ASSET_MISSING", { "manifest.json": manifest([asset]), "lib/.keep": "" }],
    ];
    for (const [code, files] of cases) {
      const folder = temporaryFolder();
      writeTree(folder, files);
      const archive = gnuTar(folder, "manifest.json", "lib");
      const refused = plane.pkg("install", "--archive", archive, "--digest", digestOf(archive), "--json");
      expect(refused.status, code).toBe(2);
      expect(JSON.stringify(refused.json()), code).toContain(code);
    }
    expect(steadyTree(plane)).toEqual(before);
  });
});

describe("hostile archives through pkg install", () => {
  const EVIL = "owned\n";
  const ID = "PKG-T2-EVIL-001";
  const manifestFor = (...paths: string[]): Buffer =>
    record({
      name: "manifest.json",
      body: JSON.stringify({
        schema_version: "2.0",
        package_id: ID,
        name: "evil",
        version: "1.0.0",
        tier: "T2",
        package_type: "library",
        plane_id: "ho3",
        dependencies: [],
        conflicts: [],
        assets: paths.map((path) => ({
          path,
          sha256: `sha256:${sha256(EVIL)}`,
          size_bytes: EVIL.length,
          executable: false,
          classification: "code",
        })),
        metadata: {},
      }),
    });
  const file = (forged: Forged): Buffer => record({ body: EVIL, ...forged });
  const declared = (...paths: string[]): Buffer[] => [
    manifestFor(...paths),
    ...paths.map((name) => file({ name })),
  ];
  const HOSTILE: [what: string, code: string, records: Buffer[]][] = [
    ["a path that climbs out", "ARCHIVE_PATH_PARENT", declared("../../victim/x")],
    [
      "a path that climbs, in pax",
      "ARCHIVE_PATH_PARENT",
      [manifestFor("a"), pax({ path: "a/../../../victim/x" }), file({})],
    ],
    ["an absolute path", "ARCHIVE_PATH_ABSOLUTE", declared("/tmp/holdfast-owned")],
    [
      "a link, then a file through it",
      "ARCHIVE_SYMLINK",
      [
        manifestFor("lib/l/x"),
        record({ name: "lib/l", type: "2", link: "../../victim" }),
        file({ name: "lib/l/x" }),
      ],
    ],
    [
      "a hard link to the registry",
      "ARCHIVE_HARDLINK",
      [manifestFor("lib/x"), record({ name: "lib/x", type: "1", link: "registries/packages_registry.csv" })],
    ],
    ["a second manifest", "ARCHIVE_PATH_DUPLICATE", [...declared("lib/x"), manifestFor("lib/y")]],
    ["the configuration", "PATH_RESERVED", declared("config/plane.toml")],
    ["a registry", "PATH_RESERVED", declared("registries/packages_registry.csv")],
    ["a ledger", "PATH_RESERVED", declared("ledger/packages.jsonl")],
    ["a tier's ledger", "PATH_RESERVED", declared("planes/ho1/ledger/worker.jsonl")],
    ["a receipt", "PATH_RESERVED", declared("installed/PKG-OTHER/receipt.json")],
    ["the journal", "PATH_RESERVED", declared(".holdfast/state/transactions/TX-1/journal.jsonl")],
    ["a git hook", "PATH_RESERVED", declared(".git/hooks/post-commit")],
    ["a git hook, spelled for another file system", "PATH_RESERVED", declared(".GIT/hooks/post-commit")],
    ["the store", "PATH_RESERVED", declared("packages_store/PKG-OTHER.tar.gz")],
    ["a launcher", "", declared("scripts/trace.py")],
    [
      "an undeclared file",
      "ASSET_UNDECLARED",
      [manifestFor("lib/x"), file({ name: "lib/x" }), file({ name: "lib/y" })],
    ],
    [
      "a declared file that is missing",
      "ASSET_MISSING",
      [manifestFor("lib/x", "lib/y"), file({ name: "lib/x" })],
    ],
    [
      "other bytes than declared",
      "ASSET_MISMATCH",
      [manifestFor("lib/x"), record({ name: "lib/x", body: "0wned\n" })],
    ],
    [
      "a bomb",
      "ARCHIVE_RATIO",
      [manifestFor("lib/x"), record({ name: "lib/x", body: Buffer.alloc(64 << 20) })],
    ],
  ];

  test("each is refused with its code, and neither the plane nor anything beside it changes", () => {
    const plane = newPlane();
    const folder = join(plane.root, "..");
    mkdirSync(join(folder, "victim"));
    const outside = (): Record<string, string> =>
      digests(
        picture(folder, (path) =>
          /^(home|incoming|plane\/(ledger|\.holdfast|planes\/ho[12]\/ledger))(\/|$)/.test(path),
        ),
      );
    const before = outside();
    mkdirSync(join(folder, "incoming"));
    for (const [what, code, records] of HOSTILE) {
      const path = join(folder, "incoming/evil.tar.gz");
      writeFileSync(path, gzip(Buffer.concat([...records, END])));
      const done = plane.pkg("install", "--archive", path, "--id", ID, "--digest", digestOf(path), "--json");
      expect([2, 3], `${what}: ${done.stdout}${done.stderr}`).toContain(done.status);
      expect(JSON.stringify(done.json()), what).toContain(`"code":"${code}`);
      expect(done.json().error.next_step.length, what).toBeGreaterThan(10);
      expect(outside(), what).toEqual(before);
    }
    expect(existsSync("/tmp/holdfast-owned")).toBe(false);
    expect(plane.run("find", [".holdfast", "-name", "*.py", "-o", "-name", "TX-*"]).stdout).toBe("");
    expect(ok(plane, "pkg", "doctor", "--json").json()).toMatchObject({ recovered: [] });
  });

  test("an archive exchanged between two looks is not the one that was judged", () => {
    const plane = withEvidence();
    ok(plane, "pkg", "uninstall", "--id", EVIDENCE);
    const store = join(plane.root, `packages_store/${EVIDENCE}.tar.gz`);
    const bytes = readFileSync(store);
    bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
    writeFileSync(store, bytes);
    const before = steadyTree(plane);
    const done = plane.pkg(
      "install",
      "--archive",
      `packages_store/${EVIDENCE}.tar.gz`,
      "--id",
      EVIDENCE,
      "--json",
    );
    expect([2, 3]).toContain(done.status);
    expect(steadyTree(plane)).toEqual(before);
    copyFileSync(join(plane.root, `packages_store/${EVIDENCE}-1.0.0.tar.gz`), store);
    ok(plane, "pkg", "install", EVIDENCE);
  });
});
