/**
 * Authentication codes of large data with a key that lies outside the plane: GMAC (NIST SP 800-38D, AES-256-GCM over data that is
 * not encrypted), ten times faster than hashing. Safe as long as no nonce is used twice with one key: each is drawn at random.
 */
import { createCipheriv, createHmac, timingSafeEqual } from "node:crypto";
import type { Random } from "../effects/index.ts";

export const MAC_BYTES = 16;
const NONCE_BYTES = 12;

export interface Mac {
  /** Hex, 12 bytes. */
  readonly nonce: string;
  /** Hex, 16 bytes. */
  readonly code: string;
}

/** A key of its own for each purpose. `key`: any text that only its owner knows. */
export const macKey = (key: string, purpose: string): Buffer =>
  createHmac("sha256", key).update(purpose).digest();

export const newNonce = (random: Random): Buffer => Buffer.from(random.hex(NONCE_BYTES), "hex");

/** 16 bytes over all parts, one after another. */
export function macOf(key: Buffer, nonce: Uint8Array, parts: readonly Uint8Array[]): Buffer {
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  for (const part of parts) cipher.setAAD(part);
  cipher.final();
  return cipher.getAuthTag();
}

export function newMac(random: Random, key: Buffer, bytes: Uint8Array): Mac {
  const nonce = newNonce(random);
  return { nonce: nonce.toString("hex"), code: macOf(key, nonce, [bytes]).toString("hex") };
}

export function hasMac({ nonce, code }: Mac, key: Buffer, bytes: Uint8Array): boolean {
  return timingSafeEqual(macOf(key, Buffer.from(nonce, "hex"), [bytes]), Buffer.from(code, "hex"));
}
