/** Finds the entry somebody asks a proof for. */
import type { FileSystem } from "../effects/index.ts";
import { hashAt, leafHash, sameHash, TILE_WIDTH, tileWidth } from "../tlog/index.ts";
import { raise } from "./faults.ts";
import { findEntry } from "./read.ts";
import type { StreamRef } from "./stream-ref.ts";
import { leafLines } from "./tiles-lines.ts";
import { readOffset } from "./tiles-offsets.ts";
import { treePlaces } from "./tiles-places.ts";
import { readTile, TileUnusable } from "./tiles-read.ts";
import { readTreeState } from "./tiles-state.ts";

export interface LoggedEntry {
  /** From 0; line `index + 1` of the stream. */
  readonly index: number;
  /** Bytes of the line without its newline: what the log holds. */
  readonly bytes: Buffer;
}

/**
 * By number (from 0; found at once in a stream of any length), by id or by entry hash (reads the stream).
 * @throws LEDGER_ENTRY_UNKNOWN, LEDGER_IO
 */
export function findLogged(fs: FileSystem, stream: StreamRef, entry: string): LoggedEntry {
  const found = /^\d{1,15}$/.test(entry) ? byIndex(fs, stream, Number(entry)) : byName(fs, stream, entry);
  if (found !== undefined) return found;
  return raise("LEDGER_ENTRY_UNKNOWN", `${stream.name} has no entry ${JSON.stringify(entry)}`, {
    stream: stream.name,
    entry,
  });
}

function byName(fs: FileSystem, stream: StreamRef, name: string): LoggedEntry | undefined {
  const found = findEntry(fs, stream, name);
  return found === undefined ? undefined : { index: found.line - 1, bytes: Buffer.from(found.text) };
}

/** Undefined when the stream has no such line. @throws LEDGER_IO */
export function byIndex(fs: FileSystem, stream: StreamRef, index: number): LoggedEntry | undefined {
  if (fs.stat(stream.path) === undefined) return undefined;
  const tile = Math.floor(index / TILE_WIDTH);
  const offset = readOffset(fs, treePlaces(stream).offsets, tile);
  const near = offset === undefined ? undefined : lineAfter(fs, stream, offset, index % TILE_WIDTH);
  if (near !== undefined && isLeaf(fs, stream, index, near)) return { index, bytes: near };
  const bytes = lineAfter(fs, stream, 0, index);
  return bytes === undefined ? undefined : { index, bytes };
}

/** The line `count` lines after the one that begins at `start`. */
function lineAfter(fs: FileSystem, stream: StreamRef, start: number, count: number): Buffer | undefined {
  let passed = 0;
  for (const { bytes } of leafLines(fs, stream.path, start)) {
    if (passed === count) return Buffer.from(bytes);
    passed++;
  }
  return undefined;
}

/** The offsets are only a cache: what they lead to counts when the tile has its hash. */
function isLeaf(fs: FileSystem, stream: StreamRef, index: number, bytes: Buffer): boolean {
  const size = readTreeState(fs, treePlaces(stream).state)?.size ?? 0;
  const at = index % TILE_WIDTH;
  const tile = Math.floor(index / TILE_WIDTH);
  const width = tileWidth(size, 0, tile);
  if (at >= width) return false;
  try {
    const hashes = readTile(fs, stream, { level: 0, index: tile, width });
    return sameHash(hashAt(hashes, at), leafHash(bytes));
  } catch (error) {
    if (error instanceof TileUnusable) return false;
    throw error;
  }
}
