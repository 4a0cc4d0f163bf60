/** The quick ways to recognise a receipt against the schema: whatever they accept, the schema accepts, with the same members. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Asset,
  type Manifest,
  Manifest as ManifestShape,
  type Receipt,
  Receipt as ReceiptShape,
} from "../../src/contracts/index.ts";
import type { ReadHandle } from "../../src/effects/index.ts";
import type { FileColumns, ReadReceipt } from "../../src/integrity/file-columns.ts";
import { WrittenReceipts } from "../../src/integrity/written-receipt.ts";
import { prettyJson } from "../../src/kernel/index.ts";
import { manifestHash } from "../../src/metadata/index.ts";
import { isPlainFile, isPlainManifest, isPlainReceipt } from "../../src/receipts/index.ts";

const SEED = { seed: 1121, numRuns: 2_000 };
const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;

function pair(prefix: string, mode?: string): { readonly receipt: Receipt; readonly manifest: Manifest } {
  const assets = ["a/one.py", "a/two words.txt", "b/3"].map(
    (path, index): Asset => ({
      path,
      sha256: digest(String(index)),
      size_bytes: index * 7,
      executable: index === 1,
      classification: (["code", "data", "config"] as const)[index] ?? "doc",
    }),
  );
  const plane_id = prefix === "" ? "ho3" : "ho2";
  const manifest: Manifest = {
    schema_version: "2.0",
    package_id: "PKG-T1-ALPHA-001",
    name: "alpha",
    version: "1.2.3",
    tier: "T1",
    package_type: "library",
    plane_id,
    spec_id: "SPEC-ALPHA-001",
    license: "MIT",
    compat: { node: ">=22" },
    dependencies: [{ id: "PKG-T0-BASE-001", range: "^1.0.0" }],
    conflicts: ["PKG-T1-OMEGA-001"],
    assets,
    capabilities: { read: ["a/**"], write: [], execute: [], forbidden: ["b"] },
    metadata: { note: "any", size: 3 },
  };
  const receipt: Receipt = {
    receipt_version: "2.0",
    package_id: manifest.package_id,
    version: manifest.version,
    tier: "T1",
    package_type: "library",
    plane_id,
    origin: "INSTALLER",
    installed_at: "2026-11-21T10:00:00.123Z",
    installed_by: "somebody",
    transaction_id: "TX-1",
    generation: 3,
    manifest_hash: manifestHash(manifest),
    archive_hash: digest("a"),
    content_digest: "b".repeat(64),
    archive_profile: "canonical",
    assets_count: 3,
    work_order_id: null,
    files: assets.map((asset, index) => ({
      ...asset,
      path: prefix + asset.path,
      origin: index === 0 ? "adopted" : "created",
      ...(mode === undefined ? {} : { mode }),
    })),
    directories_created: [`${prefix}a`],
    cache_before: [],
    ledger_heads: { "ledger/packages.jsonl": { entries: 4, entry_hash: "c".repeat(64) } },
    ledger_checkpoints: { "ledger/packages.jsonl": "holdfast\n4\nroot\n" },
  };
  return { receipt, manifest };
}

type Members = Record<string, unknown>;
const asMembers = (value: unknown): Members => value as Members;

/** Values that a member is not meant to have, or just may have. */
const ODD = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0,
    1.5,
    2 ** 53,
    "",
    "x",
    [],
    {},
    [""],
    [1],
    "2.0",
    "1.0.0-rc.1",
    "01.0.0",
    "ho3",
    "T9",
    "PKG-",
    "PKG-A",
    digest("a"),
    digest("A"),
    `${digest("a")}\n`,
    "=x",
    "\u0000",
    "é",
    "\ud800",
    "2026-02-30T00:00:00Z",
    "2026-11-21T24:00:00Z",
    "2026-11-21T10:00:00+01:00",
    "2026-11-21 10:00:00Z",
    "x".repeat(1025),
    "0644",
    "9644",
    { id: "PKG-A", range: "" },
  ),
  fc.jsonValue({ maxDepth: 2 }),
);
const KEYS = fc.oneof(
  fc.constantFrom(
    "more",
    "__proto__",
    "constructor",
    "mode",
    "environment",
    "new_defaults",
    "plugin",
    "spec_id",
    "path",
  ),
  fc.string(),
);

interface Mutation {
  readonly where: number;
  readonly how: "set" | "drop" | "add";
  readonly key: string;
  readonly value: unknown;
}
const mutation = fc.record<Mutation>({
  where: fc.nat(1_000),
  how: fc.constantFrom("set", "drop", "add"),
  key: KEYS,
  value: ODD,
});

/** Every object and list in it, itself first. */
const within = (value: unknown): Members[] =>
  typeof value === "object" && value !== null
    ? [asMembers(value), ...Object.values(value).flatMap(within)]
    : [];

function mutate(value: unknown, { where, how, key, value: odd }: Mutation): void {
  const all = within(value);
  const one = all[where % all.length];
  if (one === undefined) return;
  const keys = Object.keys(one);
  const at = keys[where % Math.max(1, keys.length)] ?? "none";
  if (how === "drop") delete one[at];
  else
    Object.defineProperty(one, how === "set" ? at : key, {
      value: odd,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

describe("the plain forms", () => {
  test("know what installs write", () => {
    for (const prefix of ["", "planes/ho2/"]) {
      const { receipt, manifest } = pair(prefix);
      expect(isPlainReceipt(receipt)).toBe(true);
      expect(isPlainManifest(manifest)).toBe(true);
      expect([...receipt.files, ...pair("", "0600").receipt.files].every(isPlainFile)).toBe(true);
    }
  });

  test("accept nothing that the schema refuses or changes", () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 2 }), (mutations) => {
        const mutated = structuredClone(pair("", "0600"));
        for (const one of mutations) {
          mutate(mutated.receipt, one);
          mutate(mutated.manifest, one);
        }
        const { receipt, manifest } = JSON.parse(JSON.stringify(mutated)) as typeof mutated;
        const files_are_plain =
          Array.isArray(receipt.files) && receipt.files.every((file) => isPlainFile(file));
        if (isPlainReceipt(receipt) && files_are_plain) {
          accepted++;
          expect(ReceiptShape.parse(receipt)).toEqual(receipt);
        }
        const { assets } = pair("").manifest;
        if (isPlainManifest({ ...manifest, assets }))
          expect(ManifestShape.parse({ ...manifest, assets })).toEqual({ ...manifest, assets });
      }),
      SEED,
    );
    expect(accepted).toBeGreaterThan(50);
  });
});

const reader = new WrittenReceipts();
/** As two files of the tier with this prefix. */
function parseWritten(receipt: string, manifest: string, prefix: string): ReadReceipt | undefined {
  const openRead = (path: string): ReadHandle => {
    const bytes = Buffer.from(path.endsWith("/receipt.json") ? receipt : manifest);
    let at = 0;
    const read = (buffer: Uint8Array): number => {
      const piece = bytes.subarray(at, at + buffer.length);
      buffer.set(piece);
      at += piece.length;
      return piece.length;
    };
    return { read, stat: () => expect.fail("asked for more than bytes"), close: () => undefined };
  };
  const tier = prefix === "" ? "ho3" : "ho2";
  return reader.read({ openRead }, "/plane", ["PKG-T1-ALPHA-001"], tier)[0];
}
const digestsOf = ({ paths, digests }: FileColumns): string[] =>
  paths.map((_, at) => `sha256:${Buffer.from(digests).toString("hex", at * 32, at * 32 + 32)}`);

describe("the written form", () => {
  const texts = (prefix: string): [string, string] => {
    const { receipt, manifest } = pair(prefix);
    return [prettyJson(receipt), prettyJson(manifest)];
  };

  test.each(["", "planes/ho2/"])("is what installs write (%j)", (prefix) => {
    const { receipt, manifest } = pair(prefix);
    const read = parseWritten(...texts(prefix), prefix);
    expect(read?.files.paths).toEqual(receipt.files.map(({ path }) => path));
    expect(read && digestsOf(read.files)).toEqual(receipt.files.map(({ sha256 }) => sha256));
    expect(read?.receipt).toEqual({ ...receipt, files: ["the list"] });
    expect(read?.manifest).toEqual({ ...manifest, assets: ["the list"] });
  });

  test("is none of the texts in which anything is otherwise", () => {
    const [receipt, manifest] = texts("");
    const other: [string, string][] = [
      [receipt.replace('"generation": 3', '"generation": 3, "files": ["the list"]'), manifest],
      [receipt.replace('"generation": 3', '"generation": 3, "fil\\u0065s": ["the list"]'), manifest],
      [receipt, manifest.replace('"tier"', '"assets": ["the list"], "tier"')],
      [receipt.replace("  ],", '  ], "more": 1,'), manifest],
      [receipt.replace("a/one.py", "a/öne.py"), manifest],
      [receipt.replace('"size_bytes": 7', '"size_bytes": 8'), manifest],
      [receipt, manifest.replace('"size_bytes": 7', '"size_bytes": 8')],
      [receipt, manifest.replace("alpha", "beta")],
      [receipt, manifest.replace('"version": "1.2.3"', '"version": "1.2.4"')],
      [`${receipt}x`, manifest],
      [receipt, manifest.slice(0, -3)],
    ];
    for (const [index, pair_of] of other.entries())
      expect([index, parseWritten(...pair_of, "")]).toEqual([index, undefined]);
  });

  test("says of every mutated text what parsing it says, or nothing", () => {
    const [receipt, manifest] = texts("planes/ho2/");
    let accepted = 0;
    const edit = fc.record({
      at: fc.nat(receipt.length),
      length: fc.nat(3),
      text: fc.oneof(
        fc.constantFrom("", " ", "\n", '"', ",", "]", "}", "0", "\\", "\\u0041", "é"),
        fc.string({ maxLength: 3 }),
      ),
      is_receipt: fc.boolean(),
    });
    fc.assert(
      fc.property(edit, ({ at, length, text, is_receipt }) => {
        const cut = (from: string): string => from.slice(0, at) + text + from.slice(at + length);
        const [r, m] = is_receipt ? [cut(receipt), manifest] : [receipt, cut(manifest)];
        const read = parseWritten(r, m, "planes/ho2/");
        if (read === undefined) return;
        accepted++;
        const full = ReceiptShape.parse(JSON.parse(r));
        const { assets } = ManifestShape.parse(JSON.parse(m));
        expect(read.receipt).toEqual({ ...full, files: ["the list"] });
        expect(read.files.paths).toEqual(full.files.map(({ path }) => path));
        expect(read.files.paths).toEqual(assets.map(({ path }) => `planes/ho2/${path}`));
        expect(digestsOf(read.files)).toEqual(assets.map(({ sha256 }) => sha256));
        expect(manifestHash(ManifestShape.parse(JSON.parse(m)))).toBe(full.manifest_hash);
      }),
      { ...SEED, numRuns: 5_000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});
