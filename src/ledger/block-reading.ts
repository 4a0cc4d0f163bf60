/** Reads a block of whole lines for a verification that shares them out: pure computation over the bytes given. */
import { DIGEST_BYTES, TEXTS_AT, TextMemory } from "../kernel/index.ts";
import type { Link } from "./chain.ts";
import { located, locateLine, putHashedText } from "./line-scanner.ts";
import { idBitsAt } from "./seen-ids.ts";

const NEWLINE = 0x0a;
export const BLOCK_BYTES = 1 << 19;
/** Lines of ours are not shorter. */
export const LINE_BYTES_MIN = 300;
/** Ids of a block are handed over as numbers; a block of ours has fewer lines. */
export const BLOCK_LINES_MAX = 1 << 12;

/** Parts of a link; lines are counted by the one who puts the blocks together. */
export type LooseLink = Omit<Link, "line">;

export interface BlockReading {
  /** Above 0. */
  readonly lines_count: number;
  readonly first: LooseLink;
  readonly last: LooseLink;
  /** Undefined for a block of one line. */
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

/** Before the lines there is room for the byte that marks the first one as a leaf. */
const LINES_AT = TEXTS_AT + 1;
/** What entries are hashed from, one text after another; each is shorter than its line. */
const HASHED_AT = LINES_AT + BLOCK_BYTES;
const HASH_LENGTH = 64;
const HEX = Buffer.from("0123456789abcdef");

export class BlockReader {
  /** The lines go here. */
  readonly input: Uint8Array;
  private readonly texts = new TextMemory(1 + 2 * BLOCK_BYTES);
  private readonly starts = new Int32Array(BLOCK_LINES_MAX);
  private readonly ends = new Int32Array(BLOCK_LINES_MAX);
  private readonly hashed_starts = new Int32Array(BLOCK_LINES_MAX);
  private readonly hashed_ends = new Int32Array(BLOCK_LINES_MAX);
  /** Where the lines state their hashes. */
  private readonly stated = new Int32Array(BLOCK_LINES_MAX);
  private readonly digests = new Uint8Array(BLOCK_LINES_MAX * DIGEST_BYTES);

  constructor() {
    this.input = this.texts.memory.subarray(LINES_AT, LINES_AT + BLOCK_BYTES);
  }

  /**
   * Reading of the first `block_bytes` of the input when all its lines are sound, canonical and chained to one another;
   * undefined for any other, which must be read line by line. `head_end`: where in them the head's entry ends, or -1.
   * Fills the columns.
   */
  read(block_bytes: number, head_end: number, columns: BlockColumns): BlockReading | undefined {
    const lines_count = this.locate(LINES_AT + block_bytes, columns.ids);
    if (lines_count === 0) return undefined;
    this.texts.digest(this.hashed_starts, this.hashed_ends, lines_count, this.digests);
    for (let index = 0; index < lines_count; index++) if (!this.isSound(index)) return undefined;
    const reading = {
      lines_count,
      first: this.link(0),
      last: this.link(lines_count - 1),
      before_last_hash: lines_count === 1 ? undefined : this.hashOf(lines_count - 2),
      at_head: this.atHead(head_end, lines_count),
    };
    if (columns.leaves.length > 0) this.hashLeaves(lines_count, columns.leaves);
    return reading;
  }

  /** Finds lines and their members; returns how many there are, 0 when one is odd or does not follow the one before. */
  private locate(block_end: number, ids: Float64Array): number {
    const { memory, plainEnd } = this.texts;
    let count = 0;
    let hashed = HASHED_AT;
    for (let start = LINES_AT; start < block_end; ) {
      if (count === BLOCK_LINES_MAX) return 0;
      const newline = locateLine(memory, start, plainEnd);
      if (newline < 0 || memory[newline] !== NEWLINE || newline >= block_end) return 0;
      if (count > 0 && !this.follows(this.stated[count - 1] as number)) return 0;
      this.starts[count] = start;
      this.ends[count] = newline;
      this.stated[count] = located.stated;
      ids[count] = idBitsAt(memory, located.id, located.id_end);
      this.hashed_starts[count] = hashed;
      hashed = this.putHashed(newline, hashed);
      this.hashed_ends[count] = hashed;
      count++;
      start = newline + 1;
    }
    return count;
  }

  /** As `putHashedText` does, within one memory. */
  private putHashed(line_end: number, at: number): number {
    const { memory, copy } = this.texts;
    if (located.cut === 0) return putHashedText(memory, line_end, memory, at);
    const length = located.cut - located.start;
    copy(at, located.start, length);
    copy(at + length, located.cut_end, line_end - located.cut_end);
    return at + length + line_end - located.cut_end;
  }

  /** Whether the line just located names the hash at `before`. */
  private follows(before: number): boolean {
    if (located.previous_end - located.previous !== HASH_LENGTH) return false;
    const { memory } = this.texts;
    const named = located.previous;
    for (let at = 0; at < HASH_LENGTH; at++) if (memory[named + at] !== memory[before + at]) return false;
    return true;
  }

  private isSound(index: number): boolean {
    const { memory } = this.texts;
    const stated = this.stated[index] as number;
    const from = index * DIGEST_BYTES;
    for (let at = 0; at < DIGEST_BYTES; at++) {
      const byte = this.digests[from + at] as number;
      if (memory[stated + 2 * at] !== HEX[byte >> 4] || memory[stated + 2 * at + 1] !== HEX[byte & 15])
        return false;
    }
    return true;
  }

  private hashOf(index: number): string {
    const stated = this.stated[index] as number;
    return this.texts.memory.toString("latin1", stated, stated + HASH_LENGTH);
  }

  private link(index: number): LooseLink {
    const { memory } = this.texts;
    locateLine(memory, this.starts[index] as number);
    return {
      id: memory.toString("latin1", located.id, located.id_end),
      previous_hash: memory.toString("latin1", located.previous, located.previous_end),
      entry_hash: this.hashOf(index),
    };
  }

  private atHead(head_end: number, lines_count: number): BlockReading["at_head"] {
    if (head_end < 0) return undefined;
    for (let index = 0; index < lines_count; index++) {
      if ((this.ends[index] as number) + 1 - LINES_AT === head_end)
        return { line: index + 1, entry_hash: this.hashOf(index) };
    }
    return undefined;
  }

  /** The newline before each line makes room for the byte that marks a leaf (RFC 6962 section 2.1). */
  private hashLeaves(lines_count: number, leaves: Uint8Array): void {
    const { memory } = this.texts;
    for (let index = 0; index < lines_count; index++) {
      const before = (this.starts[index] as number) - 1;
      memory[before] = 0x00;
      this.starts[index] = before;
    }
    this.texts.digest(this.starts, this.ends, lines_count, leaves);
  }
}
