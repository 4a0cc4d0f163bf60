/**
 * Names of tiles (C2SP tlog-tiles): `tile/<level>/<index>[.p/<width>]`, the index in groups of three digits of which all
 * but the last begin with x: 1234067 is `x001/x234/067`.
 */

/** Hashes in a full tile; a tile stands for a subtree of height 8. */
export const TILE_WIDTH = 256;
export const TILE_HEIGHT = 8;

export interface TileName {
  /** 0 holds leaves; each hash of the next level is the root of a full tile of this one. */
  readonly level: number;
  readonly index: number;
  /** 1 to 256; below 256 the tile is partial. */
  readonly width: number;
}

export function tilePath({ level, index, width }: TileName): string {
  const partial = width === TILE_WIDTH ? "" : `.p/${width}`;
  return `tile/${level}/${groupsOf(index)}${partial}`;
}

function groupsOf(index: number): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, "0");
  return padded.replace(/\d{3}(?=\d)/g, "x$&/");
}

const TILE = /^tile\/(0|[1-9]\d?)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** Undefined for anything that is not the one spelling of a tile's name. */
export function parseTilePath(path: string): TileName | undefined {
  const found = TILE.exec(path);
  if (found === null) return undefined;
  const [, level_text = "", groups = "", width_text] = found;
  const level = Number(level_text);
  const index = Number(groups.replace(/[x/]/g, ""));
  const width = width_text === undefined ? TILE_WIDTH : Number(width_text);
  if (level > 63 || !Number.isSafeInteger(index) || width > TILE_WIDTH) return undefined;
  const name = { level, index, width };
  return tilePath(name) === path ? name : undefined;
}

/** How many hashes a level has in a tree of this size: each stands for 256^level entries. */
export const hashesOnLevel = (size: number, level: number): number => Math.floor(size / TILE_WIDTH ** level);

/** Width of one tile in a tree of this size; 0 when the tree does not reach it. */
export function tileWidth(size: number, level: number, index: number): number {
  return Math.max(0, Math.min(TILE_WIDTH, hashesOnLevel(size, level) - index * TILE_WIDTH));
}

/** The rightmost tile of each level that is partial, lowest level first. */
export function edgeTiles(size: number): TileName[] {
  const names: TileName[] = [];
  for (let level = 0; hashesOnLevel(size, level) > 0; level++) {
    const count = hashesOnLevel(size, level);
    const width = count % TILE_WIDTH;
    if (width > 0) names.push({ level, index: Math.floor(count / TILE_WIDTH), width });
  }
  return names;
}
