/** One table: every archive we know of that tries something, and the code it is refused with before a byte is written. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  archiveFaults,
  extractArchive,
  type ReadArchiveOptions,
  readArchive,
} from "../../src/archive/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { sha256Hex } from "../../src/kernel/index.ts";
import { picture, temporaryFolder } from "../support/tree.ts";
import { END, gzip, longName, MANIFEST, octal, pax, record, tar, targz } from "./tar-bytes.ts";

const effects = nodeEffects();
const file = (name: string | Buffer): Buffer => targz(record({ name, body: "x" }));
const paxFile = (fields: Record<string, string>, body = "x"): Buffer => targz(pax(fields), record({ body }));
const whole = file("a/b.txt");
const many = (count: number): Buffer[] => Array.from({ length: count }, (_, i) => record({ name: `f${i}` }));

type Attack = [
  code: keyof typeof archiveFaults,
  what: string,
  bytes: Buffer,
  limits?: ReadArchiveOptions["limits"],
];

const NAMES: Attack[] = [
  ["ARCHIVE_PATH_ABSOLUTE", "an absolute path", file("/etc/passwd")],
  ["ARCHIVE_PATH_PARENT", "a path that climbs out", file("../../tmp/x")],
  ["ARCHIVE_PATH_PARENT", "a path that climbs inside", file("a/../../b")],
  ["ARCHIVE_PATH_PARENT", "a path that climbs, in a pax record", paxFile({ path: "a/../../b" })],
  [
    "ARCHIVE_PATH_PARENT",
    "a path that climbs, in a GNU long name",
    targz(longName("../x"), record({ name: "../x" })),
  ],
  ["ARCHIVE_PATH_PARENT", "a path that climbs, in the prefix", targz(record({ prefix: "..", name: "x" }))],
  ["ARCHIVE_PATH_DOT", "a dot inside a path", file("a/./b")],
  ["ARCHIVE_PATH_DOT", "a dot after the leading one", file("././b")],
  ["ARCHIVE_PATH_ABSOLUTE", "an absolute path after a dot", file(".//etc/passwd")],
  ["ARCHIVE_PATH_EMPTY_SEGMENT", "a double slash", file("a//b")],
  ["ARCHIVE_PATH_EMPTY", "a file without a name", file("")],
  ["ARCHIVE_MEMBER_KIND", "a file named like the root", file("./")],
  ["ARCHIVE_PATH_DRIVE", "a drive-relative path", file("C:x.txt")],
  ["ARCHIVE_PATH_BACKSLASH", "a backslash", file("a\\..\\b")],
  ["ARCHIVE_PATH_NUL", "a NUL inside the name", file("safe.txt\0/../x")],
  ["ARCHIVE_PATH_NUL", "a NUL inside a pax path", paxFile({ path: "safe\0.txt" })],
  ["ARCHIVE_PATH_CONTROL", "a control character", file("a\u001b[2Jb")],
  ["ARCHIVE_PATH_CONTROL", "a name that reads backwards", file("cod\u202etxt.exe")],
  ["ARCHIVE_PATH_ENCODING", "a name that is not UTF-8", file(Buffer.from([0x61, 0xff]))],
  ["ARCHIVE_PATH_ENCODING", "a lone surrogate", file(Buffer.from([0xed, 0xa0, 0x80]))],
  ["ARCHIVE_PATH_NOT_NFC", "a decomposed name", file("e\u0301.txt")],
  ["ARCHIVE_PATH_TRAILING", "a trailing dot", file("a./b")],
  ["ARCHIVE_PATH_TRAILING", "a trailing space", file("a ")],
  ["ARCHIVE_PATH_RESERVED", "a Windows device", file("a/NUL.txt")],
  ["ARCHIVE_PATH_RESERVED", "a Windows port", file("com1")],
  ["ARCHIVE_PATH_LONG", "a name beyond the limit", paxFile({ path: `${"a".repeat(200)}/`.repeat(6) + "x" })],
  ["ARCHIVE_PATH_SEGMENT_LONG", "a segment beyond the limit", paxFile({ path: "a".repeat(256) })],
  ["ARCHIVE_PATH_DEEP", "a depth bomb", paxFile({ path: `${"a/".repeat(32)}x` })],
  ["ARCHIVE_PATH_DUPLICATE", "one file twice", targz(record({ name: "a" }), record({ name: "a" }))],
  [
    "ARCHIVE_PATH_DUPLICATE",
    "one file twice, once with ./",
    targz(record({ name: "a" }), record({ name: "./a" })),
  ],
  [
    "ARCHIVE_PATH_DUPLICATE",
    "one directory twice",
    targz(record({ name: "a/", type: "5" }), record({ name: "a/", type: "5" })),
  ],
  [
    "ARCHIVE_PATH_COLLISION",
    "names that differ in case",
    targz(record({ name: "README" }), record({ name: "readme" })),
  ],
  ["ARCHIVE_PATH_COLLISION", "ß and ss", targz(record({ name: "straße" }), record({ name: "STRASSE" }))],
  [
    "ARCHIVE_PATH_COLLISION",
    "a ligature and its letters",
    targz(record({ name: "\ufb01le" }), record({ name: "file" })),
  ],
  [
    "ARCHIVE_PATH_COLLISION",
    "directories that differ in case",
    targz(record({ name: "Lib/a" }), record({ name: "lib/b" })),
  ],
  [
    "ARCHIVE_PATH_COLLISION",
    "an invisible joiner",
    targz(record({ name: "a\u200db" }), record({ name: "ab" })),
  ],
  [
    "ARCHIVE_PATH_FILE_AND_DIRECTORY",
    "a file above a file",
    targz(record({ name: "a" }), record({ name: "a/b" })),
  ],
  [
    "ARCHIVE_PATH_FILE_AND_DIRECTORY",
    "a directory, then a file",
    targz(record({ name: "a/", type: "5" }), record({ name: "a" })),
  ],
];

const KINDS: Attack[] = [
  ["ARCHIVE_SYMLINK", "a symbolic link", targz(record({ type: "2", link: "/etc" }))],
  ["ARCHIVE_SYMLINK", "a GNU long link target", targz(longName("x".repeat(200), "K"), record({ type: "2" }))],
  ["ARCHIVE_HARDLINK", "a hard link", targz(record({ type: "1", link: "manifest.json" }))],
  ["ARCHIVE_DEVICE", "a character device", targz(record({ type: "3" }))],
  ["ARCHIVE_DEVICE", "a block device", targz(record({ type: "4" }))],
  ["ARCHIVE_FIFO", "a named pipe", targz(record({ type: "6" }))],
  ["ARCHIVE_SPARSE", "a GNU sparse file", targz(record({ type: "S" }))],
  ["ARCHIVE_SPARSE", "a pax sparse file", paxFile({ "GNU.sparse.major": "1" })],
  ["ARCHIVE_MEMBER_KIND", "a contiguous file", targz(record({ type: "7" }))],
  ["ARCHIVE_MEMBER_KIND", "a multi-volume part", targz(record({ type: "M" }))],
  ["ARCHIVE_MEMBER_KIND", "a file named like a directory", file("a/")],
  ["ARCHIVE_MEMBER_KIND", "an old file named like a directory", targz(record({ name: "a/", type: "\0" }))],
  ["ARCHIVE_MODE_SPECIAL", "setuid", targz(record({ mode: 0o4755 }))],
  ["ARCHIVE_MODE_SPECIAL", "setgid", targz(record({ mode: 0o2755 }))],
  ["ARCHIVE_MODE_SPECIAL", "a sticky directory", targz(record({ name: "a/", type: "5", mode: 0o1777 }))],
  ["ARCHIVE_XATTR", "extended attributes", paxFile({ "SCHILY.xattr.security.capability": "x" })],
  ["ARCHIVE_XATTR", "access lists", paxFile({ "SCHILY.acl.access": "user::rwx" })],
  ["ARCHIVE_XATTR", "extended attributes, the other way", paxFile({ "LIBARCHIVE.xattr.user.x": "eA==" })],
];

const RECORDS: Attack[] = [
  [
    "ARCHIVE_PAX_SIZE",
    "a pax size that hides a file",
    targz(pax({ size: "1024" }), record({ body: "" }), record({ name: "hidden" })),
  ],
  ["ARCHIVE_PAX_SIZE", "a pax size below the header's", paxFile({ size: "0" })],
  [
    "ARCHIVE_PAX_ON_META",
    "a pax header for a pax header",
    targz(pax({ size: "1" }), pax({ path: "a" }), record({})),
  ],
  [
    "ARCHIVE_PAX_ON_META",
    "a pax header for a long name",
    targz(pax({ size: "0" }), longName("a"), record({ name: "a" })),
  ],
  [
    "ARCHIVE_GNU_NAME_OVERRIDE",
    "a long name and a pax path",
    targz(longName("a"), pax({ path: "b" }), record({ name: "a" })),
  ],
  ["ARCHIVE_GNU_NAME_OVERRIDE", "two long names", targz(longName("a"), longName("b"), record({ name: "b" }))],
  [
    "ARCHIVE_GNU_NAME_MISMATCH",
    "a long name beside another name",
    targz(longName("evil"), record({ name: "good" })),
  ],
  [
    "ARCHIVE_GNU_NAME_INVALID",
    "a long name without its NUL",
    targz(record({ name: "././@LongLink", type: "L", body: "abc" }), record({ name: "abc" })),
  ],
  ["ARCHIVE_META_DANGLING", "a pax header for nothing", targz(pax({ path: "a" }))],
  ["ARCHIVE_META_DANGLING", "a long name for nothing", targz(longName("a"))],
  ["ARCHIVE_META_TOO_LARGE", "a pax header of 64 KiB and more", paxFile({ comment: "x".repeat(65_536) })],
  [
    "ARCHIVE_PAX_UNTERMINATED",
    "a pax record that runs on",
    targz(record({ type: "x", body: "99 path=a\n" }), record({})),
  ],
  [
    "ARCHIVE_PAX_UNTERMINATED",
    "a pax record without its newline",
    targz(record({ type: "x", body: "9 path=ab" }), record({})),
  ],
  [
    "ARCHIVE_PAX_INVALID",
    "a pax record without a length",
    targz(record({ type: "x", body: "path=a\n" }), record({})),
  ],
  [
    "ARCHIVE_PAX_INVALID",
    "a pax key given twice",
    targz(record({ type: "x", body: "9 path=a\n9 path=b\n" }), record({})),
  ],
  ["ARCHIVE_PAX_INVALID", "a pax size that is no number", paxFile({ size: "-1" })],
  ["ARCHIVE_PAX_KEY", "a pax link target", paxFile({ linkpath: "/etc" })],
  ["ARCHIVE_PAX_KEY", "another character set", paxFile({ hdrcharset: "BINARY" })],
  ["ARCHIVE_PAX_KEY", "a pax key named __proto__", paxFile({ ["__proto__"]: "x" })],
  ["ARCHIVE_PAX_GLOBAL", "a global path", targz(pax({ path: "evil" }, "g"), record({}))],
  ["ARCHIVE_PAX_GLOBAL", "a global size", targz(pax({ size: "0" }, "g"), record({ body: "x" }))],
  [
    "ARCHIVE_NUMBER_BASE256",
    "a base-256 size",
    targz(record({ raw: [[124, Buffer.from([0x80, ...Buffer.alloc(10), 1])]], body: "x" })),
  ],
  ["ARCHIVE_NUMBER_BASE256", "a negative size", targz(record({ raw: [[124, Buffer.alloc(12, 0xff)]] }))],
  ["ARCHIVE_NUMBER_INVALID", "a signed size", targz(record({ raw: [[124, "-0000000001\0"]] }))],
  ["ARCHIVE_NUMBER_INVALID", "a size with a gap", targz(record({ raw: [[124, "0000 000001\0"]] }))],
  ["ARCHIVE_TAR_CHECKSUM", "a wrong checksum", targz(record({ checksum: "000001\0 " }))],
  ["ARCHIVE_TAR_MAGIC", "a header without magic", targz(record({ magic: "\0\0\0\0\0\0\0\0" }))],
  ["ARCHIVE_TAR_FIELD", "data after the last field", targz(record({ raw: [[505, "x"]] }))],
  ["ARCHIVE_TAR_FIELD", "a GNU header with a prefix", targz(record({ magic: "ustar  \0", prefix: "evil" }))],
  ["ARCHIVE_TAR_FIELD", "a file with a link target", targz(record({ link: "/etc/passwd" }))],
  ["ARCHIVE_TAR_FIELD", "a directory with content", targz(record({ name: "a/", type: "5", body: "x" }))],
  // One reader trusts the record's length, the other splits at newlines.
  ["ARCHIVE_AMBIGUOUS", "a pax record inside a pax comment", paxFile({ comment: "x\n11 path=ab" })],
];

const ENDS: Attack[] = [
  ["ARCHIVE_TRAILING_DATA", "a file after the end", gzip(Buffer.concat([tar(), record({ name: "x" }), END]))],
  [
    "ARCHIVE_TRAILING_DATA",
    "a file after one end record",
    gzip(Buffer.concat([MANIFEST, Buffer.alloc(512), record({}), END])),
  ],
  ["ARCHIVE_TRAILING_DATA", "a mebibyte of padding", gzip(Buffer.concat([tar(), Buffer.alloc(1024 ** 2)]))],
  ["ARCHIVE_TAR_TRUNCATED", "no end records", gzip(MANIFEST)],
  ["ARCHIVE_TAR_TRUNCATED", "one end record", gzip(Buffer.concat([MANIFEST, Buffer.alloc(512)]))],
  [
    "ARCHIVE_TAR_TRUNCATED",
    "an end inside a file",
    gzip(tar(record({ size: 5000, body: "x" })).subarray(0, 2000)),
  ],
  ["ARCHIVE_TAR_TRUNCATED", "an end inside a record", gzip(Buffer.concat([tar(), Buffer.alloc(100)]))],
  ["ARCHIVE_TAR_TRUNCATED", "a size beyond the archive", targz(record({ size: 2 ** 30, body: "x" }))],
  ["ARCHIVE_TAR_EMPTY", "nothing at all", gzip(Buffer.alloc(0))],
  ["ARCHIVE_NOT_GZIP", "a bare tar", tar()],
  ["ARCHIVE_NOT_GZIP", "an empty file", Buffer.alloc(0)],
  [
    "ARCHIVE_GZIP_HEADER",
    "reserved gzip flags",
    Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0xe0]), whole.subarray(4)]),
  ],
  ["ARCHIVE_GZIP_HEADER", "a cut gzip header", whole.subarray(0, 7)],
  [
    "ARCHIVE_GZIP_CORRUPT",
    "a broken deflate stream",
    Buffer.concat([whole.subarray(0, 10), Buffer.alloc(40, 0xff)]),
  ],
  ["ARCHIVE_GZIP_TRUNCATED", "a cut deflate stream", whole.subarray(0, 40)],
  ["ARCHIVE_GZIP_TRUNCATED", "a cut gzip trailer", whole.subarray(0, -3)],
  [
    "ARCHIVE_GZIP_CHECKSUM",
    "a wrong checksum of the whole",
    Buffer.concat([whole.subarray(0, -8), Buffer.alloc(8)]),
  ],
  ["ARCHIVE_GZIP_SECOND_MEMBER", "a second gzip member", Buffer.concat([whole, file("other.txt")])],
  [
    "ARCHIVE_GZIP_TRAILING_DATA",
    "data after the gzip member",
    Buffer.concat([whole, Buffer.from("PK\x03\x04")]),
  ],
];

const BOMBS: Attack[] = [
  ["ARCHIVE_RATIO", "a ratio bomb", targz(record({ body: Buffer.alloc(20 * 1024 ** 2) }))],
  ["ARCHIVE_TOO_MANY_ENTRIES", "an entry-count bomb", targz(...many(60)), { entries_max: 50 }],
  [
    "ARCHIVE_TOO_MANY_ENTRIES",
    "a bomb of name records",
    targz(...Array.from({ length: 60 }, () => pax({ comment: "x" }, "g"))),
    { entries_max: 50 },
  ],
  [
    "ARCHIVE_FILE_TOO_LARGE",
    "a file beyond the limit",
    targz(record({ body: "x".repeat(600) })),
    { file_bytes_max: 599 },
  ],
  ["ARCHIVE_FILE_TOO_LARGE", "a file that says it has 8 GiB", targz(record({ size: 2 ** 33 - 1 }))],
  [
    "ARCHIVE_TOO_LARGE",
    "files that add up",
    targz(record({ name: "a", body: "xxx" }), record({ name: "b", body: "xxx" })),
    { unpacked_bytes_max: 7 },
  ],
  ["ARCHIVE_MANIFEST_TOO_LARGE", "a manifest beyond the limit", targz(), { manifest_bytes_max: 1 }],
];

const ATTACKS: Attack[] = [...NAMES, ...KINDS, ...RECORDS, ...ENDS, ...BOMBS];

/** Codes that need more than bytes in a file; their tests are in test/archive. */
const ELSEWHERE = [
  "ARCHIVE_CHANGED",
  "ARCHIVE_DIGEST_MISMATCH",
  "ARCHIVE_EXISTS",
  "ARCHIVE_MANIFEST_MISSING",
  "ARCHIVE_NOT_FOUND",
  "ARCHIVE_SOURCE_CHANGED",
  "ARCHIVE_STAGING",
  "ARCHIVE_UNREADABLE",
  "ARCHIVE_WRITE_FAILED",
];

test.each(ATTACKS)("%s refuses %s", async (code, _what, bytes, limits) => {
  const folder = temporaryFolder();
  const path = join(folder, "attack.tar.gz");
  writeFileSync(path, bytes);
  const before = picture(folder);
  const refused = readArchive(effects, path, limits ? { limits } : {});
  await expect(refused).rejects.toMatchObject({
    name: "Fault",
    code,
    next_step: expect.stringMatching(/"(pkg|sha256sum)/),
  });
  expect(picture(folder)).toEqual(before);
});

test.each(ATTACKS)(
  "%s: unpacking without reading first writes nothing outside staging: %s",
  async (_code, _what, bytes, limits) => {
    const folder = temporaryFolder();
    const path = join(folder, "attack.tar.gz");
    writeFileSync(path, bytes);
    const destination = join(folder, "staging");
    mkdirSync(destination);
    const request = { digest: sha256Hex(bytes), destination, ...(limits && { limits }) };
    await extractArchive(effects, path, { ...request, durability: "none" }).catch((error: unknown) => {
      expect(error).toMatchObject({ name: "Fault" });
    });
    expect(readdirSync(folder)).toEqual(["attack.tar.gz", "staging"]);
    expect(
      Object.values(picture(folder)).filter((entry) => JSON.stringify(entry).includes("symlink")),
    ).toEqual([]);
  },
);

test("every code an archive's bytes can raise is in the table", () => {
  const codes = new Set<string>([...ATTACKS.map(([code]) => code), ...ELSEWHERE]);
  expect([...codes].sort()).toEqual(Object.keys(archiveFaults).sort());
});

test("the same archives without the forgery are accepted", async () => {
  const folder = temporaryFolder();
  const harmless = [
    whole,
    targz(longName("a".repeat(150)), record({ name: "a".repeat(100) })),
    paxFile({ path: "b.txt", size: "1", mtime: "1.5" }),
    targz(pax({ comment: "0".repeat(40) }, "g"), record({ type: "\0", magic: "ustar  \0" })),
    targz(record({ name: "./", type: "5" }), record({ name: "./a/", type: "5" }), record({ name: "./a/b" })),
    targz(record({ name: "a", mode: 0o100755, raw: [[136, octal(1_700_000_000, 11)]] })),
  ];
  for (const [i, bytes] of harmless.entries()) {
    const path = join(folder, `${i}.tar.gz`);
    writeFileSync(path, bytes);
    expect(await readArchive(effects, path)).toMatchObject({ digest: sha256Hex(bytes) });
  }
});
