/** Reads a block of whole lines for a verification that shares them out: pure computation over the bytes given. */
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

/**
 * Reading of a block whose lines are all sound, canonical and chained to one another; undefined for any other, which
 * must be read line by line. Puts the bits of their ids into `ids`. `head_end`: byte position in the block, or -1.
 */
export function readBlock(block: Buffer, head_end: number, ids: Float64Array): BlockReading | undefined {
  let lines_count = 0;
  let first: LooseLink | undefined;
  let last: LooseLink | undefined;
  let before_last_hash: string | undefined;
  let at_head: BlockReading["at_head"];
  for (let start = 0; start < block.length; ) {
    const newline = block.indexOf(NEWLINE, start);
    if (newline < 0 || lines_count === ids.length) return undefined;
    const reading = scanLine(block.subarray(start, newline));
    if (reading?.state !== "sound") return undefined;
    if (last !== undefined && reading.previous_hash !== last.entry_hash) return undefined;
    ids[lines_count++] = idBits(reading.id);
    before_last_hash = last?.entry_hash;
    last = reading;
    first ??= reading;
    start = newline + 1;
    if (start === head_end) at_head = { line: lines_count, entry_hash: reading.entry_hash };
  }
  if (first === undefined || last === undefined) return undefined;
  return { lines_count, first: linkOf(first), last: linkOf(last), before_last_hash, at_head };
}

const linkOf = ({ id, previous_hash, entry_hash }: LooseLink): LooseLink => ({
  id,
  previous_hash,
  entry_hash,
});
