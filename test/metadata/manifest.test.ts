import { describe, expect, test } from "vitest";
import { sha256Hex } from "../../src/kernel/index.ts";
import {
  type ArchiveFile,
  checkAssets,
  manifestHash,
  readLayout,
  readManifest,
} from "../../src/metadata/index.ts";

const SHA = sha256Hex("x");
const file = (member: string, more: Partial<ArchiveFile> = {}): ArchiveFile => ({
  member,
  sha256: SHA,
  size_bytes: 1,
  executable: false,
  ...more,
});
const asset = {
  path: "modules/a/x.py",
  sha256: `sha256:${SHA}`,
  size_bytes: 1,
  executable: false,
  classification: "code",
};
const manifest = {
  schema_version: "2.0",
  package_id: "PKG-T1-A-001",
  name: "a",
  version: "1.0.0",
  tier: "T1",
  package_type: "library",
  plane_id: "ho3",
  assets: [asset],
};
const files = new Map([["modules/a/x.py", file("modules/a/x.py")]]);
const read = (value: unknown) => readManifest(Buffer.from(JSON.stringify(value)), files, "a.tar.gz");
const codeOf = (work: () => unknown): unknown => {
  try {
    work();
    return "nothing was thrown";
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

describe("readLayout()", () => {
  test("finds the manifest at the top, below one package folder, or as the only one inside a module", () => {
    expect(readLayout([file("manifest.json"), file("modules/a/x.py")], "a").manifest_member).toBe(
      "manifest.json",
    );
    const below = readLayout(
      [file("PKG-A/manifest.json"), file("PKG-A/checksums.sha256"), file("PKG-A/modules/a/x.py")],
      "a",
    );
    expect([...below.files.keys()]).toEqual(["modules/a/x.py"]);
    expect(readLayout([file("modules/a/x.py"), file("modules/a/manifest.json")], "a").manifest_member).toBe(
      "modules/a/manifest.json",
    );
  });

  test("an archive without a manifest, or with several and none at the top, is refused", () => {
    expect(codeOf(() => readLayout([file("modules/a/x.py")], "a"))).toBe("MANIFEST_MISSING");
    expect(codeOf(() => readLayout([file("a/manifest.json"), file("b/manifest.json")], "a"))).toBe(
      "MANIFEST_AMBIGUOUS",
    );
  });

  test("a nested file named manifest.json beside a top one is an ordinary file", () => {
    expect([
      ...readLayout([file("manifest.json"), file("modules/a/manifest.json")], "a").files.keys(),
    ]).toEqual(["modules/a/manifest.json"]);
  });
});

describe("readManifest()", () => {
  test("reads 2.0 and hashes it without its metadata, as Python would", () => {
    const reading = read({ ...manifest, metadata: { built: 1.5 } });
    expect(reading.manifest_hash).toBe(read(manifest).manifest_hash);
    expect(reading.manifest_hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(manifestHash(reading.manifest)).not.toBe("");
  });

  test.each([
    ["not JSON", "{", "MANIFEST_SYNTAX"],
    ["a list", "[]", "MANIFEST_SYNTAX"],
    ["invalid UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), "MANIFEST_SYNTAX"],
  ])("%s is refused", (_, bytes, code) => {
    expect(codeOf(() => readManifest(Buffer.from(bytes), files, "a"))).toBe(code);
  });

  test.each([
    ["an unknown schema", { ...manifest, schema_version: "3.0" }, "MANIFEST_SCHEMA_UNKNOWN"],
    ["an unknown key", { ...manifest, pluggin: {} }, "MANIFEST_INVALID"],
    ["no assets", { ...manifest, assets: [] }, "MANIFEST_INVALID"],
    ["a spreadsheet formula as name", { ...manifest, name: "=cmd()" }, "MANIFEST_INVALID"],
    ["a version that is none", { ...manifest, version: "one" }, "MANIFEST_INVALID"],
    [
      "a hostile key",
      JSON.parse(`{"__proto__": {}, ${JSON.stringify(manifest).slice(1)}`),
      "MANIFEST_INVALID",
    ],
  ])("%s is refused, naming the field", (_, value, code) => {
    expect(codeOf(() => read(value))).toBe(code);
  });

  test("legacy 1.0 and 1.2 are upgraded; sizes and modes come from the archive", () => {
    const one_two = {
      package_id: "PKG-T1-A-001",
      schema_version: "1.2",
      version: "1.0.0",
      package_type: "standard",
      plane_id: "ho3",
      tier: "T1",
      dependencies: ["PKG-T0-B-001@^1.0"],
      assets: [{ path: "modules/a/x.py", sha256: `sha256:${SHA}`, classification: "module" }],
    };
    const upgraded = read(one_two);
    expect(upgraded.legacy).toBe(true);
    expect(upgraded.manifest).toMatchObject({
      package_type: "standard",
      dependencies: [{ id: "PKG-T0-B-001", range: "^1.0" }],
      assets: [{ classification: "code", size_bytes: 1 }],
    });
    const one_zero = read({
      schema_version: "1.0",
      id: "PKG-T1-A-001",
      name: "a",
      version: "1.0.0",
      tier: "T1",
      artifact_paths: ["/modules/a/x.py"],
      deps: [],
    });
    expect(one_zero.manifest.assets[0]).toMatchObject({ path: "modules/a/x.py", sha256: `sha256:${SHA}` });
    expect(codeOf(() => read({ ...one_two, package_id: "../../etc" }))).toBe("MANIFEST_INVALID");
  });
});

describe("checkAssets()", () => {
  const parsed = read(manifest).manifest;
  const codes = (found: ReadonlyMap<string, ArchiveFile>, of = parsed): string[] =>
    checkAssets(of, found, "a").map(({ code }) => code);

  test("accepts exactly what is declared", () => {
    expect(codes(files)).toEqual([]);
  });

  test("names every missing, undeclared, doubled and differing asset", () => {
    expect(codes(new Map())).toEqual(["ASSET_MISSING"]);
    expect(codes(new Map([...files, ["modules/a/evil.py", file("modules/a/evil.py")]]))).toEqual([
      "ASSET_UNDECLARED",
    ]);
    expect(
      codes(new Map([["modules/a/x.py", file("x", { sha256: sha256Hex("y"), executable: true })]])),
    ).toEqual(["ASSET_MISMATCH", "ASSET_MISMATCH"]);
    expect(codes(files, { ...parsed, assets: [...parsed.assets, ...parsed.assets] })).toEqual([
      "ASSET_DUPLICATE",
    ]);
  });
});
