import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ExtractArchiveRequest, extractArchive } from "../../src/archive/index.ts";
import type { FileSystem } from "../../src/effects/index.ts";
import { sha256Hex } from "../../src/kernel/index.ts";
import { record, targz } from "../attacks/tar-bytes.ts";
import { temporaryFolder } from "../support/tree.ts";
import { effects, MANIFEST, pack, source, text } from "./packing.ts";

const ENTRIES = [
  MANIFEST,
  source("a/b/run.sh", "#!/bin/sh\n", true),
  source("a/c", text(600_000)),
  source("d"),
];

async function prepared(): Promise<{ folder: string; path: string; digest: string; destination: string }> {
  const folder = temporaryFolder();
  const { path, digest } = await pack(folder, ENTRIES, { out: join(folder, "archive.tar.gz") });
  const destination = join(folder, "staging");
  mkdirSync(destination);
  return { folder, path, digest, destination };
}

/** The real file system, but for one call that fails from its `from`th use on. */
function failing(call: "openWrite" | "makeDirectory", from: number): FileSystem {
  let uses = 0;
  const fail = (): void => {
    uses += 1;
    if (uses >= from) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
  };
  return {
    ...effects.fs,
    openWrite(path, options) {
      if (call === "openWrite") fail();
      return effects.fs.openWrite(path, options);
    },
    makeDirectory(path, mode) {
      if (call === "makeDirectory") fail();
      effects.fs.makeDirectory(path, mode);
    },
  };
}

describe("extractArchive() refuses", () => {
  test("a destination that is missing, a file, a link or not empty", async () => {
    const { folder, path, digest, destination } = await prepared();
    writeFileSync(join(folder, "file"), "");
    symlinkSync(destination, join(folder, "link"));
    mkdirSync(join(folder, "full", "x"), { recursive: true });
    for (const name of ["missing", "file", "link", "full"]) {
      const refused = extractArchive(effects, path, { digest, destination: join(folder, name) });
      await expect(refused, name).rejects.toMatchObject({ code: "ARCHIVE_STAGING" });
    }
    expect(readdirSync(destination)).toEqual([]);
  });

  test("an archive that is not the one that was checked", async () => {
    const { path, destination } = await prepared();
    const refused = extractArchive(effects, path, { digest: "0".repeat(64), destination });
    await expect(refused).rejects.toMatchObject({ code: "ARCHIVE_CHANGED", exit_code: 3 });
  });

  test.each([
    ["ARCHIVE_PATH_PARENT", () => "../out"],
    ["ARCHIVE_PATH_ABSOLUTE", () => "/out"],
    ["ARCHIVE_STAGING", () => "same"],
  ])("with %s what a caller's rename makes of a path", async (code, rename) => {
    const { folder, path, digest, destination } = await prepared();
    await expect(extractArchive(effects, path, { digest, destination, rename })).rejects.toMatchObject({
      code,
    });
    expect(readdirSync(folder).sort()).toEqual(["archive.tar.gz", "staging"]);
  });

  test.each([
    ["openWrite", 2],
    ["makeDirectory", 1],
  ] as const)("to hide a full disk at %s", async (call, from) => {
    const { path, digest, destination } = await prepared();
    const broken = { fs: failing(call, from) };
    await expect(extractArchive(broken, path, { digest, destination })).rejects.toMatchObject({
      code: "ARCHIVE_STAGING",
      exit_code: 5,
      details: { reason: "ENOSPC" },
    });
  });

  test("a digest that matches an archive with a link in it", async () => {
    const { path, destination, folder } = await prepared();
    const bytes = targz(record({ name: "x", type: "2", link: folder }), record({ name: "x/y", body: "z" }));
    writeFileSync(path, bytes);
    const refused = extractArchive(effects, path, { digest: sha256Hex(bytes), destination });
    await expect(refused).rejects.toMatchObject({ code: "ARCHIVE_SYMLINK" });
    expect(readdirSync(folder).sort()).toEqual(["archive.tar.gz", "staging"]);
  });
});

describe("extractArchive() unpacks", () => {
  test.each(["file", "none"] as const)(
    "every file with its mode and digest (durability %s)",
    async (durability) => {
      const { path, digest, destination } = await prepared();
      const files = await extractArchive(effects, path, {
        digest: `sha256:${digest}`,
        destination,
        durability,
      });
      expect(files.map((file) => file.path)).toEqual(["manifest.json", "a/b/run.sh", "a/c", "d"]);
      for (const { path: name, file_name, sha256, size_bytes, executable } of files) {
        const bytes = readFileSync(join(destination, name));
        expect([file_name, sha256, size_bytes]).toEqual([name, sha256Hex(bytes), bytes.length]);
        expect(statSync(join(destination, name)).mode & 0o7777).toBe(executable ? 0o755 : 0o644);
      }
      expect(files.filter((file) => file.executable).map((file) => file.path)).toEqual(["a/b/run.sh"]);
      expect(statSync(join(destination, "a/b")).mode & 0o7777).toBe(0o755);
    },
  );

  test("the same modes under any umask", async () => {
    // The mask of the test process cannot change, so the file system is asked to behave as under 0077.
    const { path, digest, destination } = await prepared();
    const masked: FileSystem = {
      ...effects.fs,
      openWrite: (name, options) => effects.fs.openWrite(name, { ...options, mode: options.mode & 0o700 }),
      makeDirectory: (name, mode = 0o755) => effects.fs.makeDirectory(name, mode & 0o700),
    };
    await extractArchive({ fs: masked }, path, { digest, destination });
    const mode = (name: string): number => statSync(join(destination, name)).mode & 0o7777;
    expect(["a", "a/b", "a/b/run.sh", "a/c", "d"].map(mode)).toEqual([0o755, 0o755, 0o755, 0o644, 0o644]);
  });

  test("to the paths and file names the caller wants, leaving out what it does not want", async () => {
    const { path, digest, destination } = await prepared();
    const request: ExtractArchiveRequest = {
      digest,
      destination,
      rename: (member) => (member === "manifest.json" ? undefined : `planes/${member}`),
      file_name: (_path, index) => `f${index}`,
    };
    const files = await extractArchive(effects, path, request);
    expect(files.map((file) => [file.path, file.file_name])).toEqual([
      ["planes/a/b/run.sh", "f0"],
      ["planes/a/c", "f1"],
      ["planes/d", "f2"],
    ]);
    expect(readdirSync(destination).sort()).toEqual(["f0", "f1", "f2"]);
    expect(readFileSync(join(destination, "f1")).equals(text(600_000))).toBe(true);
  });
});
