import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { renderTrace } from "../../src/trace/index.ts";
import type { LibraryPlane } from "../support/library-plane.ts";
import { aPast, aPastToBreak, asked, BASE, codeOf, packed, removePasts, thePast } from "./scenes.ts";

let on: LibraryPlane;
removePasts();
beforeAll(async () => {
  on = await thePast();
});

const diff = (
  plane: Pick<LibraryPlane, "effects" | "plane">,
  from: string,
  to: string,
  text = false,
  package_id = BASE,
) => asked(plane, { ask: "diff", package_id, from, to, text });

describe("--diff", () => {
  test.each(["9.9.9", "", "../1.0.0", "1.0.0/../../x", "\0", "x".repeat(10_000)])(
    "version %j is not there, and those that are get named",
    async (version) => {
      const fault = await diff(on, "1.0.0", version).catch((error) => error);
      expect([fault.code, fault.exit_code, fault.details.known]).toEqual([
        "TRACE_VERSION_ABSENT",
        1,
        ["1.0.0", "1.1.0"],
      ]);
    },
  );

  test("an unknown package names the nearest", async () => {
    expect(await codeOf(diff(on, "1.0.0", "1.1.0", false, "PKG-T0-BSAE-001"))).toBe("TRACE_SUBJECT_UNKNOWN");
    expect(await codeOf(diff(on, "1.0.0", "1.1.0", false, "../etc"))).toBe("TRACE_SUBJECT_UNKNOWN");
  });

  test("added, removed, changed and moved files with digests and sizes", async () => {
    const { data, statements } = await diff(on, "1.0.0", "1.1.0");
    expect(data.files.map(({ path, change, moved_from }) => [path, change, moved_from])).toEqual([
      ["modules/base/core.py", "changed", null],
      ["modules/base/fresh.py", "added", null],
      ["modules/base/holdfast.toml", "changed", null],
      ["modules/base/moved.py", "removed", null],
      ["modules/base/old.py", "removed", null],
      ["modules/base/there.py", "added", "modules/base/moved.py"],
    ]);
    expect(data.files[0]).toMatchObject({
      before: { sha256: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), size_bytes: 18 },
      after: { size_bytes: 18, executable: false, classification: "code" },
      text: null,
    });
    expect([data.added_count, data.removed_count, data.changed_count, data.unchanged_count]).toEqual([
      2, 2, 2, 0,
    ]);
    expect(statements[0]?.evidence).toMatchObject([
      { kind: "archive", path: `packages_store/${BASE}-1.0.0.tar.gz`, key: "modules/base/core.py" },
      { kind: "archive", path: `packages_store/${BASE}-1.1.0.tar.gz`, key: "modules/base/core.py" },
    ]);
  });

  test("the same versions the other way round mirror each other", async () => {
    const forth = (await diff(on, "1.0.0", "1.1.0")).data;
    const back = (await diff(on, "1.1.0", "1.0.0")).data;
    expect(back.files.map(({ path, before, after }) => [path, after, before])).toEqual(
      forth.files.map(({ path, before, after }) => [path, before, after]),
    );
    expect((await diff(on, "1.0.0", "1.0.0")).data.files).toEqual([]);
  });

  test("--text shows lines as they are, backslashes and all", async () => {
    const report = await diff(on, "1.0.0", "1.1.0", true);
    const text = renderTrace(report);
    expect(text).toContain("\n-A = 1\n+A = 2\n");
    expect(text).toContain("--- /dev/null\n+++ b/modules/base/fresh.py\n");
  });

  test("bytes that are no text, and texts that steer a terminal, do neither harm nor good", async () => {
    const other = await aPast();
    await packed(other, BASE, "1.2.0", { "core.py": 'A = "\u001b[2J\\n"\t\r\n', "raw.bin": "\0\u0001" });
    const report = await diff(other, "1.1.0", "1.2.0", true);
    expect(report.data.files.find(({ path }) => path.endsWith("raw.bin"))?.text).toBeNull();
    const text = renderTrace(report);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not come through.
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(text).toContain('+A = "\\x1b[2J\\n"');
  });

  test("without the archives, receipts and kept generations answer the same", async () => {
    const other = await aPastToBreak();
    const wanted = (await diff(other, "1.0.0", "1.1.0", true)).data;
    rmSync(join(other.root, "packages_store"), { recursive: true });
    const { data } = await diff(other, "1.0.0", "1.1.0", true);
    expect(data.from_source).toMatch(/^\.holdfast\/state\/generations\//);
    expect(data.to_source).toBe(`installed/${BASE}/receipt.json`);
    expect(data.files).toEqual(wanted.files);
  });

  test("dependencies and other members of the manifest", async () => {
    const other = await aPast();
    await packed(
      other,
      BASE,
      "2.0.0",
      { "core.py": "" },
      { license: "MIT", dependencies: [{ id: "PKG-T0-LOW-001", range: "^1.0.0" }] },
    );
    const { data } = await diff(other, "1.1.0", "2.0.0");
    expect(data.dependencies).toEqual([{ id: "PKG-T0-LOW-001", before: null, after: "^1.0.0" }]);
    expect(data.fields).toContainEqual({ field: "license", before: null, after: "MIT" });
  });

  test("an archive that was tampered with is a finding, and its bytes are what is compared", async () => {
    const other = await aPastToBreak();
    const path = join(other.root, `packages_store/${BASE}-1.0.0.tar.gz`);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const report = await diff(other, "1.0.0", "1.1.0");
    expect(report.findings.some(({ code }) => code.startsWith("ARCHIVE_"))).toBe(true);
    expect(report.data.from_source).toMatch(/^\.holdfast/);
    expect(JSON.stringify(report)).not.toContain(other.root);
  });
});
