/** Proofs that a tree only grew (RFC 6962 section 2.1.2, RFC 9162 section 2.1.4). */
import { HASH_BYTES, nodeHash, sameHash } from "./hashes.ts";
import { type ReadNode, rangeRoot, splitOf } from "./ranges.ts";

/** Empty when `old_size` is 0 or the sizes are equal. `old_size` is not above `size`. */
export function consistencyProof(old_size: number, size: number, read: ReadNode): Uint8Array[] {
  if (old_size === 0 || old_size === size) return [];
  const hashes: Uint8Array[] = [];
  let start = 0;
  let end = size;
  // True while the old tree is the whole of the range looked at: its root is then known to the verifier.
  let is_whole = true;
  while (old_size !== end) {
    const split = start + splitOf(end - start);
    if (old_size <= split) {
      hashes.push(rangeRoot(split, end, read));
      end = split;
    } else {
      hashes.push(rangeRoot(start, split, read));
      start = split;
      is_whole = false;
    }
  }
  if (!is_whole) hashes.push(rangeRoot(start, end, read));
  return hashes.reverse();
}

export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/** True when the proof shows that the new tree begins with all entries of the old one. Never throws. */
export function verifyConsistency(old: TreeHead, tree: TreeHead, proof: readonly Uint8Array[]): boolean {
  if (!isSize(old.size) || !isSize(tree.size) || old.size > tree.size) return false;
  if (proof.some((hash) => hash.length !== HASH_BYTES)) return false;
  if (old.size === tree.size) return proof.length === 0 && sameHash(old.root, tree.root);
  // Anything begins with nothing.
  if (old.size === 0) return proof.length === 0;
  return foldBoth(old, tree, proof);
}

const isSize = (size: number): boolean => Number.isSafeInteger(size) && size >= 0;

function foldBoth(old: TreeHead, tree: TreeHead, proof: readonly Uint8Array[]): boolean {
  // Where the right edges of both trees are, on the level reached.
  const edge = { old: old.size - 1, last: tree.size - 1 };
  while (edge.old % 2 === 1) rise(edge);
  // An old tree of a power of two is itself a node of the new one.
  const [first, ...rest] = edge.old === 0 ? [old.root, ...proof] : proof;
  if (first === undefined) return false;
  let old_root = first;
  let root = first;
  for (const hash of rest) {
    if (edge.last === 0) return false;
    if (edge.old % 2 === 1 || edge.old === edge.last) {
      old_root = nodeHash(hash, old_root);
      root = nodeHash(hash, root);
      while (edge.old % 2 === 0 && edge.old !== 0) rise(edge);
    } else {
      root = nodeHash(root, hash);
    }
    rise(edge);
  }
  return edge.last === 0 && sameHash(old_root, old.root) && sameHash(root, tree.root);
}

function rise(edge: { old: number; last: number }): void {
  edge.old = Math.floor(edge.old / 2);
  edge.last = Math.floor(edge.last / 2);
}
