/** A growing tree that keeps only its right edge: one hash per level, and the tiles that are not full yet. */
import { EMPTY_ROOT, HASH_BYTES, nodeHash } from "./hashes.ts";
import { rowRoot } from "./tile-nodes.ts";
import { edgeTiles, hashesOnLevel, TILE_HEIGHT, TILE_WIDTH, type TileName } from "./tile-path.ts";

export interface Tile extends TileName {
  /** `width` hashes. Valid until the next entry is appended. */
  readonly bytes: Uint8Array;
}

export class TreeBuilder {
  #size = 0;
  /** By level: root of the complete subtree that ends at the right edge, where there is one. */
  readonly #nodes: (Uint8Array | undefined)[] = [];
  /** By tile level: hashes of the rightmost tile; its width follows from the size. */
  readonly #rows: Buffer[] = [];

  /** Entries so far. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds an entry by its leaf hash; costs two hashes on average. `onFull` gets each tile the entry completes, lowest
   * level first.
   */
  append(leaf: Uint8Array, onFull?: (tile: Tile) => void): void {
    this.#push(0, leaf, onFull);
    // The leaf may lie in a buffer its owner uses again.
    this.#carry(this.#nodes[0] === undefined ? Buffer.from(leaf) : leaf, 0, onFull);
    this.#size++;
  }

  /**
   * Adds a full tile of leaf hashes whose root the caller has computed, where a tile begins; much faster than one by one for
   * whoever can hash many pairs at once. @throws RangeError anywhere else
   */
  appendTile(leaves: Uint8Array, root: Uint8Array, onFull?: (tile: Tile) => void): void {
    if (this.#size % TILE_WIDTH !== 0 || leaves.length !== TILE_WIDTH * HASH_BYTES)
      throw new RangeError("no tile begins here");
    (this.#rows[0] ??= Buffer.alloc(TILE_WIDTH * HASH_BYTES)).set(leaves);
    const index = this.#size / TILE_WIDTH;
    onFull?.({ level: 0, index, width: TILE_WIDTH, bytes: this.#rows[0] });
    const node = Buffer.from(root);
    this.#push(1, node, onFull);
    this.#carry(node, TILE_HEIGHT, onFull);
    this.#size += TILE_WIDTH;
  }

  /** Joins a subtree of this height with those of the same height to its left. */
  #carry(subtree: Uint8Array, height: number, onFull?: (tile: Tile) => void): void {
    let node = subtree;
    let level = height;
    for (let left = this.#nodes[level]; left !== undefined; left = this.#nodes[level]) {
      node = nodeHash(left, node);
      this.#nodes[level] = undefined;
      level++;
      if (level % TILE_HEIGHT === 0) this.#push(level / TILE_HEIGHT, node, onFull);
    }
    this.#nodes[level] = node;
  }

  #push(tile_level: number, hash: Uint8Array, onFull?: (tile: Tile) => void): void {
    const count = hashesOnLevel(this.#size, tile_level);
    const at = count % TILE_WIDTH;
    const row = (this.#rows[tile_level] ??= Buffer.alloc(TILE_WIDTH * HASH_BYTES));
    row.set(hash, at * HASH_BYTES);
    if (at + 1 === TILE_WIDTH) {
      onFull?.({ level: tile_level, index: Math.floor(count / TILE_WIDTH), width: TILE_WIDTH, bytes: row });
    }
  }

  root(): Uint8Array {
    let root: Uint8Array | undefined;
    for (const node of this.#nodes) {
      if (node !== undefined) root = root === undefined ? node : nodeHash(node, root);
    }
    return root ?? EMPTY_ROOT;
  }

  /** The partial tiles of the tree as it is now, lowest level first. */
  edge(): Tile[] {
    return edgeTiles(this.#size).map((name) => ({
      ...name,
      bytes: (this.#rows[name.level] ?? Buffer.alloc(0)).subarray(0, name.width * HASH_BYTES),
    }));
  }

  /** The builder of a tree whose partial tiles are at hand; each must have exactly its width of hashes. */
  static of(size: number, readTile: (name: TileName) => Uint8Array): TreeBuilder {
    const builder = new TreeBuilder();
    builder.#size = size;
    for (const name of edgeTiles(size)) {
      const row = Buffer.alloc(TILE_WIDTH * HASH_BYTES);
      row.set(readTile(name));
      builder.#rows[name.level] = row;
      let first = 0;
      for (let height = TILE_HEIGHT - 1; height >= 0; height--) {
        const count = 2 ** height;
        if (Math.floor(name.width / count) % 2 === 0) continue;
        builder.#nodes[name.level * TILE_HEIGHT + height] = Buffer.from(rowRoot(row, first, count));
        first += count;
      }
    }
    return builder;
  }
}
