import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ArchiveSource, readArchive } from "../../src/archive/index.ts";
import type { ReadHandle } from "../../src/effects/index.ts";
import { sha256Hex } from "../../src/kernel/index.ts";
import { temporaryFolder } from "../support/tree.ts";
import { effects, MANIFEST, pack, source, text } from "./packing.ts";

/** Yields what it holds whatever it said about its size, a few bytes a time. */
function stream(
  path: string,
  content: Buffer,
  said_bytes = content.length,
): ArchiveSource & { closed: () => boolean } {
  let closed = false;
  const open = (): ReadHandle => {
    let at = 0;
    return {
      read(buffer) {
        const part = content.subarray(at, at + Math.min(buffer.length, 7001));
        part.copy(buffer);
        at += part.length;
        return part.length;
      },
      stat: () => ({}) as ReturnType<ReadHandle["stat"]>,
      close: () => {
        closed = true;
      },
    };
  };
  return { path, executable: false, size_bytes: said_bytes, open, closed: () => closed };
}

describe("writeArchive() refuses", () => {
  test.each([
    ["ARCHIVE_PATH_PARENT", [MANIFEST, source("../x")]],
    ["ARCHIVE_PATH_COLLISION", [MANIFEST, source("A"), source("a")]],
    ["ARCHIVE_MANIFEST_MISSING", [source("a/manifest.json")]],
    ["ARCHIVE_FILE_TOO_LARGE", [MANIFEST, stream("big", Buffer.alloc(0), 2 ** 31 + 1)]],
    [
      "ARCHIVE_TOO_LARGE",
      [MANIFEST, ...["a", "b", "c"].map((path) => stream(path, Buffer.alloc(0), 2 ** 31))],
    ],
    ["ARCHIVE_MANIFEST_TOO_LARGE", [stream("manifest.json", Buffer.alloc(0), 2 ** 27)]],
    ["ARCHIVE_TOO_MANY_ENTRIES", [MANIFEST, ...Array.from({ length: 100_000 }, (_, i) => source(`f${i}`))]],
  ])("%s before it creates anything", async (code, entries) => {
    const out = join(temporaryFolder(), "out.tar.gz");
    await expect(pack("", entries, { out })).rejects.toMatchObject({ name: "Fault", code });
    expect(existsSync(out)).toBe(false);
  });

  test.each([
    ["fewer", 100, 99],
    ["more", 100, 101],
    ["none", 100, 0],
    ["far more", 3_000_000, 3_500_000],
  ])(
    "a source that yields %s bytes than it said, and leaves nothing behind",
    async (_what, said, yielded) => {
      const out = join(temporaryFolder(), "out.tar.gz");
      const changing = stream("data", text(yielded), said);
      await expect(pack("", [MANIFEST, changing], { out })).rejects.toMatchObject({
        code: "ARCHIVE_SOURCE_CHANGED",
        details: { path: "data", size_bytes: said },
      });
      expect(changing.closed()).toBe(true);
      expect(existsSync(out)).toBe(false);
    },
  );

  test("a source that vanished", async () => {
    const folder = temporaryFolder();
    const gone = {
      path: "gone",
      executable: false,
      size_bytes: 1,
      open: () => effects.fs.openRead(join(folder, "gone")),
    };
    await expect(pack(folder, [MANIFEST, gone])).rejects.toMatchObject({ code: "ARCHIVE_SOURCE_CHANGED" });
  });

  test("to replace a file, and leaves it as it was", async () => {
    const out = join(temporaryFolder(), "out.tar.gz");
    writeFileSync(out, "mine");
    await expect(pack("", [MANIFEST], { out })).rejects.toMatchObject({ code: "ARCHIVE_EXISTS" });
    expect(readFileSync(out, "utf8")).toBe("mine");
  });

  test("a place that is not there", async () => {
    const out = join(temporaryFolder(), "none", "out.tar.gz");
    await expect(pack("", [MANIFEST], { out })).rejects.toMatchObject({
      code: "ARCHIVE_WRITE_FAILED",
      details: { archive: out, reason: "ENOENT" },
    });
  });

  test("to go on when it is interrupted or a thread cannot start", async () => {
    const folder = temporaryFolder();
    const out = join(folder, "out.tar.gz");
    const entries = [MANIFEST, stream("data", text(2_000_000))];
    await expect(pack("", entries, { out, signal: AbortSignal.abort() })).rejects.toThrow("aborted");
    expect(existsSync(out)).toBe(false);
    const deflate_worker_url = new URL("file:///none/deflate-worker.ts");
    await expect(pack("", entries, { out, deflate_worker_url })).rejects.toThrow("none");
    expect(existsSync(out)).toBe(false);
  });
});

describe("writeArchive() writes", () => {
  test("the bytes of this constant, on every machine and Node version", async () => {
    const entries = [
      MANIFEST,
      source("modules/a/run.sh", "#!/bin/sh\n", true),
      source("modules/a/empty"),
      source("modules/é/日本語.md", "non-ASCII"),
      source(`deep/${"d".repeat(90)}/${"e".repeat(90)}`, "prefix"),
      source("text.txt", text(700_000)),
    ];
    expect(await pack(temporaryFolder(), entries)).toMatchObject({
      digest: "e01d965f570890bea1a233a4c4e2eded646b0c81ff661e279c925c82227b8a71",
      content_digest: "7177dc5521f2d41d38e579de14761145a6c5caa9ae8cd347181271801d4be604",
      size_bytes: 341_788,
      tar_bytes: 711_168,
    });
  });

  test("the manifest first, then every directory before what it holds, and nothing after the end", async () => {
    const entries = ["z", "a b/c", "a/b", "a.b", "a/b.c/d", "a-b", "\u{10000}", "\uffff"].map((path) =>
      source(path, "x"),
    );
    const { path } = await pack(temporaryFolder(), [...entries, MANIFEST]);
    const { members, profile } = await readArchive(effects, path);
    expect(profile).toBe("canonical");
    expect(members.map((member) => member.path)).toEqual([
      "manifest.json",
      "a",
      "a/b",
      "a/b.c",
      "a/b.c/d",
      "a b",
      "a b/c",
      "a-b",
      "a.b",
      "z",
      "\uffff",
      "\u{10000}",
    ]);
    const packed = readFileSync(path);
    expect(packed.subarray(0, 10).toString("hex")).toBe("1f8b08000000000000ff");
    const tar = gunzipSync(packed);
    expect(tar.subarray(-1024).equals(Buffer.alloc(1024))).toBe(true);
    expect(tar.subarray(-1536, -1024).equals(Buffer.alloc(512))).toBe(false);
  });

  test("the same bytes for any order of entries, any number of threads and any size of reads", async () => {
    const folder = temporaryFolder();
    const files = Array.from({ length: 9 }, (_, i): [string, Buffer] => [
      `d${i % 3}/f${i}`,
      text(i * 40_001, i),
    ]);
    const whole = files.map(([path, content]) => source(path, content));
    const streamed = files.map(([path, content]) => stream(path, content)).reverse();
    const first = await pack(folder, [MANIFEST, ...whole], { worker_count: 1 });
    const others = [
      await pack(folder, [...streamed, MANIFEST], { worker_count: 1 }),
      await pack(folder, [...whole, MANIFEST], { worker_count: 2 }),
      await pack(folder, [MANIFEST, ...streamed], { worker_count: 3 }),
    ];
    for (const other of others) expect(readFileSync(other.path).equals(readFileSync(first.path))).toBe(true);
    expect(first.tar_bytes).toBeGreaterThan(1_400_000);
  });

  test("zeros at a ratio its own reader accepts", async () => {
    const folder = temporaryFolder();
    const zeros = stream("zeros", Buffer.alloc(12 * 1024 ** 2));
    const packed = await pack(folder, [MANIFEST, zeros]);
    expect(packed.tar_bytes / packed.size_bytes).toBeLessThan(1000);
    expect(await readArchive(effects, packed.path)).toMatchObject({
      profile: "canonical",
      digest: packed.digest,
    });
  });

  test("an archive whose digest changes with one byte, one executable bit, one name", async () => {
    const folder = temporaryFolder();
    const variants = [
      source("a", "hello"),
      source("a", "hellp"),
      source("a", "hello", true),
      source("b", "hello"),
      source("a", "hello\n"),
    ];
    const packed = [];
    for (const variant of variants) packed.push(await pack(folder, [MANIFEST, variant]));
    expect(new Set(packed.map(({ digest }) => digest)).size).toBe(variants.length);
    expect(new Set(packed.map(({ content_digest }) => content_digest)).size).toBe(variants.length);
  });
});

describe("what was written", () => {
  const segment = fc.oneof(
    fc.stringMatching(/^[a-z]{1,3}$/),
    fc.stringMatching(/^[a-zé日.-]{1,40}x$/),
    fc.stringMatching(/^[a-z]{60,120}$/),
    fc.constant("\u{1f600}"),
  );
  const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => segments.join("/"));
  const file = fc.record({
    path,
    executable: fc.boolean(),
    content: fc.uint8Array({ maxLength: 1500 }).map((bytes) => Buffer.from(bytes)),
  });

  test("reads back as canonical, with the same files and digests", async () => {
    const folder = temporaryFolder();
    const trees = fc.uniqueArray(file, {
      selector: ({ path: name }) => name.toLowerCase().split("/")[0],
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(trees, async (files) => {
        const entries = files.map(({ path: name, content, executable }) => source(name, content, executable));
        const packed = await pack(folder, [...entries, MANIFEST]);
        const listing = await readArchive(effects, packed.path, { keep: () => true });
        expect(listing.plain_because).toBeUndefined();
        const { digest, content_digest, size_bytes, tar_bytes } = packed;
        expect(listing).toMatchObject({
          profile: "canonical",
          digest,
          content_digest,
          size_bytes,
          tar_bytes,
        });
        const bytes = readFileSync(packed.path);
        expect([sha256Hex(bytes), sha256Hex(gunzipSync(bytes))]).toEqual([digest, content_digest]);
        expect(listing.manifest_bytes?.toString()).toBe("{}");
        for (const { path: name, content, executable } of files) {
          const member = listing.members.find((one) => one.path === name);
          expect(member).toMatchObject({
            executable,
            size_bytes: content.length,
            sha256: sha256Hex(content),
          });
          expect(listing.kept.get(name)?.equals(content)).toBe(true);
        }
      }),
      { seed: 11, numRuns: 60 },
    );
  });

  test("long non-ASCII names survive wherever the stream is cut", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "x"));
    const name = (i: number): string =>
      Array.from({ length: 4 }, () => "日本語".repeat(20 + (i % 5))).join("/");
    const entries = Array.from({ length: 600 }, (_, i) => source(`${i}/${name(i)}`, text(i)));
    const { path: archive } = await pack(folder, [MANIFEST, ...entries]);
    const { profile, members } = await readArchive(effects, archive);
    expect(profile).toBe("canonical");
    expect(members.filter(({ kind }) => kind === "file")).toHaveLength(601);
  });
});
