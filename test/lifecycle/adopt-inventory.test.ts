import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { readRecord } from "../../src/lifecycle/adopt/record-file.ts";
import { type Inventory, takeInventory } from "../../src/lifecycle/index.ts";
import { picture, temporaryFolder, writeTree } from "../support/tree.ts";

const effects = nodeEffects({ host: { home: "/nowhere", cwd: "/" } });
const digest = (text: string): string =>
  `sha256=${createHash("sha256").update(text).digest("base64url")},${Buffer.byteLength(text)}`;

type Files = Record<string, string>;

/** A site-packages folder with one distribution whose RECORD is right; `record` adds lines to it. */
function sitePackages(files: Files, record: readonly string[] = []): string {
  const root = temporaryFolder();
  const info = "demo-1.0.dist-info";
  const own: Files = {
    ...files,
    [`${info}/METADATA`]: "Metadata-Version: 2.1\nName: Demo\nVersion: 1.0\n\nText\n",
  };
  writeTree(root, own);
  const lines = Object.entries(own).map(([path, text]) => `${path},${digest(text)}`);
  writeFileSync(join(root, info, "RECORD"), [...lines, ...record, `${info}/RECORD,,`, ""].join("\n"));
  return root;
}

const inventory = (folder: string): Promise<Inventory> => takeInventory(effects, folder, undefined);
const pathsOf = ({ findings }: Inventory, code: string): (string | undefined)[] =>
  findings.filter((one) => one.code === code).map(({ path }) => path);
const codes = ({ findings }: Inventory, severity = "error"): string[] => [
  ...new Set(findings.filter((one) => one.severity === severity).map(({ code }) => code)),
];

describe("what is broken", () => {
  test("phantom, mismatched, unclaimed and doubly claimed files, each with its line", async () => {
    const root = sitePackages({ "demo/a.py": "A\n", "demo/b.py": "B\n" }, [
      "demo/gone.py,,",
      "demo/__pycache__/a.cpython-311.pyc,,",
    ]);
    writeTree(root, {
      "demo/b.py": "changed\n",
      "demo/left.py": "who?\n",
      "demo/__pycache__/a.cpython-311.pyc": "x",
      "second-2.0.dist-info/METADATA": "Name: second\nVersion: 2.0\n",
      "second-2.0.dist-info/RECORD": `demo/a.py,${digest("A\n")}\nsecond-2.0.dist-info/METADATA,,\nsecond-2.0.dist-info/RECORD,,\n`,
    });
    const seen = await inventory(root);
    expect(pathsOf(seen, "FILE_PHANTOM")).toEqual(["demo/gone.py"]);
    expect(pathsOf(seen, "FILE_MISMATCH")).toEqual(["demo/b.py"]);
    expect(pathsOf(seen, "FILE_UNCLAIMED")).toEqual(["demo/left.py"]);
    expect(pathsOf(seen, "CLAIMED_TWICE")).toEqual(["demo/a.py"]);
    expect(seen.totals).toMatchObject({ unclaimed: 1, cache: 1, phantom: 1, mismatched: 1, claimed: 6 });
    expect(seen.entries).toMatchObject([
      { name: "Demo", version: "1.0", verified_count: 2, unverified_count: 1, mismatched: ["demo/b.py"] },
      { name: "second", version: "2.0" },
    ]);
    expect(seen.findings.find(({ code }) => code === "FILE_MISMATCH")?.line).toBe(2);
  });

  test("paths of RECORD that lead out are told and never followed", async () => {
    const outside = ["../../../etc/passwd", "/etc/passwd", "C:/windows/x", "demo/../../up.py", ".."];
    const root = sitePackages(
      { "demo/a.py": "A\n" },
      outside.map((path) => `${path},${digest("x")}`),
    );
    const seen = await inventory(root);
    const told = seen.findings.filter(({ code }) => code === "RECORD_PATH_OUTSIDE");
    expect(told.map(({ line }) => line)).toEqual([3, 4, 5, 6, 7]);
    expect(codes(seen)).toEqual([]);
  });

  test("lines nobody could have written, however long", async () => {
    const record = [
      `${"x".repeat(1 << 20)},,`,
      '"open,,',
      "a,b,c,d",
      ",sha256=x,1",
      "x,,many",
      "y,sha256=short,1",
      "z,md5=abc,1",
    ];
    const seen = await inventory(sitePackages({ "demo/a.py": "A\n" }, record));
    const told = seen.findings.filter(({ code }) => code === "RECORD_LINE_MALFORMED");
    expect(told.map(({ line }) => line)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(pathsOf(seen, "RECORD_DIGEST_UNKNOWN")).toEqual(["z"]);
    expect(pathsOf(seen, "FILE_PHANTOM")).toEqual(["z"]);
  });

  test("metadata that says nothing, or is not what it should be", async () => {
    const root = temporaryFolder();
    writeTree(root, {
      "a-1.dist-info/METADATA": "nothing\n",
      "node_modules/b/package.json": "[]",
      "node_modules/c/package.json":
        '{"name": "c", "version": "1.0.0", "main": "gone.js", "bin": {"c": "./run.js"}}',
      "node_modules/c/run.js": "",
      "node_modules/.package-lock.json": JSON.stringify({
        packages: {
          "node_modules/c": { version: "2.0.0" },
          "node_modules/d": { version: "1.0.0" },
          "node_modules/e": { optional: true },
        },
      }),
    });
    const python = await inventory(root);
    expect(codes(python)).toEqual(["METADATA_INVALID"]);
    expect(pathsOf(python, "RECORD_MISSING")).toEqual(["a-1.dist-info"]);
    const node = await inventory(join(root, "node_modules"));
    expect(pathsOf(node, "METADATA_INVALID")).toEqual(["b/package.json"]);
    expect(pathsOf(node, "FILE_PHANTOM")).toEqual(["c/gone.js"]);
    expect(pathsOf(node, "PACKAGE_PHANTOM")).toEqual(["d"]);
    expect(pathsOf(node, "VERSION_MISMATCH")).toEqual(["c"]);
  });

  test("a folder with nothing in it that we know", async () => {
    const root = temporaryFolder();
    writeTree(root, { "x.txt": "x" });
    expect(codes(await inventory(root))).toEqual(["NOTHING_RECOGNISED"]);
  });
});

describe("what is risky", () => {
  test("links, pipes, modes, hard links, names", async () => {
    const root = sitePackages({ "demo/a.py": "A\n", "demo/b.py": "B\n", "demo/tool": "#!/bin/sh\n" });
    symlinkSync("/etc", join(root, "demo/etc"));
    symlinkSync("a.py", join(root, "demo/inside.py"));
    symlinkSync("nowhere", join(root, "demo/dangling"));
    execFileSync("mkfifo", [join(root, "demo/pipe")]);
    linkSync(join(root, "demo/a.py"), join(root, "demo/again.py"));
    chmodSync(join(root, "demo/b.py"), 0o666);
    chmodSync(join(root, "demo/tool"), 0o4755);
    mkdirSync(join(root, "open"));
    chmodSync(join(root, "open"), 0o777);
    writeTree(root, { "demo/line\nbreak.py": "", "demo/\u202egnp.py": "", "demo/con.py": "" });
    execFileSync("python3", [
      "-c",
      "import os,sys; open(os.fsencode(sys.argv[1]) + b'/\\xff.py', 'w')",
      join(root, "demo"),
    ]);
    const seen = await inventory(root);
    expect(pathsOf(seen, "SYMLINK_OUTSIDE")).toEqual(["demo/dangling", "demo/etc"]);
    expect(pathsOf(seen, "SYMLINK")).toEqual(["demo/inside.py"]);
    expect(pathsOf(seen, "SPECIAL_FILE")).toEqual(["demo/pipe"]);
    expect(pathsOf(seen, "HARD_LINK")).toEqual(["demo/a.py", "demo/again.py"]);
    expect(pathsOf(seen, "WORLD_WRITABLE")).toEqual(["demo/b.py", "open"]);
    expect(pathsOf(seen, "SETUID")).toEqual(["demo/tool"]);
    expect(pathsOf(seen, "EXECUTABLE")).toEqual(["demo/tool"]);
    expect(pathsOf(seen, "NAME_REFUSED")).toHaveLength(4);
    for (const { message } of seen.findings) expect(message).not.toMatch(/[\n\u202e]/);
  });

  test("native code by name and by first bytes, code that runs when Python starts", async () => {
    const root = sitePackages({
      "demo/fast.cpython-311-x86_64-linux-gnu.so": "",
      "demo/plain": "text",
      "demo.pth": "# a note\n\n/opt/more\nimport os; os.system('x')\n",
      "nested/other.pth": "import never_run\n",
      "sitecustomize.py": "",
    });
    writeFileSync(join(root, "demo/elf"), Buffer.from("7f454c4602", "hex"));
    chmodSync(join(root, "demo/elf"), 0o755);
    const seen = await inventory(root);
    expect(pathsOf(seen, "NATIVE_CODE")).toEqual(["demo/elf", "demo/fast.cpython-311-x86_64-linux-gnu.so"]);
    expect(seen.findings.filter(({ code }) => code === "PTH_RUNS_CODE")).toMatchObject([
      { path: "demo.pth", line: 4 },
    ]);
    expect(seen.findings.filter(({ code }) => code === "PTH_ADDS_PATH")).toMatchObject([{ line: 3 }]);
    expect(pathsOf(seen, "RUNS_AT_START")).toEqual(["sitecustomize.py"]);
  });

  test("install scripts of npm packages, nested and scoped ones among them", async () => {
    const root = join(temporaryFolder(), "node_modules");
    writeTree(root, {
      "@scope/one/package.json":
        '{"name": "@scope/one", "version": "1.0.0", "scripts": {"postinstall": "node x.js", "test": "x"}}',
      "@scope/one/node_modules/two/package.json": '{"name": "two", "version": "2.0.0"}',
      "@scope/one/node_modules/two/binding.gyp": "{}",
      ".pnpm/three@3.0.0/node_modules/three/package.json": '{"name": "three", "version": "3.0.0"}',
      "@scope/one/lib/package.json": '{"type": "module"}',
    });
    const seen = await inventory(root);
    expect(seen.entries.map(({ name, place, files }) => [name, place, files.length])).toEqual([
      ["@scope/one", "@scope/one", 2],
      ["three", ".pnpm/three@3.0.0/node_modules/three", 1],
      ["two", "@scope/one/node_modules/two", 2],
    ]);
    expect(pathsOf(seen, "INSTALL_SCRIPT")).toEqual([
      "@scope/one/node_modules/two/binding.gyp",
      "@scope/one/package.json",
    ]);
  });

  test("hooks and servers of agent plugins, and files their commands name that are not there", async () => {
    const root = temporaryFolder();
    const hooks = {
      hooks: {
        SessionStart: [{ hooks: [{ type: "command", command: "${CLAUDE_PLUGIN_ROOT}/scripts/start.sh" }] }],
        PostToolUse: [{ matcher: "Edit", hooks: [{ type: "command", command: "echo \u001b[31m" }] }],
      },
    };
    writeTree(root, {
      "guard/.claude-plugin/plugin.json": '{"name": "guard", "version": "1.2.0"}',
      "guard/hooks/hooks.json": JSON.stringify(hooks),
      "guard/.mcp.json": '{"mcpServers": {"db": {"command": "npx", "args": ["x"]}}}',
      "guard/skills/one/plugin.json": "{}",
      "second/plugin.json": '{"name": "second", "hooks": "./gone.json"}',
      "README.md": "",
    });
    const seen = await inventory(root);
    expect(seen.entries.map(({ name, version, files }) => [name, version, files.length])).toEqual([
      ["guard", "1.2.0", 4],
      ["second", null, 1],
    ]);
    expect(pathsOf(seen, "HOOK_AT_START")).toEqual(["guard/hooks/hooks.json"]);
    expect(pathsOf(seen, "HOOK")).toEqual(["guard/hooks/hooks.json"]);
    expect(pathsOf(seen, "SERVER_AT_START")).toEqual(["guard/.mcp.json"]);
    expect(pathsOf(seen, "FILE_PHANTOM")).toEqual(["guard/scripts/start.sh", "second/gone.json"]);
    expect(pathsOf(seen, "FILE_UNCLAIMED")).toEqual(["README.md"]);
    for (const { message } of seen.findings) expect(message).not.toContain("\u001b");
  });
});

test("an inventory changes nothing and says the same twice", async () => {
  const root = sitePackages({ "demo/a.py": "A\n", "demo.pth": "import x\n" });
  const before = picture(root);
  const first = await inventory(root);
  expect(await inventory(root)).toEqual(first);
  expect(picture(root)).toEqual(before);
});

test("five thousand files in one package", async () => {
  const files: Files = {};
  for (let number = 0; number < 5000; number++) files[`demo/m${number % 50}/f${number}.py`] = `${number}\n`;
  const root = sitePackages(files);
  const seen = await inventory(root);
  expect(seen.entries[0]).toMatchObject({ verified_count: 5001, unverified_count: 1, mismatched: [] });
});

test("any bytes whatever are read as RECORD without an error, one reading a line at most", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const lines = Buffer.from(bytes).toString("latin1").split("\n").length;
      expect([...readRecord(Buffer.from(bytes))].length).toBeLessThanOrEqual(lines);
    }),
    { numRuns: 300, seed: 20261121 },
  );
});

test("what Python's csv writes is read back", () => {
  const names = ["a,b.py", 'say "hi".py', "plain.py", "ünï.py", " lead.py"];
  const script =
    "import csv,sys,json; w=csv.writer(sys.stdout,lineterminator='\\n'); [w.writerow((n,'sha256=' + 'A'*43,1)) for n in json.loads(sys.argv[1])]";
  const bytes = execFileSync("python3", ["-c", script, JSON.stringify(names)], {
    env: { ...process.env, PYTHONIOENCODING: "utf-8" },
  });
  expect([...readRecord(bytes)].map((one) => ("path" in one ? one.path : one.problem))).toEqual(names);
});
