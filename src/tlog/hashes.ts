/** The two hashes of a Merkle tree (RFC 6962 section 2.1): the first byte keeps leaves and nodes apart. */
import { hash } from "node:crypto";

export const HASH_BYTES = 32;
const LEAF = Buffer.from([0x00]);
const NODE = 0x01;

/** SHA-256(0x00 || entry). */
export function leafHash(entry: Uint8Array): Buffer {
  return hash("sha256", Buffer.concat([LEAF, entry]), "buffer");
}

const pair = Buffer.alloc(1 + 2 * HASH_BYTES);
pair[0] = NODE;

/** SHA-256(0x01 || left || right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  pair.set(left, 1);
  pair.set(right, 1 + HASH_BYTES);
  return hash("sha256", pair, "buffer");
}

/** Root of the tree without entries: SHA-256 of nothing. */
export const EMPTY_ROOT: Buffer = hash("sha256", "", "buffer");

/** The `index`-th hash of a row of hashes; a view, not a copy. */
export const hashAt = (hashes: Uint8Array, index: number): Uint8Array =>
  hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);

export const sameHash = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === HASH_BYTES && other.length === HASH_BYTES && Buffer.compare(one, other) === 0;
