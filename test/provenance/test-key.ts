/** Signing keys that lie nowhere, the same in every run. */
import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { formatVerifierKey, keyHash, type SigningKey, type TrustedKey } from "../../src/keys/index.ts";
import type { KnownKey } from "../../src/provenance/index.ts";

export function testKey(name: string, seed = name): SigningKey {
  const head = Buffer.from("302e020100300506032b657004220420", "hex");
  const der = Buffer.concat([head, createHash("sha256").update(seed).digest()]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  const public_key = new Uint8Array(Buffer.from(x, "base64url"));
  return {
    name,
    key_hash: keyHash(name, public_key),
    public_key,
    vkey: formatVerifierKey(name, public_key),
    sign: (bytes) => new Uint8Array(sign(null, bytes, key)),
  };
}

export function trusted(key: SigningKey, more: Partial<TrustedKey> = {}): KnownKey {
  const { name, key_hash, public_key, vkey } = key;
  const since = "2026-01-01T00:00:00Z";
  return { name, key_hash, public_key, vkey, uses: ["package"], status: "active", since, ...more };
}

export const revoked = {
  status: "revoked",
  revoked: { at: "2026-02-01T00:00:00Z", reason: "laptop lost" },
} as const;
