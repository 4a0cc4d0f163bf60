import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readWheel, type WheelRequest } from "../../src/python/wheel/read-wheel.ts";
import { localEntry, type MadeWheel, madeWheel, type WheelFields, type ZipEntry } from "../support/wheels.ts";

const TAGS: WheelRequest["tags"] = {
  implementation: "cpython",
  major: 3,
  minor: 11,
  abi: "cp311",
  machine: "x86_64",
  glibc: "2.36",
  platform: "linux",
};

const requestFor = ({ locked }: MadeWheel): WheelRequest => ({
  package_id: "PKG-T2-A-001",
  locked,
  tags: TAGS,
  locked_names: new Set([locked.name]),
  reserved_names: new Set(["modules", "plugins"]),
});

/** Everything is read, since that is when RECORD is held against it. */
async function refusalOf(made: MadeWheel, bytes: Uint8Array = made.bytes): Promise<string> {
  try {
    for (const file of await readWheel(bytes, requestFor(made))) await file.read();
    return "taken";
  } catch (error) {
    const { code, details, message } = error as {
      code?: string;
      details?: { rule?: string };
      message: string;
    };
    return code === undefined
      ? message
      : [code, details?.rule].filter((word) => word !== undefined).join(" ");
  }
}

const named = (name: string, text = "x = 1\n"): WheelFields => ({
  files: { "greeting/__init__.py": "", [name]: text },
});
const added = (entry: Parameters<NonNullable<WheelFields["entries"]>>[0][number]): WheelFields => ({
  entries: (entries) => [...entries, entry],
});

describe("a hostile wheel", () => {
  test.each<[string, WheelFields]>([
    ["path", named("../../escape.py")],
    ["path", named("/etc/cron.d/x")],
    ["path", named("a\\..\\b.py")],
    ["path", named("a/./b.py")],
    ["path", added({ name: `${"d/".repeat(40)}x.py`, bytes: Buffer.from("x") })],
    ["path", added({ name: `${"n".repeat(256)}.py`, bytes: Buffer.from("x") })],
    ["path", added({ name: "nul\0.py", bytes: Buffer.from("x") })],
    ["kind", added({ name: "greeting/link.py", bytes: Buffer.from("/etc/passwd"), mode: 0o120777 })],
    ["kind", added({ name: "greeting/device", bytes: Buffer.alloc(0), mode: 0o020666 })],
    ["encrypted", added({ name: "greeting/secret.py", bytes: Buffer.from("x"), flags: 1 })],
    ["startup", named("evil.pth", "import os\n")],
    ["startup", named("greeting/deep.PTH", "import os\n")],
    ["startup", named("sitecustomize.py")],
    ["startup", named("usercustomize/__init__.py")],
    ["bytecode", named("greeting/__pycache__/x.cpython-311.pyc")],
    ["bytecode", named("greeting/x.pyc")],
    ["shadow", named("modules/stdlib_evidence/__init__.py")],
    ["shadow", named("plugins.py")],
    ["scheme", named("greeting-1.2.0.data/scripts/run.sh")],
    ["scheme", named("greeting-1.2.0.data/data/etc/passwd")],
    ["scheme", named("greeting-1.2.0.data/headers/x.h")],
    ["scheme", named("other-1.0.data/purelib/x.py")],
    ["startup", named("greeting-1.2.0.data/purelib/evil.pth")],
    ["metadata", named("other-1.0.dist-info/METADATA")],
    [
      "metadata",
      { metadata: ["Name: other"], entries: (all) => all.filter(({ name }) => !name.endsWith("/WHEEL")) },
    ],
    ["record", { record: (lines) => lines.filter((line) => !line.startsWith("greeting/")) }],
    ["record", { record: (lines) => [...lines, "greeting/absent.py,sha256=abc,3"] }],
    ["record", { record: (lines) => lines.map((line) => line.replace(/,\d+$/, ",1")) }],
    ["record", { record: (lines) => lines.map((line) => line.replace("sha256=", "md5=")) }],
    ["record", { record: (lines) => [...lines, lines[0] ?? ""] }],
    ["record", { record: (lines) => [...lines, 'a"b,,'] }],
    [
      "record",
      {
        entries: (all) =>
          all.map((one) =>
            one.name === "greeting/__init__.py" ? { ...one, bytes: Buffer.from("evil = 1\n") } : one,
          ),
      },
    ],
  ])("is refused by the rule %s: %j", async (rule, fields) => {
    expect(await refusalOf(madeWheel(fields))).toBe(`WHEEL_REFUSED ${rule}`);
  });

  test("whose zip could be read in two ways is refused", async () => {
    const made = madeWheel();
    const two = (entry: Partial<ZipEntry>): Buffer =>
      madeWheel({
        entries: (all) =>
          all.map((one) => (one.name === "greeting/__init__.py" ? { ...one, ...entry } : one)),
      }).bytes;
    const cases = [
      Buffer.concat([Buffer.from("#!/bin/sh\n"), made.bytes]),
      Buffer.concat([made.bytes, Buffer.from("more")]),
      Buffer.concat([made.bytes, made.bytes]),
      two({ local_name: "greeting/__evil__.py" }),
      two({ declared_bytes: 3 }),
      two({ is_deflated: true, declared_bytes: 3 }),
      madeWheel({ entries: (all) => [...all, ...all.slice(0, 1)] }).bytes,
      made.bytes.subarray(0, 100),
      Buffer.from("not a zip"),
    ];
    for (const [index, bytes] of cases.entries())
      expect([index, await refusalOf(made, bytes)]).toEqual([
        index,
        expect.stringMatching(/^WHEEL_REFUSED (zip|size|path)$/),
      ]);
  });

  test("whose entries share bytes is refused, however small each of them is", async () => {
    const row = ({ name, bytes }: ZipEntry): string =>
      `${name},sha256=${createHash("sha256").update(bytes).digest("base64url")},${bytes.length}`;
    const inner: ZipEntry = {
      name: "greeting/inner.py",
      bytes: Buffer.from("x = 1\n"),
      inside: "greeting/outer.bin",
    };
    const outer: ZipEntry = { name: "greeting/outer.bin", bytes: localEntry(inner) };
    const made = madeWheel({
      record: (lines) => [row(outer), row(inner), ...lines],
      entries: (all) => [outer, inner, ...all],
    });
    expect(await refusalOf(made)).toBe("WHEEL_REFUSED zip");
  });

  test("that grows without measure is refused before it is unpacked", async () => {
    const zeros = Buffer.alloc(11 << 20);
    const bomb = madeWheel(added({ name: "greeting/zeros.bin", bytes: zeros, is_deflated: true }));
    expect(await refusalOf(bomb)).toBe("WHEEL_REFUSED ratio");
    const liar = madeWheel(
      added({ name: "greeting/liar.bin", bytes: zeros, is_deflated: true, declared_bytes: 10 }),
    );
    expect(await refusalOf(liar)).toMatch(/^WHEEL_REFUSED/);
    const many = madeWheel({
      entries: (all) => [
        ...all,
        ...Array.from({ length: 50_001 }, (_, index) => ({ name: `g/${index}`, bytes: Buffer.alloc(0) })),
      ],
    });
    expect(await refusalOf(many)).toBe("WHEEL_REFUSED count");
  });
});

describe("a wheel that does not fit", () => {
  test.each([
    "cp312-cp312-linux_x86_64",
    "cp311-cp311-manylinux_2_40_x86_64",
    "cp311-cp311-musllinux_1_2_x86_64",
    "cp311-cp311-macosx_11_0_arm64",
    "cp311-cp311-linux_aarch64",
    "cp312-abi3-linux_x86_64",
    "py2-none-any",
    "py312-none-any",
    "pp39-pypy39_pp73-linux_x86_64",
  ])("names the tags it is for: %s", async (tag) => {
    const made = madeWheel({ tag });
    await expect(readWheel(made.bytes, requestFor(made))).rejects.toMatchObject({
      code: "WHEEL_INCOMPATIBLE",
      exit_code: 3,
      details: { needs: tag },
    });
  });

  test.each([">=3.12", "<3.11", "!=3.11.*", "==3.9.*", "~=2.7", ">=3.8,<3.10"])(
    "by Requires-Python %s",
    async (range) => {
      expect(await refusalOf(madeWheel({ metadata: [`Requires-Python: ${range}`] }))).toBe(
        "WHEEL_INCOMPATIBLE",
      );
    },
  );

  test("requires what the lock does not name", async () => {
    const made = madeWheel({
      metadata: ["Requires-Dist: Other_Thing>=2", "Requires-Dist: extra; extra == 'all'"],
    });
    await expect(readWheel(made.bytes, requestFor(made))).rejects.toMatchObject({
      code: "WHEEL_UNLOCKED_REQUIREMENT",
      details: { requirement: "other-thing" },
    });
  });
});

test.each([
  "py3-none-any",
  "py2.py3-none-any",
  "py39-none-any",
  "cp311-cp311-linux_x86_64",
  "cp311-cp311-manylinux2014_x86_64",
  "cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64",
  "cp311-none-manylinux1_x86_64",
])("a sound wheel is taken: %s", async (tag) => {
  const made = madeWheel({
    tag,
    metadata: ["Requires-Python: >=3.8,!=3.9.1,<4", "Requires-Dist: colour; extra == 'all'"],
    files: {
      "greeting/__init__.py": "A = 1\n",
      "greeting/with, comma.txt": "",
      "greeting-1.2.0.data/purelib/extra.py": "B = 1\n",
    },
    record: (lines) =>
      lines.map((line) => line.replace("greeting/with, comma.txt", '"greeting/with, comma.txt"')),
  });
  const files = await readWheel(made.bytes, requestFor(made));
  for (const file of files) await file.read();
  expect(files.map(({ path }) => path).filter((path) => !path.includes("dist-info"))).toEqual([
    "greeting/__init__.py",
    "greeting/with, comma.txt",
    "extra.py",
  ]);
});
