import { describe, expect, test } from "vitest";
import {
  consistencyProof,
  edgeTiles,
  HASH_BYTES,
  inclusionProof,
  leafHash,
  parseTilePath,
  type Tile,
  type TileName,
  TreeBuilder,
  tileNodes,
  tilePath,
  tileWidth,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from "../../src/tlog/index.ts";

describe("names of tiles", () => {
  test.each([
    // C2SP tlog-tiles: "index 1234067 will be encoded as x001/x234/067".
    ["tile/0/x001/x234/067", { level: 0, index: 1_234_067, width: 256 }],
    // golang.org/x/mod/sumdb/tlog tlog_test.go, without its height element, which tlog-tiles fixes at 8.
    ["tile/0/001", { level: 0, index: 1, width: 256 }],
    ["tile/0/001.p/5", { level: 0, index: 1, width: 5 }],
    ["tile/5/x123/x456/078", { level: 5, index: 123_456_078, width: 256 }],
    ["tile/5/x123/x456/078.p/2", { level: 5, index: 123_456_078, width: 2 }],
    ["tile/0/x003/x057/500", { level: 0, index: 3_057_500, width: 256 }],
    ["tile/63/000.p/255", { level: 63, index: 0, width: 255 }],
  ] as const)("%s", (path, name) => {
    expect(tilePath(name)).toBe(path);
    expect(parseTilePath(path)).toEqual(name);
  });

  test.each([
    "tile/5/123/456/078",
    "tile/-1/000",
    "tile/64/000",
    "tile/00/000",
    "tile/0/0",
    "tile/0/x000/001",
    "tile/0/x001/x234/67",
    "tile/0/001.p/0",
    "tile/0/001.p/05",
    "tile/0/001.p/256",
    "tile/0/001.p/",
    "tile/entries/000",
    "/tile/0/000",
    "tile/0/000/",
    "tile/0/x999/x999/x999/x999/x999/x999/999",
    "tile/0/../000",
    "",
  ])("%j names no tile", (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });
});

describe("which tiles a tree has", () => {
  test("a tree of 70,000 is the specification's example", () => {
    expect(tileWidth(70_000, 0, 272)).toBe(256);
    expect(tileWidth(70_000, 0, 274)).toBe(0);
    expect(edgeTiles(70_000)).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ]);
  });

  test("a tree of 256 is one full tile and a partial one of width 1 above it", () => {
    expect(tileWidth(256, 0, 0)).toBe(256);
    expect(edgeTiles(256)).toEqual([{ level: 1, index: 0, width: 1 }]);
    expect(edgeTiles(0)).toEqual([]);
  });
});

describe("a tree kept as tiles", () => {
  const SIZE = 66_100;
  const leaves = Array.from({ length: SIZE }, (_, i) => leafHash(Buffer.from(`${i}`)));
  const stored = new Map<string, Buffer>();
  const keep = (tile: Tile): void => {
    stored.set(tilePath(tile), Buffer.from(tile.bytes));
  };
  const roots = new Map<number, Buffer>();
  const builder = new TreeBuilder();
  const STOPS = [1, 2, 255, 256, 257, 511, 512, 1000, 65_535, 65_536, 65_537, SIZE];
  for (const leaf of leaves) {
    builder.append(leaf, keep);
    if (STOPS.includes(builder.size)) roots.set(builder.size, Buffer.from(builder.root()));
  }
  for (const tile of builder.edge()) keep(tile);
  const readTile = (name: TileName): Uint8Array => {
    const bytes = stored.get(tilePath(name));
    if (bytes?.length !== name.width * HASH_BYTES) throw new Error(`no ${tilePath(name)}`);
    return bytes;
  };
  const rootAt = (size: number): Buffer => roots.get(size) ?? Buffer.alloc(0);

  test("full tiles hold leaves, and roots of full tiles below", () => {
    expect([...stored.keys()].filter((path) => path.startsWith("tile/0/"))).toHaveLength(259);
    expect(readTile({ level: 0, index: 7, width: 256 })).toEqual(Buffer.concat(leaves.slice(1792, 2048)));
    expect(stored.get("tile/1/000")?.length).toBe(8192);
    expect([...stored.keys()].filter((path) => path.startsWith("tile/2/"))).toEqual(["tile/2/000.p/1"]);
  });

  test("roots of this and earlier trees come from the tiles alone", () => {
    for (const size of STOPS)
      expect(treeRoot(size, tileNodes(SIZE, readTile)), `${size}`).toEqual(rootAt(size));
  });

  test("proofs from tiles verify, for any entry and any two sizes", () => {
    for (const size of STOPS) {
      const read = tileNodes(SIZE, readTile);
      for (const index of [0, 1, size >> 1, size - 2, size - 1].filter((i) => i >= 0 && i < size)) {
        const proof = inclusionProof(index, size, read);
        const leaf = leaves[index] ?? Buffer.alloc(0);
        expect(verifyInclusion(leaf, index, { size, root: rootAt(size) }, proof)).toBe(true);
      }
      for (const old_size of STOPS.filter((one) => one <= size)) {
        const old = { size: old_size, root: rootAt(old_size) };
        const proof = consistencyProof(old_size, size, read);
        expect(verifyConsistency(old, { size, root: rootAt(size) }, proof)).toBe(true);
      }
    }
  });

  test("a builder made from the partial tiles goes on exactly as the one that read everything", () => {
    for (const from of [0, 1, 200, 255, 256, 300, 512, 65_535, 65_536, 65_700]) {
      const first = new TreeBuilder();
      for (const leaf of leaves.slice(0, from)) first.append(leaf);
      const edge = new Map(first.edge().map((tile) => [tilePath(tile), Buffer.from(tile.bytes)]));
      const again = TreeBuilder.of(from, (name) => edge.get(tilePath(name)) ?? Buffer.alloc(0));
      expect(again.root(), `${from}`).toEqual(first.root());
      const full: string[] = [];
      for (const leaf of leaves.slice(from, from + 400)) {
        const note = (tile: Tile): void => {
          full.push(tilePath(tile));
          expect(Buffer.from(tile.bytes)).toEqual(stored.get(tilePath(tile)));
        };
        again.append(leaf, note);
        first.append(leaf);
      }
      expect(full.length).toBeGreaterThan(0);
      expect(again.root()).toEqual(first.root());
      expect(again.edge()).toEqual(first.edge());
    }
  });
});
