import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { picture, writeTree } from "../support/tree.ts";

const ID = "PKG-T1-A-001";
const TREE = { "src/a/holdfast.toml": packageToml(ID), "src/a/x.py": "x = 1\n", "src/a/sub/y.md": "# y\n" };

async function withSource(files: Parameters<typeof writeTree>[1] = {}): Promise<LibraryPlane> {
  const plane = await libraryPlane();
  writeTree(plane.root, { ...TREE, ...files });
  return plane;
}

const settled = ({ root }: LibraryPlane): Record<string, string> =>
  picture(root, (path) => /^(ledger|\.holdfast)$/.test(path));

describe("pack()", () => {
  test("gives one digest for one tree: other place, times, modes and order", async () => {
    const plane = await withSource();
    const first = await plane.pack("src/a");
    const other = await libraryPlane();
    writeTree(other.root, {
      "deep/er/a/sub/y.md": "# y\n",
      "deep/er/a/x.py": "x = 1\n",
      "deep/er/a/holdfast.toml": packageToml(ID),
    });
    chmodSync(join(other.root, "deep/er/a/x.py"), 0o600);
    utimesSync(join(other.root, "deep/er/a/x.py"), 1, 1);
    expect((await other.pack("deep/er/a")).digest).toBe(first.digest);
    chmodSync(join(other.root, "deep/er/a/x.py"), 0o700);
    expect((await other.pack("deep/er/a", { replace: true })).digest).not.toBe(first.digest);
  });

  test("writes archive, sidecars and registry row, and python reads what was packed", async () => {
    const plane = await withSource();
    const packed = await plane.pack("src/a");
    expect(readFileSync(join(plane.root, `packages_store/${ID}.tar.gz.sha256`), "utf8")).toBe(packed.digest);
    const names = execFileSync(
      "python3",
      [
        "-c",
        "import tarfile,sys;print(tarfile.open(sys.argv[1]).getnames())",
        join(plane.root, packed.archive),
      ],
      { encoding: "utf8" },
    );
    expect(names).toContain("'manifest.json', 'modules', 'modules/a'");
    expect(readFileSync(join(plane.root, "registries/packages_registry.csv"), "utf8")).toContain(
      `${ID},a,package,library,1.0.0,packages_store/${ID}-1.0.0.tar.gz,tar,${packed.digest}`,
    );
  });

  test("leaves out caches and what .holdfastignore names", async () => {
    const plane = await withSource({
      "src/a/__pycache__/x.cpython-311.pyc": "junk",
      "src/a/notes/draft.txt": "d",
      "src/a/keep.log": "k",
      "src/a/drop.log": "d",
      "src/a/.holdfastignore": "# comment\nnotes/\n*.log\n!keep.log\n",
    });
    const { files } = await plane.pack("src/a");
    expect(files).toBe(4);
  });

  test("refuses links, odd names and an empty tree", async () => {
    const plane = await withSource();
    symlinkSync("x.py", join(plane.root, "src/a/link.py"));
    await expect(plane.pack("src/a")).rejects.toMatchObject({
      code: "SOURCE_UNPACKABLE",
      details: { path: "link.py" },
    });
    rmSync(join(plane.root, "src/a/link.py"));
    execFileSync("mkfifo", [join(plane.root, "src/a/pipe")]);
    await expect(plane.pack("src/a")).rejects.toMatchObject({ code: "SOURCE_UNPACKABLE" });
    rmSync(join(plane.root, "src/a/pipe"));
    writeFileSync(join(plane.root, "src/a/X.py"), "case");
    await expect(plane.pack("src/a")).rejects.toMatchObject({ code: expect.stringMatching(/^ARCHIVE_/) });
    rmSync(join(plane.root, "src/a/X.py"));
    writeFileSync(join(plane.root, "src/a/bad\nname"), "");
    await expect(plane.pack("src/a")).rejects.toMatchObject({ code: "SOURCE_NAME_REFUSED" });
    writeTree(plane.root, { "src/empty/.git/config": "x" });
    await expect(plane.pack("src/empty", { id: "PKG-E" })).rejects.toMatchObject({ code: "SOURCE_EMPTY" });
    await expect(plane.pack("src/none")).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
  });

  test("changed bytes under a version need --replace, and are refused once it was installed", async () => {
    const plane = await withSource();
    const first = await plane.pack("src/a");
    expect((await plane.pack("src/a")).changed).toBe(false);
    writeFileSync(join(plane.root, "src/a/x.py"), "x = 2\n");
    const before = settled(plane);
    await expect(plane.pack("src/a")).rejects.toMatchObject({
      code: "VERSION_EXISTS",
      exit_code: 3,
      details: { stored: first.digest },
    });
    expect(settled(plane)).toEqual(before);
    await plane.pack("src/a", { replace: true });
    await plane.install([ID]);
    await plane.uninstall([ID]);
    writeFileSync(join(plane.root, "src/a/x.py"), "x = 3\n");
    await expect(plane.pack("src/a", { replace: true })).rejects.toMatchObject({
      code: "VERSION_WAS_INSTALLED",
    });
  });

  test("forms that disagree are a conflict; an id that differs from the command's is refused", async () => {
    const plane = await withSource({
      "src/a/pyproject.toml": '[project]\nname = "a"\nversion = "2.0.0"\n[tool.holdfast]\n',
    });
    await expect(plane.pack("src/a")).rejects.toMatchObject({
      code: "METADATA_CONFLICT",
      details: { field: "/version" },
    });
    rmSync(join(plane.root, "src/a/pyproject.toml"));
    await expect(plane.pack("src/a", { id: "PKG-OTHER" })).rejects.toMatchObject({
      code: "METADATA_ID_MISMATCH",
    });
    writeFileSync(join(plane.root, "src/a/holdfast.toml"), 'id = "PKG-A"\nversoin = "1.0.0"\n');
    await expect(plane.pack("src/a")).rejects.toMatchObject({
      code: "METADATA_FIELD_UNKNOWN",
      details: { field: "/versoin", nearest: "version" },
    });
    writeFileSync(join(plane.root, "src/a/holdfast.toml"), 'id = "PKG-A"\nversion = \n');
    await expect(plane.pack("src/a")).rejects.toMatchObject({
      code: "METADATA_SYNTAX",
      details: { line: 2 },
    });
  });

  test("ranges are translated from PEP 440, and what is no range is refused at once", async () => {
    const pyproject = (python: string) =>
      `[project]\nname = "a"\nversion = "1.0.0"\nrequires-python = "${python}"\n[tool.holdfast]\nid = "${ID}"\n`;
    const plane = await libraryPlane();
    for (const [python, ok] of [
      ["~=3.9", true],
      [">=3.9,<4", true],
      ["==3.11.*", true],
      [">=3.9,!=3.9.1", false],
    ] as const) {
      writeTree(plane.root, { "src/p/pyproject.toml": pyproject(python), "src/p/x.py": "" });
      const done = plane.pack("src/p", { replace: true });
      if (ok) await done;
      else await expect(done, python).rejects.toMatchObject({ code: "RANGE_INVALID" });
    }
    await plane.pack("src/p", { replace: true }).catch(() => undefined);
  });

  test("include does not follow links, and nobody packs bytecode", async () => {
    const plane = await withSource({
      "src/a/holdfast.toml": packageToml(ID, { include: [{ from: "links/passwd", to: "lib/x" }] }),
    });
    symlinkSync("/etc", join(plane.root, "links"));
    await expect(plane.pack("src/a")).rejects.toMatchObject({ code: "SOURCE_UNPACKABLE" });
    for (const to of ["modules/b/__pycache__/x.cpython-311.pyc", "lib/x.pyc", "json.py"]) {
      writeTree(plane.root, { "src/a/holdfast.toml": packageToml(ID, { include: [{ from: "x.py", to }] }) });
      await expect(plane.pack("src/a"), to).rejects.toMatchObject({ code: "TARGET_REFUSED" });
    }
  });

  test("a folder that holds the plane itself is refused", async () => {
    const plane = await withSource();
    await expect(plane.pack(".")).rejects.toMatchObject({ code: "SOURCE_HOLDS_PLANE" });
    await expect(plane.pack("..")).rejects.toMatchObject({ code: "SOURCE_HOLDS_PLANE" });
  });

  test("a target inside the plane's own folders is refused", async () => {
    for (const target of [
      "config/x",
      "ledger",
      ".GIT/hooks",
      "Registries/x",
      "planes/ho2/x",
      ".holdfast/state",
    ]) {
      const plane = await withSource({ "src/a/holdfast.toml": packageToml(ID, { target }) });
      await expect(plane.pack("src/a"), target).rejects.toMatchObject({
        code: "TARGET_REFUSED",
        exit_code: 3,
      });
    }
  });

  test("a tree without metadata packs under the id given", async () => {
    const plane = await libraryPlane();
    writeTree(plane.root, { "modules/plain/__init__.py": "" });
    cpSync(join(plane.root, "modules/plain"), join(plane.root, "copy"), { recursive: true });
    const packed = await plane.pack("modules/plain", { id: "PKG-T2-PLAIN-001" });
    expect(packed).toMatchObject({ version: "0.1.0", files: 1 });
    await expect(plane.pack("copy")).rejects.toMatchObject({ code: "METADATA_ID_MISSING" });
  });
});
