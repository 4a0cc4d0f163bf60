/** SHA-256 in the two written forms the formats use: bare hex (registry, sidecar) and `sha256:`-prefixed (manifest, receipt). */
import { createHash, type Hash, hash } from "node:crypto";

export type Hex = string;

/** Lower-case hex, 64 characters. One-shot hashing is twice as fast as a Hash object on small inputs. */
export function sha256Hex(bytes: Uint8Array | string): Hex {
  return hash("sha256", bytes, "hex");
}

export function sha256Stream(): Hash {
  return createHash("sha256");
}

export const prefixed = (hex: Hex): string => `sha256:${hex}`;
export const bare = (digest: string): Hex =>
  (digest.startsWith("sha256:") ? digest.slice(7) : digest).toLowerCase();
export const sameDigest = (a: string, b: string): boolean => bare(a) === bare(b);
