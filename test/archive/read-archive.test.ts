import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readArchive } from "../../src/archive/index.ts";
import { prefixed, sha256Hex } from "../../src/kernel/index.ts";
import {
  END,
  gzip,
  MANIFEST as MANIFEST_RECORD,
  octal,
  pax,
  record,
  tar,
  targz,
} from "../attacks/tar-bytes.ts";
import { picture, temporaryFolder, writeTree } from "../support/tree.ts";
import { effects, MANIFEST, pack, source } from "./packing.ts";

const NAMES = [
  "run.sh",
  "modules/a/data.bin",
  "modules/a/empty",
  "modules/é/日本語.md",
  `${"d".repeat(90)}/${"e".repeat(90)}`,
];
const ENTRIES = [MANIFEST, ...NAMES.map((path, i) => source(path, `content ${i}`.repeat(i), i === 0))];

const aFile = (bytes: Buffer): string => {
  const path = join(temporaryFolder(), "some.tar.gz");
  writeFileSync(path, bytes);
  return path;
};
const read = (bytes: Buffer, options = {}) => readArchive(effects, aFile(bytes), options);

describe("readArchive() refuses", () => {
  test("what is not there", async () => {
    const path = join(temporaryFolder(), "none.tar.gz");
    await expect(readArchive(effects, path)).rejects.toMatchObject({
      code: "ARCHIVE_NOT_FOUND",
      exit_code: 2,
    });
  });

  test("a directory and a symbolic link", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "real.tar.gz"), targz());
    symlinkSync("real.tar.gz", join(folder, "link.tar.gz"));
    for (const name of ["", "link.tar.gz"]) {
      await expect(readArchive(effects, join(folder, name))).rejects.toMatchObject({
        code: "ARCHIVE_UNREADABLE",
      });
    }
    await expect(readArchive(effects, folder)).rejects.toMatchObject({
      message: `${folder} is a directory, not a file`,
      next_step: expect.stringContaining(`"pkg pack --src ${folder}"`),
    });
  });

  test("another archive than the one expected, by bare or prefixed digest", async () => {
    const bytes = targz();
    const digest = sha256Hex(bytes);
    expect(await read(bytes, { expected_digest: digest })).toMatchObject({ digest });
    expect(await read(bytes, { expected_digest: prefixed(digest) })).toMatchObject({ digest });
    await expect(read(bytes, { expected_digest: "0".repeat(64) })).rejects.toMatchObject({
      code: "ARCHIVE_DIGEST_MISMATCH",
      details: { expected: "0".repeat(64), actual: digest },
    });
  });

  test("to go on when it is interrupted", async () => {
    await expect(read(targz(), { signal: AbortSignal.abort() })).rejects.toThrow("aborted");
  });
});

describe("readArchive() calls an archive plain, and says why, when", () => {
  const manifest_tar = tar();
  test.each([
    ["the gzip header is another", gzipSync(manifest_tar), "the gzip header is not the canonical one"],
    ["the end is padded", gzip(Buffer.concat([manifest_tar, END])), "the end of the tar is padded"],
    [
      "a time is set",
      gzip(tar(record({ name: "a", raw: [[136, octal(1, 11)]] }))),
      'the header of "a" is not',
    ],
    [
      "an owner is set",
      gzip(tar(record({ name: "a", raw: [[108, octal(1000, 7)]] }))),
      'the header of "a" is not',
    ],
    ["a mode is another", gzip(tar(record({ name: "a", mode: 0o600 }))), 'the header of "a" is not'],
    [
      "a pax record is not needed",
      gzip(tar(pax({ path: "a" }), record({ name: "a" }))),
      'the header of "a" is not',
    ],
    ["a directory is missing", gzip(tar(record({ name: "a/b" }))), "directories are missing or too many"],
    [
      "a directory is empty",
      gzip(tar(record({ name: "a/", type: "5", mode: 0o755 }))),
      "directories are missing or too many",
    ],
    ["the order is another", gzip(tar(record({ name: "b" }), record({ name: "a" }))), '"b" is out of order'],
    [
      "the manifest is not first",
      gzip(Buffer.concat([record({ name: "a" }), MANIFEST_RECORD, END])),
      '"a" is out of order',
    ],
    [
      "there is no manifest",
      gzip(Buffer.concat([record({ name: "a" }), END])),
      "there is no manifest.json at the top",
    ],
    [
      "padding is not zero",
      gzip(tar(Buffer.from(record({ name: "a", body: "x" }).map((byte, i) => (i === 600 ? 1 : byte))))),
      "padding is not zero",
    ],
  ])("%s", async (_what, bytes, why) => {
    expect(await read(bytes)).toMatchObject({
      profile: "plain",
      plain_because: expect.stringContaining(why),
    });
  });

  test("nothing is wrong: then it is canonical, whoever wrote it", async () => {
    const listing = await read(gzip(tar(record({ name: "a" }))));
    expect(listing).toMatchObject({ profile: "canonical" });
    expect(listing.plain_because).toBeUndefined();
  });
});

describe("other programs", () => {
  const PYTHON = `
import hashlib, json, sys, tarfile
with tarfile.open(sys.argv[1]) as archive:
    print(json.dumps([[m.name, m.isdir(), m.mode, m.size, m.mtime, m.uid, m.uname,
        "" if m.isdir() else hashlib.sha256(archive.extractfile(m).read()).hexdigest()] for m in archive]))`;

  test("Python reads what we write as we do", async () => {
    const { path } = await pack(temporaryFolder(), ENTRIES);
    const { members } = await readArchive(effects, path);
    const seen: unknown = JSON.parse(execFileSync("python3", ["-c", PYTHON, path], { encoding: "utf8" }));
    expect(seen).toEqual(
      members.map(({ path: name, kind, executable, size_bytes, sha256 }) => {
        const is_directory = kind === "directory";
        return [
          name,
          is_directory,
          executable ? 0o755 : 0o644,
          size_bytes,
          0,
          0,
          "",
          is_directory ? "" : sha256,
        ];
      }),
    );
    expect(members.length).toBeGreaterThan(8);
  });

  test("GNU tar and gzip unpack what we write to the same tree", async () => {
    const folder = temporaryFolder();
    const { path, content_digest } = await pack(folder, ENTRIES);
    const raw = execFileSync("gzip", ["-dc", path]);
    expect(sha256Hex(raw)).toBe(content_digest);
    mkdirSync(join(folder, "out"));
    execFileSync("tar", ["xpzf", path, "-C", join(folder, "out")], { stdio: "pipe" });
    for (const entry of ENTRIES) {
      expect(
        readFileSync(join(folder, "out", entry.path)).equals(
          "bytes" in entry ? entry.bytes : Buffer.alloc(0),
        ),
      ).toBe(true);
    }
  });

  test.each([
    [
      "GNU tar of a directory",
      (tree: string, out: string) => execFileSync("tar", ["czf", out, "-C", tree, "."]),
    ],
    [
      "GNU tar in pax form",
      (tree: string, out: string) => execFileSync("tar", ["czf", out, "--format=pax", "-C", tree, "."]),
    ],
    [
      "GNU tar in ustar form",
      (tree: string, out: string) => execFileSync("tar", ["czf", out, "--format=ustar", "-C", tree, "."]),
    ],
    [
      "Python tarfile",
      (tree: string, out: string) =>
        execFileSync("python3", [
          "-c",
          `import tarfile\nwith tarfile.open(${JSON.stringify(out)}, "w:gz") as a: a.add(${JSON.stringify(tree)}, arcname=".")`,
        ]),
    ],
  ])("what %s writes is read as plain", async (_what, write) => {
    const folder = temporaryFolder();
    const tree = join(folder, "tree");
    writeTree(tree, {
      "manifest.json": "{}",
      "modules/a/run.sh": { text: "#!/bin/sh\n", mode: 0o755 },
      [`${"long/".repeat(18)}${"é".repeat(20)}/file.txt`]: "far down",
    });
    chmodSync(join(tree, "modules"), 0o755);
    const out = join(folder, "out.tar.gz");
    write(tree, out);
    const listing = await readArchive(effects, out, { keep: (path) => path.endsWith("run.sh") });
    expect(listing).toMatchObject({ profile: "plain", manifest_bytes: Buffer.from("{}") });
    const files = listing.members.filter(({ kind }) => kind === "file").map(({ path }) => path);
    expect(files.sort()).toEqual([
      `${"long/".repeat(18)}${"é".repeat(20)}/file.txt`,
      "manifest.json",
      "modules/a/run.sh",
    ]);
    expect(listing.members.find(({ path }) => path === "modules/a/run.sh")).toMatchObject({
      executable: true,
    });
    expect([...listing.kept.keys()]).toEqual(["modules/a/run.sh"]);
    const gunzipped = gunzipSync(readFileSync(out));
    expect([listing.content_digest, listing.tar_bytes]).toEqual([sha256Hex(gunzipped), gunzipped.length]);
  });
});

test("a long name that falls between two chunks of the unpacked stream is the same to both readers", async () => {
  const CHUNK_BYTES = 256 * 1024;
  const path = `x${Array.from({ length: 3 }, () => "é".repeat(120)).join("/")}`;
  // Manifest 1,024, header of the filler 512, of the pax record 512, and 512 of its body, cut inside a letter.
  const filler = record({ name: "filler", body: "y".repeat(CHUNK_BYTES - 2560) });
  for (const shift of [0, 1]) {
    const name = "z".repeat(shift) + path;
    const bytes = targz(filler, pax({ path: name }), record({ name: "short", body: "content" }));
    const listing = await read(bytes, { keep: () => true });
    expect(listing.members.map((member) => member.path)).toEqual(["manifest.json", "filler", name]);
  }
});

test("reading changes nothing", async () => {
  const folder = temporaryFolder();
  const { path } = await pack(folder, ENTRIES);
  const before = picture(folder);
  await readArchive(effects, path);
  expect(picture(folder)).toEqual(before);
});
