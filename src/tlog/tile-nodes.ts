/** Any node of a tree from its tiles. */
import { hashAt, nodeHash } from "./hashes.ts";
import type { ReadNode } from "./ranges.ts";
import { TILE_HEIGHT, TILE_WIDTH, type TileName, tileWidth } from "./tile-path.ts";

/** Root over `count` (a power of two) hashes of a row, from the `first` on. */
export function rowRoot(hashes: Uint8Array, first: number, count: number): Uint8Array {
  if (count === 1) return hashAt(hashes, first);
  const half = count / 2;
  return nodeHash(rowRoot(hashes, first, half), rowRoot(hashes, first + half, half));
}

/**
 * Reads nodes of all trees up to `size` from the tiles of the tree of that size. Each tile is asked for once; it must
 * come with exactly its width of hashes, or throw.
 */
export function tileNodes(size: number, readTile: (name: TileName) => Uint8Array): ReadNode {
  const tiles = new Map<string, Uint8Array>();
  return (level, index) => {
    const tile_level = Math.floor(level / TILE_HEIGHT);
    const count = 2 ** (level % TILE_HEIGHT);
    const first = index * count;
    const tile_index = Math.floor(first / TILE_WIDTH);
    const key = `${tile_level}/${tile_index}`;
    const width = tileWidth(size, tile_level, tile_index);
    const tile = tiles.get(key) ?? readTile({ level: tile_level, index: tile_index, width });
    tiles.set(key, tile);
    return rowRoot(tile, first % TILE_WIDTH, count);
  };
}
