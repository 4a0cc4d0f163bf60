/** Proofs that an entry is in a tree (RFC 6962 section 2.1.1, RFC 9162 section 2.1.3). */
import { HASH_BYTES, nodeHash, sameHash } from "./hashes.ts";
import { type ReadNode, rangeRoot, splitOf } from "./ranges.ts";

/** Hashes from the leaf's sibling up to the root's child. `index` is below `size`. */
export function inclusionProof(index: number, size: number, read: ReadNode): Uint8Array[] {
  const hashes: Uint8Array[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const split = start + splitOf(end - start);
    if (index < split) {
      hashes.push(rangeRoot(split, end, read));
      end = split;
    } else {
      hashes.push(rangeRoot(start, split, read));
      start = split;
    }
  }
  return hashes.reverse();
}

/** The root that the proof leads to; undefined when the proof does not have the length or form for these numbers. */
export function rootOfInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
): Uint8Array | undefined {
  if (!isPlace(index, size) || leaf.length !== HASH_BYTES) return undefined;
  let place = index;
  let last = size - 1;
  let root = leaf;
  for (const hash of proof) {
    if (last === 0 || hash.length !== HASH_BYTES) return undefined;
    if (place % 2 === 1 || place === last) {
      root = nodeHash(hash, root);
      while (place % 2 === 0 && place !== 0) {
        place /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      root = nodeHash(root, hash);
    }
    place = Math.floor(place / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? root : undefined;
}

const isPlace = (index: number, size: number): boolean =>
  Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size;

/** True when the proof shows that the leaf is the `index`-th of the tree with this size and root. Never throws. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  tree: { readonly size: number; readonly root: Uint8Array },
  proof: readonly Uint8Array[],
): boolean {
  const root = rootOfInclusion(leaf, index, tree.size, proof);
  return root !== undefined && sameHash(root, tree.root);
}
