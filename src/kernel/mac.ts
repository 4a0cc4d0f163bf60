/**
 * Authentication codes of large data with a key that only its owner knows: GMAC (NIST SP 800-38D, AES-256-GCM over data that is not
 * encrypted), ten times faster than hashing. Safe as long as no nonce is used twice with one key.
 */
import { createCipheriv, createHmac, timingSafeEqual } from "node:crypto";

export const MAC_BYTES = 16;
export const NONCE_BYTES = 12;

export interface Mac {
  /** Hex, 12 bytes. */
  readonly nonce: string;
  /** Hex, 16 bytes. */
  readonly code: string;
}

/** A key of its own for each purpose. `key`: any text that only its owner knows. */
export const macKey = (key: string, purpose: string): Buffer =>
  createHmac("sha256", key).update(purpose).digest();

/** 16 bytes over all parts, one after another. `nonce`: 12 bytes that were never used with this key. */
export function macOf(key: Uint8Array, nonce: Uint8Array, parts: readonly Uint8Array[]): Buffer {
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  for (const part of parts) cipher.setAAD(part);
  cipher.final();
  return cipher.getAuthTag();
}

/** `nonce`: hex. */
export const newMac = (nonce: string, key: Uint8Array, bytes: Uint8Array): Mac => ({
  nonce,
  code: macOf(key, Buffer.from(nonce, "hex"), [bytes]).toString("hex"),
});

export function hasMac({ nonce, code }: Mac, key: Uint8Array, bytes: Uint8Array): boolean {
  return timingSafeEqual(macOf(key, Buffer.from(nonce, "hex"), [bytes]), Buffer.from(code, "hex"));
}
