/** Reads a block of whole lines for a verification that shares them out: pure computation over the bytes given. */
import { hash } from "node:crypto";
import type { Link } from "./chain.ts";
import { scanLine } from "./line-scanner.ts";
import { idBits } from "./seen-ids.ts";

const NEWLINE = 0x0a;

/** Ids of a block are handed over as numbers. Lines of ours have at least 300 bytes, so a block has fewer. */
export const BLOCK_LINES_MAX = 1 << 13;

/** Parts of a link; lines are counted by the one who puts the blocks together. */
export type LooseLink = Omit<Link, "line">;

export interface BlockReading {
  /** Above 0. */
  readonly lines_count: number;
  readonly first: LooseLink;
  readonly last: LooseLink;
  readonly before_last_hash: string | undefined;
  /** The line that ends at the byte asked for, from 1, and its hash. */
  readonly at_head: { readonly line: number; readonly entry_hash: string } | undefined;
}

/** What a block's lines come to besides their chain. */
export interface BlockColumns {
  /** Bits of their ids. */
  readonly ids: Float64Array;
  /** Hashes of the lines as leaves of the tree, 32 bytes each; empty when they are not wanted. */
  readonly leaves: Uint8Array;
}

const LEAF_BYTES = 32;

/**
 * Reading of a block whose lines are all sound, canonical and chained to one another; undefined for any other, which
 * must be read line by line. `block`: one byte to spare, then the lines; it is used up. `head_end`: where in the lines
 * the head's entry ends, or -1. Fills the columns.
 */
export function readBlock(
  block: Buffer,
  head_end: number,
  { ids, leaves }: BlockColumns,
): BlockReading | undefined {
  let lines_count = 0;
  const leaf_column = Buffer.from(leaves.buffer, leaves.byteOffset, leaves.length);
  let first: LooseLink | undefined;
  let last: LooseLink | undefined;
  let before_last_hash: string | undefined;
  let at_head: BlockReading["at_head"];
  for (let start = 1; start < block.length; ) {
    const newline = block.indexOf(NEWLINE, start);
    if (newline < 0 || lines_count === ids.length) return undefined;
    const reading = scanLine(block.subarray(start, newline));
    if (reading?.state !== "sound") return undefined;
    if (last !== undefined && reading.previous_hash !== last.entry_hash) return undefined;
    ids[lines_count++] = idBits(reading.id);
    if (leaves.length > 0) {
      // The newline before the line makes room for the byte that marks a leaf (RFC 6962 section 2.1).
      block[start - 1] = 0x00;
      const leaf = hash("sha256", block.subarray(start - 1, newline), "binary");
      leaf_column.write(leaf, (lines_count - 1) * LEAF_BYTES, "binary");
    }
    before_last_hash = last?.entry_hash;
    last = reading;
    first ??= reading;
    start = newline + 1;
    if (start - 1 === head_end) at_head = { line: lines_count, entry_hash: reading.entry_hash };
  }
  if (first === undefined || last === undefined) return undefined;
  return { lines_count, first: linkOf(first), last: linkOf(last), before_last_hash, at_head };
}

const linkOf = ({ id, previous_hash, entry_hash }: LooseLink): LooseLink => ({
  id,
  previous_hash,
  entry_hash,
});
