/** The tree as it was left: its right edge from the tiles, believed only when everything fits together. */
import type { FileSystem } from "../effects/index.ts";
import { HASH_BYTES, leafHash, sameHash, TILE_WIDTH, TreeBuilder } from "../tlog/index.ts";
import { linesBackwards } from "./newest-lines.ts";
import type { StreamRef } from "./stream-ref.ts";
import { hasOffsets } from "./tiles-offsets.ts";
import { treePlaces } from "./tiles-places.ts";
import { readTile, TileUnusable } from "./tiles-read.ts";
import { readTreeState } from "./tiles-state.ts";

/** A tree in memory and the part of the stream it stands for. */
export interface LiveTree {
  readonly builder: TreeBuilder;
  /** Length of the stream up to the last entry in the tree. */
  readonly bytes: number;
}

/** Undefined when there is none, or what lies there does not fit together or the stream: it is then built anew. */
export function loadTree(fs: FileSystem, stream: StreamRef): LiveTree | undefined {
  const places = treePlaces(stream);
  const state = readTreeState(fs, places.state);
  if (state === undefined || !hasOffsets(fs, places.offsets, state.size)) return undefined;
  try {
    const builder = TreeBuilder.of(state.size, (name) => readTile(fs, stream, name));
    if (!sameHash(builder.root(), state.root)) return undefined;
    if (!endsWithLastLeaf(fs, stream, state)) return undefined;
    return { builder, bytes: state.bytes };
  } catch (error) {
    if (error instanceof TileUnusable) return undefined;
    throw error;
  }
}

/** True when the line that ends at the state's byte is the tree's last entry. */
function endsWithLastLeaf(
  fs: FileSystem,
  stream: StreamRef,
  state: { bytes: number; size: number },
): boolean {
  if (state.size === 0) return state.bytes === 0;
  const index = Math.floor((state.size - 1) / TILE_WIDTH);
  const width = ((state.size - 1) % TILE_WIDTH) + 1;
  const last = readTile(fs, stream, { level: 0, index, width }).subarray(-HASH_BYTES);
  const handle = fs.openRead(stream.path);
  try {
    if (handle.stat().size_bytes < state.bytes) return false;
    const newline = Buffer.alloc(1);
    if (handle.read(newline, state.bytes - 1) !== 1 || newline[0] !== 0x0a) return false;
    const line = linesBackwards(handle, state.bytes).next().value;
    return line !== undefined && sameHash(leafHash(line.bytes), last);
  } finally {
    handle.close();
  }
}
