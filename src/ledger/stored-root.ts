/** The root of a stream's log at an earlier size, from its tiles. */
import type { FileSystem } from "../effects/index.ts";
import { hashAt, leafHash, sameHash, TILE_WIDTH, tileNodes, tileWidth, treeRoot } from "../tlog/index.ts";
import { byIndex } from "./proof-entry.ts";
import type { StreamRef } from "./stream-ref.ts";
import { treePlaces } from "./tiles-places.ts";
import { readTile, TileUnusable } from "./tiles-read.ts";
import { readTreeState } from "./tiles-state.ts";

/**
 * Bare hex, in time that does not grow with the stream; undefined where the tiles do not reach that far. The last of the
 * lines is held against its leaf; whether the tiles are those of all lines `verifyTree` says.
 */
export function storedRoot(fs: FileSystem, stream: StreamRef, tree_size: number): string | undefined {
  const size = readTreeState(fs, treePlaces(stream).state)?.size ?? 0;
  if (tree_size < 1 || tree_size > size) return undefined;
  const tile = Math.floor((tree_size - 1) / TILE_WIDTH);
  try {
    const last = byIndex(fs, stream, tree_size - 1);
    const leaves = readTile(fs, stream, { level: 0, index: tile, width: tileWidth(size, 0, tile) });
    if (last === undefined || !sameHash(hashAt(leaves, (tree_size - 1) % TILE_WIDTH), leafHash(last.bytes)))
      return undefined;
    return Buffer.from(
      treeRoot(
        tree_size,
        tileNodes(size, (name) => readTile(fs, stream, name)),
      ),
    ).toString("hex");
  } catch (error) {
    if (error instanceof TileUnusable) return undefined;
    throw error;
  }
}
