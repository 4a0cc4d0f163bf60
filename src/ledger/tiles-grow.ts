/** Writes the tiles of the lines a tree does not have yet. Only under the stream's lock. */
import type { Effects } from "../effects/index.ts";
import {
  HASH_BYTES,
  leafHash,
  parseTilePath,
  TILE_WIDTH,
  type Tile,
  TreeBuilder,
  tilePath,
  tileWidth,
} from "../tlog/index.ts";
import type { StreamRef } from "./stream-ref.ts";
import { makeFolders, parentOf, removeFolder, writeWhole } from "./tiles-files.ts";
import { leafLines } from "./tiles-lines.ts";
import type { LiveTree } from "./tiles-load.ts";
import { addOffsets, offsetsCount } from "./tiles-offsets.ts";
import { tileFile, treePlaces } from "./tiles-places.ts";
import { writeTreeState } from "./tiles-state.ts";

type GrowEffects = Pick<Effects, "fs" | "random">;

export const emptyTree = (): LiveTree => ({ builder: new TreeBuilder(), bytes: 0 });

/**
 * Adds all complete lines after those in the tree. The tree handed in is used up, whatever happens.
 * @throws Node's own error; what was written until then is built again next time.
 */
export function growTree(effects: GrowEffects, stream: StreamRef, tree: LiveTree): LiveTree {
  const { fs } = effects;
  const places = treePlaces(stream);
  const { builder } = tree;
  const size_before = builder.size;
  const offsets: number[] = [];
  const writer = new TileWriter(effects, stream);
  let bytes = tree.bytes;
  for (const line of leafLines(fs, stream.path, tree.bytes)) {
    if (builder.size % TILE_WIDTH === 0) offsets.push(bytes);
    builder.append(leafHash(line.bytes), (tile) => writer.full(tile));
    bytes = line.end;
  }
  const grown = { builder, bytes };
  if (builder.size === size_before && size_before > 0) return grown;
  for (const tile of builder.edge()) writer.partial(tile);
  writer.finish();
  makeFolders(fs, places.cache);
  addOffsets(fs, places.offsets, offsetsCount(size_before), offsets);
  writeTreeState(effects, places.state, { bytes, size: builder.size, root: builder.root() });
  return grown;
}

/**
 * A full tile never changes again, so it is made durable once; a partial one is written without waiting and rebuilt
 * from the lines should a power cut spoil it.
 */
class TileWriter {
  readonly #fs: GrowEffects["fs"];
  readonly #stream: StreamRef;
  readonly #folders = new Set<string>();
  readonly #filled: string[] = [];

  constructor({ fs }: GrowEffects, stream: StreamRef) {
    this.#fs = fs;
    this.#stream = stream;
  }

  full(tile: Tile): void {
    const path = this.#place(tile);
    writeWhole(this.#fs, path, tile.bytes, true);
    this.#filled.push(path);
  }

  partial(tile: Tile): void {
    // Above the leaves a partial tile changes only when a tile below it was filled.
    if (tile.level > 0 && this.#filled.length === 0 && this.#fs.stat(tileFile(this.#stream, tile))) return;
    writeWhole(this.#fs, this.#place(tile), tile.bytes);
  }

  #place(tile: Tile): string {
    const path = tileFile(this.#stream, tile);
    const folder = parentOf(path);
    if (!this.#folders.has(folder)) makeFolders(this.#fs, folder);
    this.#folders.add(folder);
    return path;
  }

  /** Full tiles get durable names; the partial ones before them have served. */
  finish(): void {
    if (this.#filled.length === 0) return;
    const { directory } = treePlaces(this.#stream);
    const top = parentOf(directory);
    const folders = new Set<string>();
    for (let folder of this.#filled.map(parentOf)) {
      for (; folder.length >= top.length && !folders.has(folder); folder = parentOf(folder))
        folders.add(folder);
    }
    for (const folder of folders) this.#fs.syncDirectory(folder);
    for (const path of this.#filled) removeFolder(this.#fs, `${path}.p`);
  }
}

/** Removes every file among the tiles that is not one of the tree's: what a damaged or cut tree left. */
export function removeForeignTiles(fs: GrowEffects["fs"], stream: StreamRef, builder: TreeBuilder): void {
  const edge = new Set(builder.edge().map((tile) => tilePath(tile)));
  const { directory } = treePlaces(stream);
  for (const file of tileFiles(fs, directory)) {
    const name = parseTilePath(file);
    const is_full =
      name?.width === TILE_WIDTH && tileWidth(builder.size, name.level, name.index) === TILE_WIDTH;
    if (!is_full && !edge.has(file)) fs.remove(`${directory}/${file}`);
  }
}

/**
 * Removes earlier partial tiles of the edge that do not begin like the tile does now: what a kill or a power cut left
 * short or full of zeros. At most 255 small files a level.
 */
export function removeSpoiltTiles(fs: GrowEffects["fs"], stream: StreamRef, builder: TreeBuilder): void {
  for (const tile of builder.edge()) {
    const folder = parentOf(tileFile(stream, tile));
    for (const { name, kind } of fs.list(folder)) {
      const path = `${folder}/${name}`;
      if (kind !== "file" || fs.read(path).equals(tile.bytes.subarray(0, Number(name) * HASH_BYTES)))
        continue;
      fs.remove(path);
    }
  }
}

/** Paths below `directory` of everything in its tile folder, folders left out, depth first and sorted. */
export function* tileFiles(
  fs: Pick<GrowEffects["fs"], "list" | "stat">,
  directory: string,
): Generator<string> {
  const folders = ["tile"];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (fs.stat(`${directory}/${folder}`)?.kind !== "directory") continue;
    const below: string[] = [];
    for (const { name, kind } of fs.list(`${directory}/${folder}`)) {
      if (kind === "directory") below.push(`${folder}/${name}`);
      else yield `${folder}/${name}`;
    }
    folders.push(...below.reverse());
  }
}
