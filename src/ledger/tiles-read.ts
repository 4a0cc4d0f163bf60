/** Reading stored tiles. A tile may lie there under its own width, as a full one, or in a wider partial one. */
import type { FileSystem } from "../effects/index.ts";
import { HASH_BYTES, TILE_WIDTH, type TileName } from "../tlog/index.ts";
import type { StreamRef } from "./stream-ref.ts";
import { readSmall } from "./tiles-files.ts";
import { tileFile } from "./tiles-places.ts";

export const TILE_BYTES_MAX = TILE_WIDTH * HASH_BYTES;

/** A tile that is not there or does not have the bytes its name promises. */
export class TileUnusable extends Error {}

/** Exactly `width` hashes. @throws TileUnusable */
export function readTile(fs: Pick<FileSystem, "stat" | "read">, stream: StreamRef, name: TileName): Buffer {
  const wanted_bytes = name.width * HASH_BYTES;
  for (const width of name.width === TILE_WIDTH ? [TILE_WIDTH] : [name.width, TILE_WIDTH]) {
    const bytes = readSmall(fs, tileFile(stream, { ...name, width }), TILE_BYTES_MAX);
    if (bytes?.length === width * HASH_BYTES) return bytes.subarray(0, wanted_bytes);
  }
  throw new TileUnusable();
}
