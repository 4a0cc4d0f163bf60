/** The first pass of a verification, a block of lines at a time, here or on threads. Finds exactly what `scanChain` finds. */
import type { FileSystem, ReadHandle } from "../effects/index.ts";
import { HASH_BYTES, leafHash } from "../tlog/index.ts";
import { BLOCK_BYTES, type BlockReading, LINE_BYTES_MIN } from "./block-reading.ts";
import { Chain, type ChainState, type Link } from "./chain.ts";
import type { ChainScan } from "./chain-scan.ts";
import type { Head } from "./head.ts";
import { readLine } from "./line-reading.ts";
import type { ScanPool, ScanSlot } from "./scan-pool.ts";
import type { StreamRef } from "./stream-ref.ts";

const NEWLINE = 0x0a;

/** Gets the hash of each line as a leaf of the tree, in order; the bytes are used again. */
export type OnLeaf = (hash: Uint8Array) => void;

export interface ScanOptions {
  readonly onLeaf?: OnLeaf | undefined;
  /** Gets the bytes of each block of whole lines, in order; they are used again. */
  readonly onBlock?: ((bytes: Uint8Array) => void) | undefined;
  /** Lines from the start that are known to be sound: only those after them are read. */
  readonly begun?: ScanState | undefined;
}

/** Where a scan stood after lines that were all sound. */
export interface ScanState {
  readonly size_bytes: number;
  readonly entries_count: number;
  readonly chain: ChainState;
}

export interface BlockScan extends ChainScan {
  /** Undefined unless all lines were sound. */
  readonly state: ScanState | undefined;
}

/**
 * Undefined for a file with a line longer than a block, which must be read in order from its start. The pool stays open.
 * @throws Node's own error when the file cannot be read.
 */
export async function scanInBlocks(
  fs: Pick<FileSystem, "openRead">,
  stream: StreamRef,
  head: Head | undefined,
  pool: ScanPool,
  { onLeaf, onBlock, begun }: ScanOptions = {},
): Promise<BlockScan | undefined> {
  const handle = fs.openRead(stream.path);
  try {
    const blocks = new BlockCutter(handle, head, begun?.size_bytes ?? 0, onBlock);
    const joined = new Joined(head, onLeaf, handle.stat().size_bytes / LINE_BYTES_MIN, begun);
    const flying: Flight[] = [];
    for (let turn = 0; ; turn++) {
      const index = turn % pool.slots.length;
      if (flying.length === pool.slots.length) await joined.take(flying.shift() as Flight);
      const block = blocks.fill(pool.slots[index] as ScanSlot);
      if (block === "too long") return undefined;
      if (block === undefined) break;
      flying.push({ ...block, reading: pool.start(index, { ...block, with_leaves: onLeaf !== undefined }) });
    }
    for (const flight of flying) await joined.take(flight);
    return joined.scan(blocks.torn_bytes);
  } finally {
    handle.close();
  }
}

interface Block {
  readonly slot: ScanSlot;
  readonly block_bytes: number;
  readonly head_end: number;
}

type Flight = Block & { readonly reading: Promise<BlockReading | undefined> };

/** Cuts a file into blocks of whole lines. */
class BlockCutter {
  /** Bytes after the last newline; meaningful at the end. */
  torn_bytes = 0;
  private readonly handle: ReadHandle;
  private readonly head: Head | undefined;
  private readonly onBlock: ScanOptions["onBlock"];
  private rest: Uint8Array = Buffer.alloc(0);
  /** File position after what was read, the rest included. */
  private position: number;

  constructor(handle: ReadHandle, head: Head | undefined, start: number, onBlock: ScanOptions["onBlock"]) {
    this.handle = handle;
    this.head = head;
    this.position = start;
    this.onBlock = onBlock;
  }

  /** Fills the slot with the next whole lines; undefined at the end of the file. */
  fill(slot: ScanSlot): Block | undefined | "too long" {
    const { input } = slot;
    input.set(this.rest);
    const start = this.position - this.rest.length;
    let filled = this.rest.length;
    while (filled < BLOCK_BYTES) {
      const count = this.handle.read(input.subarray(filled), this.position);
      if (count === 0) break;
      filled += count;
      this.position += count;
    }
    const block_bytes = input.subarray(0, filled).lastIndexOf(NEWLINE) + 1;
    this.rest = input.slice(block_bytes, filled);
    this.torn_bytes = this.rest.length;
    if (block_bytes === 0) return filled === BLOCK_BYTES ? "too long" : undefined;
    this.onBlock?.(input.subarray(0, block_bytes));
    const head_end = (this.head?.bytes ?? 0) - start;
    const is_inside = head_end > 0 && head_end <= block_bytes;
    return { slot, block_bytes, head_end: is_inside ? head_end : -1 };
  }
}

/** Puts the readings of blocks together, in the order of the file. */
class Joined {
  private readonly chain: Chain;
  private readonly leaf = new Uint8Array(HASH_BYTES);
  private readonly head: Head | undefined;
  private readonly onLeaf: OnLeaf | undefined;
  private entries_count = 0;
  private size_bytes = 0;
  private hash_at_head: string | undefined;

  /** `entries_max`: so many a head may make believe there are. */
  constructor(
    head: Head | undefined,
    onLeaf: OnLeaf | undefined,
    entries_max: number,
    begun: ScanState | undefined,
  ) {
    this.chain = new Chain(Math.min(head?.entries ?? 0, entries_max), begun?.chain);
    this.head = head;
    this.onLeaf = onLeaf;
    this.entries_count = begun?.entries_count ?? 0;
    this.size_bytes = begun?.size_bytes ?? 0;
    const is_at_head = head?.bytes === this.size_bytes && head.entries === this.entries_count;
    this.hash_at_head = is_at_head ? begun?.chain.last.entry_hash : undefined;
  }

  async take(flight: Flight): Promise<void> {
    const reading = await flight.reading;
    if (reading === undefined || !this.takeRun(flight, reading)) this.takeLines(flight);
    this.size_bytes += flight.block_bytes;
  }

  private takeRun({ slot }: Block, reading: BlockReading): boolean {
    const { lines_count, at_head, before_last_hash } = reading;
    const first = { ...reading.first, line: this.entries_count + 1 };
    const last = { ...reading.last, line: this.entries_count + lines_count };
    if (!this.chain.takeRun({ first, last, before_last_hash })) return false;
    for (let index = 0; index < lines_count; index++) {
      this.chain.takeId(slot.ids[index] ?? Number.NaN, () => this.linkAt(slot, index));
      this.onLeaf?.(this.leafAt(slot, index));
    }
    if (at_head !== undefined && this.entries_count + at_head.line === this.head?.entries)
      this.hash_at_head = at_head.entry_hash;
    this.entries_count += lines_count;
    return true;
  }

  /** In the same bytes each time: a million small arrays would be a million to collect. */
  private leafAt({ leaves }: ScanSlot, index: number): Uint8Array {
    const start = index * HASH_BYTES;
    for (let at = 0; at < HASH_BYTES; at++) this.leaf[at] = leaves[start + at] as number;
    return this.leaf;
  }

  /** The link of a line of a sound block, counted from 0. */
  private linkAt({ input }: ScanSlot, index: number): Link {
    let start = 0;
    for (let skipped = 0; skipped < index; skipped++) start = input.indexOf(NEWLINE, start) + 1;
    const reading = readLine(Buffer.from(input.slice(start, input.indexOf(NEWLINE, start))));
    if (reading.state === "malformed") throw new Error("a sound line became malformed");
    const { id, previous_hash, entry_hash } = reading;
    return { line: this.entries_count + index + 1, id, previous_hash, entry_hash };
  }

  private takeLines({ slot, block_bytes, head_end }: Block): void {
    const block = Buffer.from(slot.input.slice(0, block_bytes));
    for (let start = 0; start < block_bytes; ) {
      const newline = block.indexOf(NEWLINE, start);
      const line = ++this.entries_count;
      const bytes = block.subarray(start, newline);
      const entry_hash = this.chain.take(line, readLine(bytes));
      this.onLeaf?.(leafHash(bytes));
      start = newline + 1;
      if (start === head_end && line === this.head?.entries) this.hash_at_head = entry_hash;
    }
  }

  scan(torn_bytes: number): BlockScan {
    const { entries_count, size_bytes, hash_at_head } = this;
    const { breaks, breaks_count, repeated_ids } = this.chain;
    const chain = torn_bytes === 0 ? this.chain.state() : undefined;
    const state = chain && { size_bytes, entries_count, chain };
    return { entries_count, size_bytes, torn_bytes, breaks, breaks_count, hash_at_head, repeated_ids, state };
  }
}
