import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import {
  decodeBase64,
  encodeBase64,
  judgeVouchers,
  type KnownKey,
  parseSignatureFile,
  provenanceStatement,
  STATEMENT_PAYLOAD_TYPE,
  signArchive,
  signArchiveHmac,
  signatureFileText,
  signedEnvelope,
  treeDigest,
} from "../../src/provenance/index.ts";
import { temporaryFolder } from "../support/tree.ts";
import { revoked, testKey, trusted } from "./test-key.ts";

const { fs } = nodeEffects({});
const DIGEST = "ab".repeat(32);
const OTHER = "cd".repeat(32);
const [ann, bob] = [testKey("ann"), testKey("bob")];

const facts = {
  plane_uid: "0".repeat(32),
  program_version: "1.0.0",
  package_id: "PKG-T1-DEMO-001",
  version: "1.0.0",
  digest: DIGEST,
  content_digest: OTHER,
  manifest_hash: `sha256:${OTHER}`,
  source: "modules/demo",
  source_digest: OTHER,
};
const statement = (digest = DIGEST) => provenanceStatement({ ...facts, digest });
const attested = (digest = DIGEST, key = ann) =>
  signedEnvelope(STATEMENT_PAYLOAD_TYPE, statement(digest), [key]);
const signed = (key = ann, digest = DIGEST) =>
  signatureFileText({ archive_hash: digest, signatures: [signArchive(key, digest)] });

function judge(
  files: { sig?: string; intoto?: string },
  keys: readonly KnownKey[] = [trusted(ann)],
  hmac_key?: string,
) {
  const archive = `${temporaryFolder()}/a.tar.gz`;
  if (files.sig !== undefined) writeFileSync(`${archive}.sig`, files.sig);
  if (files.intoto !== undefined) writeFileSync(`${archive}.intoto.jsonl`, files.intoto);
  const { signatures, provenance } = judgeVouchers(fs, archive, DIGEST, { keys, hmac_key });
  return [...signatures, ...provenance].map(({ verdict }) => verdict);
}

describe("detached signatures", () => {
  test.each([
    ["by a trusted key", { sig: signed() }, [trusted(ann)], ["valid"]],
    ["by a retired key", { sig: signed() }, [trusted(ann, { status: "retired" })], ["valid"]],
    ["by a revoked key", { sig: signed() }, [trusted(ann, revoked)], ["revoked"]],
    ["by nobody we know", { sig: signed(bob) }, [trusted(ann)], ["untrusted"]],
    [
      "by a key trusted for ledgers only",
      { sig: signed() },
      [trusted(ann, { uses: ["ledger"] })],
      ["untrusted"],
    ],
    ["of another archive", { sig: signed(ann, OTHER) }, [trusted(ann)], ["invalid"]],
    [
      "of another archive, renamed to this one",
      { sig: signed(ann, OTHER).replaceAll(OTHER, DIGEST) },
      [trusted(ann)],
      ["invalid"],
    ],
    ["of another archive by nobody we know", { sig: signed(bob, OTHER) }, [trusted(ann)], ["invalid"]],
    [
      "of this archive, in a file that names another",
      { sig: signed().replace(DIGEST, OTHER) },
      [trusted(ann)],
      ["invalid"],
    ],
    ["of no form", { sig: "signed, honestly" }, [trusted(ann)], ["invalid"]],
    ["that is empty", { sig: "" }, [trusted(ann)], ["invalid"]],
    ["none", {}, [trusted(ann)], []],
  ])("%s", (_, files, keys, verdicts) => {
    expect(judge(files, keys)).toEqual(verdicts);
  });

  test("every changed byte of the signature itself is noticed", () => {
    const good = signArchive(ann, DIGEST);
    for (let index = 0; index < 64; index += 7) {
      const bytes = Uint8Array.from(good.bytes);
      bytes[index] = (bytes[index] ?? 0) ^ 1;
      const sig = signatureFileText({ archive_hash: DIGEST, signatures: [{ ...good, bytes }] });
      expect(judge({ sig })).toEqual(["invalid"]);
    }
  });

  test("the older form: HMAC-SHA256 over the hex digest, read back with the key, without it not verifiable", () => {
    const sig = signatureFileText({
      archive_hash: DIGEST,
      signatures: [signArchiveHmac("k", DIGEST, "2026-01-01T00:00:00Z")],
    });
    expect(Object.keys(JSON.parse(sig)).sort()).toEqual([
      "algorithm",
      "archive_hash",
      "signature",
      "signer",
      "timestamp",
      "version",
    ]);
    expect(judge({ sig }, [], "k")).toEqual(["valid"]);
    expect(judge({ sig }, [], "other")).toEqual(["invalid"]);
    expect(judge({ sig }, [])).toEqual(["not_verifiable"]);
  });

  /** Made once with Python: hmac.new(b"shared", digest.encode(), hashlib.sha256). */
  test("an HMAC signature made by another program verifies", () => {
    const sig = JSON.stringify({
      version: "1.0",
      algorithm: "hmac-sha256",
      archive_hash: DIGEST,
      signer: "control-plane",
      timestamp: "2026-02-03T06:11:46.817227+00:00",
      signature: "2w8nbgjswvrThhdwjGfM12T5OkSn+x4l6R40O56OoBk=",
    });
    expect(judge({ sig }, [], "shared")).toEqual(["valid"]);
  });

  test("several signers lie in one file, each judged; a signer's newer signature replaces the older", () => {
    const signatures = [signArchive(bob, DIGEST), signArchive(ann, DIGEST), signArchive(ann, DIGEST)];
    const text = signatureFileText({ archive_hash: DIGEST, signatures });
    expect(judge({ sig: text }, [trusted(ann), trusted(bob, revoked)])).toEqual(["valid", "revoked"]);
    const parsed = parseSignatureFile(text);
    expect(typeof parsed === "object" && parsed.signatures.length).toBe(2);
  });

  test.each([
    ["an unknown member", { ...JSON.parse(signed()), note: "" }],
    ["an unknown version", { ...JSON.parse(signed()), version: "3.0" }],
    ["a list in the single form", { ...JSON.parse(signed()), signatures: [] }],
    ["an empty list", { version: "2.0", archive_hash: DIGEST, signatures: [] }],
    ["an unknown algorithm", { ...JSON.parse(signed()), algorithm: "none" }],
    ["blanks in base64", { ...JSON.parse(signed()), signature: "AA AA" }],
  ])("a file with %s says nothing", (_, value) => {
    expect(judge({ sig: JSON.stringify(value) })).toEqual(["invalid"]);
  });
});

describe("provenance", () => {
  test.each([
    ["of this archive", attested(), [trusted(ann)], ["valid"]],
    ["of another archive", attested(OTHER), [trusted(ann)], ["mismatch"]],
    ["by a revoked key", attested(), [trusted(ann, revoked)], ["revoked"]],
    ["by nobody we know", attested(DIGEST, bob), [trusted(ann)], ["untrusted"]],
    ["that is no envelope", "{}", [trusted(ann)], ["invalid"]],
    ["that is empty", "\n", [trusted(ann)], ["invalid"]],
    [
      "with another payload under the signature",
      attested().replace(encodeBase64(statement()), encodeBase64(statement(OTHER))),
      [trusted(ann)],
      ["invalid"],
    ],
    [
      "that is a signed something else",
      signedEnvelope("text/plain", Buffer.from("x"), [ann]),
      [trusted(ann)],
      ["not_verifiable"],
    ],
    [
      "with a subject without sha256",
      signedEnvelope(
        STATEMENT_PAYLOAD_TYPE,
        Buffer.from(Buffer.from(statement()).toString().replace('"sha256"', '"md5"')),
        [ann],
      ),
      [trusted(ann)],
      ["not_verifiable"],
    ],
  ])("%s", (_, intoto, keys, verdicts) => {
    expect(judge({ intoto }, keys)).toEqual(verdicts);
  });

  test("the statement names no clock and no machine, and is in-toto v1 with SLSA provenance v1", () => {
    const text = Buffer.from(statement()).toString();
    expect(text).not.toMatch(/\d{4}-\d\d-\d\dT/);
    expect(JSON.parse(text)).toMatchObject({
      _type: "https://in-toto.io/Statement/v1",
      predicateType: "https://slsa.dev/provenance/v1",
      subject: [{ digest: { sha256: DIGEST } }],
      predicate: {
        buildDefinition: {
          buildType: "urn:holdfast:pack:v1",
          externalParameters: { source: "modules/demo" },
        },
        runDetails: { builder: { id: `urn:holdfast:plane:${facts.plane_uid}` } },
      },
    });
    const timed = provenanceStatement({ ...facts, finished_at: "2026-01-01T00:00:00Z" });
    expect(JSON.parse(Buffer.from(timed).toString()).predicate.runDetails.metadata).toEqual({
      finishedOn: "2026-01-01T00:00:00Z",
    });
  });

  test("a repository is a dependency with its commit", () => {
    const repository = { uri: "https://example.com/r", revision: "0".repeat(40), branch: "main" };
    const { predicate } = JSON.parse(Buffer.from(provenanceStatement({ ...facts, repository })).toString());
    expect(predicate.buildDefinition.resolvedDependencies[1]).toEqual({
      name: "repository",
      uri: "git+https://example.com/r@refs/heads/main",
      digest: { gitCommit: "0".repeat(40) },
    });
  });
});

test("a tree digest is of paths, bytes and executable bits, in any order; swapped names differ", () => {
  const a = { path: "a", sha256: DIGEST, executable: false };
  const b = { path: "b", sha256: OTHER, executable: true };
  const before = treeDigest([a, b]);
  expect(treeDigest([b, a])).toBe(before);
  expect(
    treeDigest([
      { ...a, sha256: OTHER },
      { ...b, sha256: DIGEST },
    ]),
  ).not.toBe(before);
  expect(treeDigest([a, { ...b, executable: false }])).not.toBe(before);
  expect(treeDigest([{ ...a, path: `a\n${OTHER} x b` }])).not.toBe(before);
});

test("base64 in both alphabets, padded or not, comes back as it was; nothing else decodes to the same bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const buffer = Buffer.from(bytes);
      for (const alphabet of ["base64", "base64url"] as const)
        expect(decodeBase64(buffer.toString(alphabet))).toEqual(bytes);
      expect(decodeBase64(buffer.toString("base64").replace(/=+$/, ""))).toEqual(bytes);
    }),
    { seed: 20261121, numRuns: 200 },
  );
  for (const bad of ["A", "QQ=", "QQ===", "QR==", "Q Q=", "QQ\n", "+_aa", "="])
    expect(decodeBase64(bad), bad).toBeUndefined();
});
