/** Roots of ranges of entries, computed from complete subtrees wherever these come from. */
import { EMPTY_ROOT, nodeHash } from "./hashes.ts";

/** Hash of the complete subtree over the entries from `index * 2^level` to `(index + 1) * 2^level`. */
export type ReadNode = (level: number, index: number) => Uint8Array;

/** The largest power of two below `count`; `count` is at least 2. */
export function splitOf(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

/**
 * Root of the entries from `start` up to `end`, as it occurs in a tree: `start` is a multiple of a power of two that is
 * not below the length of the range.
 */
export function rangeRoot(start: number, end: number, read: ReadNode): Uint8Array {
  const count = end - start;
  if (count === 0) return EMPTY_ROOT;
  const level = Math.log2(count);
  if (Number.isInteger(level) && 2 ** level === count) return read(level, start / count);
  const split = start + splitOf(count);
  return nodeHash(rangeRoot(start, split, read), rangeRoot(split, end, read));
}

/** Root of the tree of the first `size` entries. */
export const treeRoot = (size: number, read: ReadNode): Uint8Array => rangeRoot(0, size, read);
