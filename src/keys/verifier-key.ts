/**
 * Public Ed25519 keys as C2SP signed-note verifier keys, and the one place that checks an Ed25519 signature.
 *
 *     <name>+<8 hex: first 4 bytes of SHA-256(name || 0x0A || 0x01 || key)>+<base64(0x01 || 32-byte key)>
 *
 * The hash only tells keys of one name apart; it is no proof of anything.
 */
import { createHash, createPublicKey, verify } from "node:crypto";

const ED25519 = 0x01;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const NAME_CHARACTERS_MAX = 128;

export interface VerifierKey {
  readonly name: string;
  /** 8 lower-case hex digits. */
  readonly key_hash: string;
  /** 32 bytes. */
  readonly public_key: Uint8Array;
}

/** Printable ASCII without blanks and "+", so that a name is safe in a note, a ledger line and a terminal. */
const isKeyName = (name: string): boolean =>
  name.length <= NAME_CHARACTERS_MAX && /^[\x21-\x2a\x2c-\x7e]+$/.test(name);

/** First 4 bytes of the signed-note key hash, in hex. */
export function keyHash(name: string, public_key: Uint8Array): string {
  const typed = Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([ED25519]), public_key]);
  return createHash("sha256").update(typed).digest("hex").slice(0, 8);
}

export function formatVerifierKey(name: string, public_key: Uint8Array): string {
  const typed = Buffer.concat([Buffer.from([ED25519]), public_key]);
  return `${name}+${keyHash(name, public_key)}+${typed.toString("base64")}`;
}

/** Undefined for anything but the exact text `formatVerifierKey` writes; other algorithms included. */
export function parseVerifierKey(text: string): VerifierKey | undefined {
  // The base64 part may hold "+" itself, so only the first two count.
  const found = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text);
  if (found === null) return undefined;
  const [, name = "", key_hash = "", base64 = ""] = found;
  const typed = Buffer.from(base64, "base64");
  if (!isKeyName(name) || typed.length !== 1 + KEY_BYTES || typed[0] !== ED25519) return undefined;
  const public_key = new Uint8Array(typed.subarray(1));
  return formatVerifierKey(name, public_key) === text ? { name, key_hash, public_key } : undefined;
}

/** How a key is named where one name has had several keys: `<name>+<8 hex>`. */
export const keyId = ({ name, key_hash }: Pick<VerifierKey, "name" | "key_hash">): string =>
  `${name}+${key_hash}`;

/** True when the signature (64 bytes) over exactly these bytes is by this key (32 bytes). Never throws. */
export function verifyEd25519(public_key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (public_key.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  try {
    const x = Buffer.from(public_key).toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
}
