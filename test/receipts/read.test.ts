/** A receipt that is plainly in order is taken as it is; whatever is odd about one is judged by the schema, and told. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Manifest, Receipt } from "../../src/contracts/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { readReceipt } from "../../src/receipts/index.ts";

const ID = "PKG-T1-ALPHA-001";
const sha256 = `sha256:${"a".repeat(64)}`;
const asset = { path: "a/one.py", sha256, size_bytes: 7, executable: false, classification: "code" };
const MANIFEST = {
  schema_version: "2.0",
  package_id: ID,
  name: "alpha",
  version: "1.2.3",
  tier: "T1",
  package_type: "library",
  plane_id: "ho3",
  compat: {},
  dependencies: [{ id: "PKG-T0-BASE-001", range: "^1.0.0" }],
  conflicts: [],
  assets: [asset],
  metadata: {},
};
const RECEIPT = {
  receipt_version: "2.0",
  package_id: ID,
  version: "1.2.3",
  tier: "T1",
  package_type: "library",
  plane_id: "ho3",
  origin: "INSTALLER",
  installed_at: "2026-11-21T10:00:00Z",
  installed_by: "somebody",
  transaction_id: "TX-1",
  generation: 3,
  manifest_hash: sha256,
  archive_hash: sha256,
  content_digest: "b".repeat(64),
  archive_profile: "canonical",
  assets_count: 1,
  work_order_id: null,
  files: [{ ...asset, origin: "created" }],
  directories_created: ["a"],
  cache_before: [],
  ledger_heads: {},
};

const { fs } = nodeEffects();
let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-receipts-"));
  mkdirSync(join(root, "installed", ID), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function readWritten(receipt: object, manifest: object) {
  writeFileSync(join(root, "installed", ID, "receipt.json"), JSON.stringify(receipt));
  writeFileSync(join(root, "installed", ID, "manifest.json"), JSON.stringify(manifest));
  return readReceipt(fs, root, ID, "ho3");
}

describe("readReceipt()", () => {
  test("says what the schema says, also of what has members that few have", () => {
    const capabilities = { read: ["a/**"] };
    const mode = { ...RECEIPT.files[0], mode: "0600", origin: "adopted" };
    for (const [receipt, manifest] of [
      [RECEIPT, MANIFEST],
      [
        { ...RECEIPT, files: [mode] },
        { ...MANIFEST, capabilities },
      ],
      [
        { ...RECEIPT, new_defaults: [{ path: "a.new", sha256 }] },
        { ...MANIFEST, conflicts: undefined },
      ],
    ] as const) {
      expect(readWritten(receipt, manifest)).toEqual({
        receipt: Receipt.parse(JSON.parse(JSON.stringify(receipt))),
        manifest: Manifest.parse(JSON.parse(JSON.stringify(manifest))),
      });
    }
  });

  test.each([
    ["a size below zero", { ...asset, size_bytes: -1 }],
    ["a size that is no whole number", { ...asset, size_bytes: 1.5 }],
    ["a digest without its prefix", { ...asset, sha256: "a".repeat(64) }],
    ["an unknown class", { ...asset, classification: "secret" }],
    ["a member nobody knows", { ...asset, more: 1 }],
    ["no path", { ...asset, path: "" }],
    ["no file at all", null],
  ])("refuses %s, in either list", (_, odd) => {
    const damaged = expect.objectContaining({ code: "RECEIPT_DAMAGED" });
    const file = odd === null ? null : { ...odd, origin: "created" };
    expect(() => readWritten({ ...RECEIPT, files: [file] }, MANIFEST)).toThrow(damaged);
    expect(() => readWritten(RECEIPT, { ...MANIFEST, assets: [odd] })).toThrow(damaged);
  });

  test("refuses what only one of the two may not be", () => {
    const damaged = expect.objectContaining({ code: "RECEIPT_DAMAGED" });
    const long = { ...asset, path: "a".repeat(1025) };
    expect(() => readWritten(RECEIPT, { ...MANIFEST, assets: [long] })).toThrow(damaged);
    expect(() => readWritten({ ...RECEIPT, files: [asset] }, MANIFEST)).toThrow(damaged);
    expect(() =>
      readWritten(RECEIPT, { ...MANIFEST, assets: [{ ...asset, path: "a/one.py", origin: "created" }] }),
    ).toThrow(damaged);
    for (const path of ["../a", "/a", "a//b"])
      expect(() =>
        readWritten({ ...RECEIPT, files: [{ ...asset, path, origin: "created" }] }, MANIFEST),
      ).toThrow(damaged);
  });
});
