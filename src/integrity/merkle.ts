/**
 * Tree hash of RFC 6962, section 2.1: leaf = sha256(0x00 leaf), node = sha256(0x01 left right), split at the largest power
 * of two. A leaf is `<64 hex> <x or -> <path>`, so names and executable bits count, and leaves and nodes never collide.
 */
import { hash } from "node:crypto";
import { compareCodePoints } from "../kernel/index.ts";

export interface MerkleLeaf {
  readonly path: string;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  readonly executable: boolean;
}

/** 64 hex digits over the leaves sorted by path in code point order; null without leaves. */
export function merkleRoot(leaves: readonly MerkleLeaf[]): string | null {
  if (leaves.length === 0) return null;
  const sorted = [...leaves].sort((a, b) => compareCodePoints(a.path, b.path));
  let level = Buffer.allocUnsafe(sorted.length * 32);
  for (const [index, { path, sha256, executable }] of sorted.entries()) {
    hash("sha256", `\0${sha256} ${executable ? "x" : "-"} ${path}`, "buffer").copy(level, index * 32);
  }
  // Pairing neighbours and carrying a last odd node up unchanged gives the same tree as the recursive definition.
  const pair = Buffer.alloc(65, 1);
  for (let count = sorted.length; count > 1; count = (count + 1) >> 1) {
    const next = Buffer.allocUnsafe(((count + 1) >> 1) * 32);
    for (let index = 0; index + 1 < count; index += 2) {
      level.copy(pair, 1, index * 32, index * 32 + 64);
      hash("sha256", pair, "buffer").copy(next, index * 16);
    }
    if (count % 2 === 1) level.copy(next, (count >> 1) * 32, (count - 1) * 32, count * 32);
    level = next;
  }
  return level.subarray(0, 32).toString("hex");
}
