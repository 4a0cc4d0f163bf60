/** The vectors published with the DSSE specification (secure-systems-lab/dsse, Apache-2.0), and what they leave out. */
import { createPublicKey, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  decodeBase64,
  openEnvelope,
  preAuthEncoding,
  readEnvelope,
  signedEnvelope,
  signersOf,
} from "../../src/provenance/index.ts";
import { testKey } from "./test-key.ts";

const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));
const KEYS = {
  A: { public_key: hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a") },
  B: { public_key: hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c") },
};
const IN_TOTO = "application/vnd.in-toto+json";
const STATEMENT = "eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEifQ==";
const BY_A = "2WAfaHm5jluo0w+0rk8uVkluELJYWjSmU9x7EUzx+AyteDGJ4/nqyJXfmAUVFIAoQafWm7AxBZNw5M9ixNHiCA==";
const BY_B = "c1+67/aT0yqEpwx8PsVY3MLHsj9D0CZ014/Fv/QlG59P+9CobUZ7xECJ/V3USG0Ob9CiE5LjReEZUzNF2l7eBw==";

interface Vector {
  readonly payload?: string;
  readonly type?: string;
  readonly signatures: readonly { sig: string; keyid?: string }[];
  readonly threshold?: number;
  readonly supported?: readonly string[];
  readonly accepted: boolean;
}
const VECTORS: Record<string, Vector> = {
  "single-signature": { signatures: [{ sig: BY_A, keyid: "A" }], accepted: true },
  "url-safe-base64": {
    payload: "-_-_Pj8=",
    signatures: [
      {
        sig: "P-_KHICeR7tI6S_YyejJTRtrXhcQyQ2LYPaL8h90KjC9qN8HU_svOQ6TuDOT1HIrsGW886DbWNWcCmX5twLrAw==",
        keyid: "A",
      },
    ],
    accepted: true,
  },
  "payload-type-swapped": {
    type: "application/vnd.example.other+json",
    signatures: [{ sig: BY_A, keyid: "A" }],
    supported: [IN_TOTO, "application/vnd.example.other+json"],
    accepted: false,
  },
  "non-ascii-payload-type": {
    type: "application/vnd.exämple+json",
    signatures: [
      {
        sig: "xmSk/ug66ysT7ayhkCIjhAq42zgZXSsEWuzUaNL7w2eGAdF/NU6/fRXPtmfN+5DNSAs5/i2lUnHjbbjPsu0tAw==",
        keyid: "A",
      },
    ],
    supported: ["application/vnd.exämple+json"],
    accepted: true,
  },
  "empty-payload": {
    payload: "",
    signatures: [
      {
        sig: "gSggCAaTLTYyRH6FIDBem6meyIynsYy8RTHVzwx9tnTb7Bg/1jMWnuVgI/gffqmbsC2VX5/jHfkkDqsj7CDbDg==",
        keyid: "A",
      },
    ],
    accepted: true,
  },
  "empty-payload-type": {
    type: "",
    signatures: [
      {
        sig: "iC3q/+3Rm0+lpAJRueDmDh15PnwCfxKmS0NAfKsbv+zgulXQC/WM9trc+j1XEqlwDIg/vf/uNfebeD6sxInrDg==",
        keyid: "A",
      },
    ],
    accepted: false,
  },
  "threshold-two-distinct-keys": {
    signatures: [
      { sig: BY_A, keyid: "A" },
      { sig: BY_B, keyid: "B" },
    ],
    threshold: 2,
    accepted: true,
  },
  "threshold-two-one-key-twice": {
    signatures: [
      { sig: BY_A, keyid: "A" },
      { sig: BY_A, keyid: "A" },
    ],
    threshold: 2,
    accepted: false,
  },
  "threshold-two-without-keyids": {
    signatures: [{ sig: BY_A }, { sig: BY_B }],
    threshold: 2,
    accepted: true,
  },
};

test.each(Object.entries(VECTORS))("published vector %s", (_, vector) => {
  const { payload = STATEMENT, type = IN_TOTO, signatures, threshold = 1, supported, accepted } = vector;
  const text = JSON.stringify({ payload, payloadType: type, signatures });
  const opened = openEnvelope(text, [KEYS.A, KEYS.B], { threshold, payload_types: supported ?? [IN_TOTO] });
  expect(opened === undefined ? undefined : Buffer.from(opened)).toEqual(
    accepted ? Buffer.from(decodeBase64(payload) ?? []) : undefined,
  );
});

test("the example of protocol.md: PAE and its P-256 signature", () => {
  const type = "http://example.com/HelloWorld";
  const pae = preAuthEncoding(type, Buffer.from("hello world"));
  expect(Buffer.from(pae).toString()).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  const coordinate = (text: string) =>
    Buffer.from(BigInt(text).toString(16).padStart(64, "0"), "hex").toString("base64url");
  const key = createPublicKey({
    format: "jwk",
    key: {
      kty: "EC",
      crv: "P-256",
      x: coordinate("46950820868899156662930047687818585632848591499744589407958293238635476079160"),
      y: coordinate("5640078356564379163099075877009565129882514886557779369047442380624545832820"),
    },
  });
  const envelope = readEnvelope(
    JSON.stringify({
      payload: "aGVsbG8gd29ybGQ=",
      payloadType: type,
      signatures: [
        { sig: "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==" },
      ],
    }),
  );
  expect(Buffer.from(envelope?.payload ?? []).toString()).toBe("hello world");
  const signature = envelope?.signatures[0]?.bytes ?? new Uint8Array();
  expect(verify("sha256", pae, { key, dsaEncoding: "ieee-p1363" }, signature)).toBe(true);
});

describe("what the vectors leave out", () => {
  const [ann, bob] = [testKey("ann"), testKey("bob")];
  const line = signedEnvelope(IN_TOTO, Buffer.from("{}"), [ann]);
  const accept = { threshold: 1, payload_types: [IN_TOTO] };

  test("a key id proves nothing: swapped ids change nothing, a foreign key is not accepted under a known id", () => {
    const lied = line.replace(ann.key_hash, bob.key_hash).replace("ann", "bob");
    expect(openEnvelope(lied, [ann, bob], accept)).toBeDefined();
    expect(openEnvelope(lied, [bob], accept)).toBeUndefined();
  });

  test("two names of one public key are one signer", () => {
    const alias = { ...ann, name: "alias" };
    const envelope = readEnvelope(line);
    expect(envelope && signersOf(envelope, [ann, alias]).map(({ name }) => name)).toEqual(["ann"]);
    expect(openEnvelope(line, [ann, alias], { ...accept, threshold: 2 })).toBeUndefined();
  });

  test("a threshold below one asks for one", () => {
    expect(openEnvelope(line, [bob], { ...accept, threshold: 0 })).toBeUndefined();
  });

  test.each([
    ["no JSON", "{"],
    ["no object", "[]"],
    ["no signature", '{"payload": "", "payloadType": "a", "signatures": []}'],
    [
      "too many signatures",
      JSON.stringify({
        payload: "",
        payloadType: "a",
        signatures: Array.from({ length: 65 }, () => ({ sig: "" })),
      }),
    ],
    ["a payload that is no text", '{"payload": 1, "payloadType": "a", "signatures": [{"sig": ""}]}'],
    ["mixed alphabets", '{"payload": "-_+/", "payloadType": "a", "signatures": [{"sig": ""}]}'],
    ["bits behind the end", '{"payload": "QR==", "payloadType": "a", "signatures": [{"sig": ""}]}'],
    ["a lone surrogate", '{"payload": "", "payloadType": "\\ud800", "signatures": [{"sig": ""}]}'],
  ])("%s is no envelope", (_, text) => {
    expect(readEnvelope(text)).toBeUndefined();
  });
});
