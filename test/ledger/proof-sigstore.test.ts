/**
 * Our log, judged by the verifier npm's own provenance is checked with: it reads signed notes and RFC 6962 inclusion proofs, and
 * shares no code with ours. It knows no consistency proofs; those are left to the verifier in Python beside this file.
 */
import { createPublicKey } from "node:crypto";
import { type LogCheckpoint, verifyCheckpoint } from "@sigstore/verify/dist/tlog/checkpoint.js";
import { verifyMerkleInclusion } from "@sigstore/verify/dist/tlog/merkle.js";
import { beforeAll, describe, expect, test } from "vitest";
import { cosign, proveEntry } from "../../src/ledger/index.ts";
import { effects, ledgerVkey, settled, type TestLog } from "./logs.ts";

type Entry = Parameters<typeof verifyMerkleInclusion>[0];
type Authority = Parameters<typeof verifyCheckpoint>[1][number];

const ENTRIES = 600;
let log: TestLog;
let authority: Authority;

beforeAll(async () => {
  log = await settled(ENTRIES);
  // A second signature, of a kind that verifier does not know, must not disturb it.
  await cosign(effects, log.stream, { folder: `${log.keys}/witness`, plane_root: log.root, name: "ann" });
  authority = authorityOf(ledgerVkey(log));
});

/** From the text of a verifier key: name, 8 hex digits, type byte and key. */
function authorityOf(vkey: string): Authority {
  const [name = "", id = "", ...base64] = vkey.split("+");
  const x = Buffer.from(base64.join("+"), "base64").subarray(1).toString("base64url");
  return {
    baseURL: name,
    logID: Buffer.from(id, "hex"),
    publicKey: createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" }),
    validFor: { start: new Date(0), end: new Date(8.64e15) },
  };
}

/** A `.tlog-proof` as its specification has it, taken apart without our parser. */
function entryIn(proof: string): Entry {
  const [head = "", ...note] = proof.split("\n\n");
  const [, extra = "", index = "", ...hashes] = head.split("\n");
  return {
    canonicalizedBody: Buffer.from(extra.replace(/^extra /, ""), "base64"),
    inclusionProof: {
      logIndex: index.replace(/^index /, ""),
      hashes: hashes.map((hash) => Buffer.from(hash, "base64")),
      checkpoint: { envelope: note.join("\n\n") },
    },
  } as unknown as Entry;
}

const fileOf = (index: number, which: "checkpoint" | "cosigned" = "checkpoint"): string =>
  proveEntry(effects.fs, log.stream, `${index}`, which).file;
const judge = (proof: string, by = authority): LogCheckpoint => {
  const entry = entryIn(proof);
  const checkpoint = verifyCheckpoint(entry, [by]);
  verifyMerkleInclusion(entry, checkpoint);
  return checkpoint;
};

describe("it accepts", () => {
  test("the proof of each of 600 entries", () => {
    for (let index = 0; index < ENTRIES; index++) {
      const { origin, logSize } = judge(fileOf(index));
      expect([origin, logSize]).toEqual([log.stream.log?.origin, BigInt(ENTRIES)]);
    }
  });

  test("proofs against a checkpoint that a witness signed too", () => {
    for (const index of [0, 255, 256, 599]) expect(judge(fileOf(index, "cosigned")).logSize).toBe(600n);
  });

  test("proofs in trees of every small size", async () => {
    for (let size = 1; size <= 9; size++) {
      const small = await settled(size);
      const by = authorityOf(ledgerVkey(small));
      for (let index = 0; index < size; index++)
        expect(judge(proveEntry(effects.fs, small.stream, `${index}`).file, by).logSize).toBe(BigInt(size));
    }
  });
});

test("it refuses what was changed: the line, its number, a hash, the size, the root, the signature, the key", async () => {
  const proof = fileOf(300);
  const lines = proof.split("\n");
  const at = lines.indexOf("");
  const without = (line: number, change: (text: string) => string): string =>
    lines.map((text, number) => (number === line ? change(text) : text)).join("\n");
  const flip = (text: string): string =>
    text.replace(/[A-Za-z](?=[A-Za-z0-9+/]{8})/, (one) => (one === "A" ? "B" : "A"));
  const changed = [
    without(1, (text) => `extra ${flip(text.slice(6))}`),
    without(2, () => "index 301"),
    without(3, flip),
    [...lines.slice(0, 3), ...lines.slice(4)].join("\n"),
    without(at + 2, () => "601"),
    without(at + 3, flip),
    without(at + 5, (text) => text.replace(/(\S+)$/, flip)),
  ];
  expect(judge(proof).logSize).toBe(600n);
  for (const [number, text] of changed.entries()) {
    expect(text, `change ${number}`).not.toBe(proof);
    expect(() => judge(text), `change ${number}`).toThrow();
  }
  const other = authorityOf(ledgerVkey(await settled(1)));
  expect(() => judge(proof, { ...other, logID: authority.logID })).toThrow("invalid checkpoint signature");
});
