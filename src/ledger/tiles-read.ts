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
export function readTile(
  fs: Pick<FileSystem, "stat" | "read" | "list">,
  stream: StreamRef,
  name: TileName,
): Buffer {
  const read = (width: number): Buffer | undefined => {
    const bytes = readSmall(fs, tileFile(stream, { ...name, width }), TILE_BYTES_MAX);
    return bytes?.length === width * HASH_BYTES ? bytes.subarray(0, name.width * HASH_BYTES) : undefined;
  };
  const found = read(name.width) ?? (name.width < TILE_WIDTH ? read(TILE_WIDTH) : undefined);
  if (found !== undefined) return found;
  for (const width of partialWidths(fs, stream, name)) {
    const wider = width > name.width ? read(width) : undefined;
    if (wider !== undefined) return wider;
  }
  throw new TileUnusable();
}

/** Of the partial tiles that lie where this one does, the widest first. */
export function partialWidths(
  fs: Pick<FileSystem, "stat" | "list">,
  stream: StreamRef,
  { level, index }: TileName,
): number[] {
  const folder = `${tileFile(stream, { level, index, width: TILE_WIDTH })}.p`;
  if (fs.stat(folder)?.kind !== "directory") return [];
  return fs
    .list(folder)
    .filter(({ name }) => /^[1-9]\d{0,2}$/.test(name))
    .map(({ name }) => Number(name))
    .sort((a, b) => b - a);
}
