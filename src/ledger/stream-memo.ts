/**
 * What a verification of a long stream leaves for the next one: where it stood, and codes of the bytes that led there. The next one
 * reads those bytes only to see that they are the same, which is ten times faster, and verifies what came after them.
 */
import type { FileSystem, ReadHandle } from "../effects/index.ts";
import { hasMac, type Mac, newMac } from "../kernel/index.ts";
import { hashesOnLevel, TILE_WIDTH } from "../tlog/index.ts";
import type { ScanState } from "./block-scan.ts";
import type { Link } from "./chain.ts";
import { type IdColumns, SeenIds } from "./seen-ids.ts";
import type { StreamRef } from "./stream-ref.ts";
import { tileFile } from "./tiles-places.ts";
import type { TreeState } from "./tiles-verdict.ts";

/** Bytes of whole lines that follow those of the block before. */
interface BlockMac extends Mac {
  readonly size_bytes: number;
}

/** Of a stream in which nothing was wrong. Plain data: it goes from thread to thread. */
export interface StreamMemo {
  readonly stream: string;
  readonly size_bytes: number;
  readonly entries_count: number;
  readonly last: Link;
  readonly before_last_hash: string | undefined;
  readonly ids: IdColumns;
  /** Undefined for a stream that is no log. */
  readonly tree: TreeState | undefined;
  readonly blocks: readonly BlockMac[];
  /** Whether it says nothing of other streams below it. */
  is_childless: boolean;
}

/** What a verification may recall, and what it is to leave. Plain data but for the file system. */
export interface VerifyMemory {
  /** For codes; 32 bytes. */
  readonly key: Uint8Array;
  /** Hex, 8 bytes that were never used with this key; how many codes were made with them. */
  readonly nonce: string;
  codes_count: number;
  readonly before: readonly StreamMemo[];
  /** Of every path that the verification before looked at, as texts. */
  readonly isSame: (path: string) => boolean;
  readonly after: StreamMemo[];
  /** Names of streams of which only the end was verified. */
  readonly resumed: string[];
}

/** A block this small is joined to what comes after it. */
const BLOCK_BYTES_MIN = 1 << 18;
const BUFFER_BYTES = 1 << 20;

export class BlockKeeper {
  readonly #memory: VerifyMemory;
  readonly blocks: BlockMac[];
  /** Bytes of the last block, where more are to be joined to it. */
  #held: Buffer | undefined;

  constructor(memory: VerifyMemory, blocks: readonly BlockMac[] = [], held?: Buffer) {
    this.#memory = memory;
    this.blocks = [...blocks];
    this.#held = held;
  }

  add(bytes: Uint8Array): void {
    let joined = bytes;
    if (this.#held !== undefined) {
      this.blocks.pop();
      joined = Buffer.concat([this.#held, bytes]);
      this.#held = undefined;
    }
    this.#memory.codes_count += 1;
    const nonce = this.#memory.nonce + this.#memory.codes_count.toString(16).padStart(8, "0");
    this.blocks.push({ ...newMac(nonce, this.#memory.key, joined), size_bytes: joined.length });
  }
}

export function memoOf(
  stream: StreamRef,
  { size_bytes, entries_count, chain }: ScanState,
  tree: TreeState | undefined,
  blocks: readonly BlockMac[],
): StreamMemo {
  const { last, before_last_hash, ids } = chain;
  const { columns } = ids;
  const about = { stream: stream.name, size_bytes, entries_count, last, before_last_hash };
  return { ...about, ids: columns, tree, blocks, is_childless: false };
}

export interface Resumption {
  readonly begun: ScanState;
  readonly tree: TreeState | undefined;
  readonly keeper: BlockKeeper;
}

/** Undefined unless every byte that was verified is as it was, and so is every full tile over it. */
export function resumptionOf(
  fs: FileSystem,
  stream: StreamRef,
  memory: VerifyMemory,
): Resumption | undefined {
  const memo = memory.before.find((one) => one.stream === stream.name);
  if (memo === undefined || !hasSameTiles(fs, stream, memo, memory)) return undefined;
  const held = sameBytes(fs, stream, memo, memory.key);
  if (held === undefined) return undefined;
  const { size_bytes, entries_count, last, before_last_hash, ids, tree, blocks } = memo;
  const chain = { last, before_last_hash, ids: SeenIds.of(ids) };
  const is_small = held.length < BLOCK_BYTES_MIN;
  const keeper = new BlockKeeper(memory, blocks, is_small ? held : undefined);
  return { begun: { size_bytes, entries_count, chain }, tree, keeper };
}

function hasSameTiles(
  fs: FileSystem,
  stream: StreamRef,
  { tree }: StreamMemo,
  { isSame }: VerifyMemory,
): boolean {
  if ((tree === undefined) !== (stream.log === undefined)) return false;
  const size = tree?.size ?? 0;
  for (let level = 0; hashesOnLevel(size, level) >= TILE_WIDTH; level++) {
    const full_count = Math.floor(hashesOnLevel(size, level) / TILE_WIDTH);
    for (let index = 0; index < full_count; index++) {
      const path = tileFile(stream, { level, index, width: TILE_WIDTH });
      if (!isSame(path)) return false;
      // Partial forms of a tile are removed some time after it is full.
      if (!isSame(`${path}.p`) && fs.stat(`${path}.p`) !== undefined) return false;
    }
  }
  return true;
}

/** The bytes of the last block. */
function sameBytes(
  fs: FileSystem,
  stream: StreamRef,
  { blocks, size_bytes }: StreamMemo,
  key: Uint8Array,
): Buffer | undefined {
  const handle = fs.openRead(stream.path);
  try {
    let buffer = Buffer.allocUnsafe(BUFFER_BYTES);
    let at = 0;
    let block: Buffer = buffer.subarray(0, 0);
    for (const one of blocks) {
      if (one.size_bytes > buffer.length) buffer = Buffer.allocUnsafe(one.size_bytes);
      block = buffer.subarray(0, one.size_bytes);
      if (!isFilled(handle, block, at) || !hasMac(one, key, block)) return undefined;
      at += one.size_bytes;
    }
    return at === size_bytes ? Buffer.from(block) : undefined;
  } finally {
    handle.close();
  }
}

function isFilled(handle: ReadHandle, block: Buffer, at: number): boolean {
  for (let filled = 0; filled < block.length; ) {
    const count = handle.read(block.subarray(filled), at + filled);
    if (count === 0) return false;
    filled += count;
  }
  return true;
}
