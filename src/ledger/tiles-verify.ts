/**
 * Holds the stored tiles against the tree of the lines, hash by hash. Says of each file that differs which hash is the
 * first bad one, and whether the tile or the line was changed: a tile that its parent or the checkpoint bears out has
 * not been.
 */
import type { Finding } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import {
  HASH_BYTES,
  hashAt,
  parseTilePath,
  rowRoot,
  sameHash,
  TILE_WIDTH,
  type Tile,
  type TileName,
  tilePath,
  tileWidth,
} from "../tlog/index.ts";
import type { StreamRef } from "./stream-ref.ts";
import { readSmall } from "./tiles-files.ts";
import { tileFiles } from "./tiles-grow.ts";
import { tileFile, treeFileName, treePlaces } from "./tiles-places.ts";
import { partialWidths, readTile, TILE_BYTES_MAX, TileUnusable } from "./tiles-read.ts";

/** A log with more damage than this is built anew, not mended. */
const FINDINGS_MAX = 100;

export class TileJudge {
  readonly findings: Finding[] = [];
  findings_count = 0;
  /** Lines are judged in order, so the same one comes again only for another width of its tile. */
  #last_bad_line = 0;
  readonly #fs: FileSystem;
  readonly #stream: StreamRef;
  /** Every tile of the tree of this size must be there; those beyond it only have to be right. */
  readonly #required_size: number;

  constructor(fs: FileSystem, stream: StreamRef, required_size: number) {
    this.#fs = fs;
    this.#stream = stream;
    this.#required_size = required_size;
  }

  /** Judges what is stored for one full tile of the lines' tree, or for a partial one at its edge. */
  take(tile: Tile): void {
    const required = tileWidth(this.#required_size, tile.level, tile.index);
    let is_there = tile.width === TILE_WIDTH && this.#judge(tile, tile);
    // The widest first: what it says of a line, earlier ones would only say again.
    for (const width of partialWidths(this.#fs, this.#stream, tile)) {
      if (width >= TILE_WIDTH || width > tile.width) continue;
      this.#judge({ ...tile, width }, tile);
      is_there ||= width >= required;
    }
    // Lines that are gone are the checkpoint's finding, not the tile's.
    if (required > 0 && required <= tile.width && !is_there) this.#missing({ ...tile, width: required });
  }

  /** True when a proof under the checkpoint may read this very file. */
  #isRequired({ level, index, width }: TileName): boolean {
    const required = tileWidth(this.#required_size, level, index);
    return required > 0 && (width === required || width === TILE_WIDTH);
  }

  /** False when no such file is there. */
  #judge(name: TileName, wanted: Tile): boolean {
    const path = tileFile(this.#stream, name);
    if (this.#fs.stat(path) === undefined) return false;
    const bytes = wanted.bytes.subarray(0, name.width * HASH_BYTES);
    const fits = (stored: Buffer | undefined): boolean => stored?.equals(bytes) === true;
    const read = (): Buffer | undefined => readSmall(this.#fs, path, TILE_BYTES_MAX);
    const stored = read();
    // A writer may be at it; the second look meets it done.
    if (fits(stored) || fits(read())) return true;
    if (stored !== undefined && stored.length < bytes.length && !this.#isRequired(name)) {
      this.#note(
        name,
        "LEDGER_TILE_TORN",
        "a writer died while it wrote the tile, which no checkpoint needs",
      );
    } else if (stored === undefined || stored.length !== bytes.length) {
      const has = stored === undefined ? "is not a readable file" : `has ${stored.length} bytes`;
      this.#note(name, "LEDGER_TILE_CHANGED", `the tile ${has}, not ${bytes.length} bytes`);
    } else this.#compare(name, stored, bytes);
    return true;
  }

  #compare(name: TileName, stored: Buffer, bytes: Uint8Array): void {
    for (let i = 0; i < name.width; i++) {
      const expected = hashAt(bytes, i);
      const actual = hashAt(stored, i);
      if (sameHash(expected, actual)) continue;
      const hashes = { expected: hexOf(expected), actual: hexOf(actual) };
      // Where the stored tile below says the same, that one is judged by itself.
      const child = name.level === 0 ? undefined : this.#childRoot(name, i);
      if (child !== undefined && sameHash(actual, child)) continue;
      const first = (name.index * TILE_WIDTH + i) * TILE_WIDTH ** name.level;
      const line = first + 1;
      if (name.level === 0 && this.#isBorneOut(name, stored)) {
        if (this.#last_bad_line === line) return;
        this.#last_bad_line = line;
        const message = `line ${line} (entry ${first}) is not the one in the tile: hash ${i} differs`;
        return this.#note(name, "LEDGER_LINE_NOT_IN_TREE", message, { line, ...hashes });
      }
      const covers =
        name.level === 0
          ? `entry ${first}, line ${line}`
          : `entries ${first} to ${first + TILE_WIDTH ** name.level - 1}`;
      const message = `hash ${i} of the tile was changed (${covers})`;
      return this.#note(name, "LEDGER_TILE_CHANGED", message, { line, ...hashes });
    }
  }

  /** Root of the stored full tile that a hash of a higher level stands for. */
  #childRoot({ level, index }: TileName, at: number): Uint8Array | undefined {
    const bytes = this.#stored({ level: level - 1, index: index * TILE_WIDTH + at, width: TILE_WIDTH });
    return bytes === undefined ? undefined : rowRoot(bytes, 0, TILE_WIDTH);
  }

  #stored(name: TileName): Buffer | undefined {
    try {
      return readTile(this.#fs, this.#stream, name);
    } catch (error) {
      if (error instanceof TileUnusable) return undefined;
      throw error;
    }
  }

  /** True when the tile above has the root of this full one, or the checkpoint that of a partial one. */
  #isBorneOut(name: TileName, stored: Uint8Array): boolean {
    if (name.width < TILE_WIDTH) {
      const width = tileWidth(this.#required_size, 0, name.index);
      if (name.width === width) return this.edgeIsBorneOut();
      const grown = name.width < width ? this.#stored({ ...name, width }) : undefined;
      return grown !== undefined && beginsWith(grown, stored) && this.#isBorneOut({ ...name, width }, grown);
    }
    const index = Math.floor(name.index / TILE_WIDTH);
    const at = name.index % TILE_WIDTH;
    const root = rowRoot(stored, 0, TILE_WIDTH);
    const above = { level: name.level + 1, index };
    for (const width of [
      TILE_WIDTH,
      ...partialWidths(this.#fs, this.#stream, { ...above, width: TILE_WIDTH }),
    ]) {
      if (width <= at) continue;
      const bytes = readSmall(this.#fs, tileFile(this.#stream, { ...above, width }), TILE_BYTES_MAX);
      if (bytes?.length === width * HASH_BYTES) return sameHash(hashAt(bytes, at), root);
    }
    return false;
  }

  /** Whether the checkpoint has the root of the stored tiles; set by whoever knows the checkpoint. */
  edgeIsBorneOut: () => boolean = () => false;

  #missing(name: TileName): void {
    this.#note(name, "LEDGER_TILE_MISSING", "the tile does not exist");
  }

  /** Files that belong to no tile of a tree of this size. */
  takeOthers(size: number): void {
    for (const file of tileFiles(this.#fs, treePlaces(this.#stream).directory)) {
      const name = parseTilePath(file);
      if (name !== undefined && name.width <= tileWidth(size, name.level, name.index)) continue;
      if (name !== undefined && this.#isOvertaken(name)) continue;
      const message =
        name === undefined ? "it is not the name of a tile" : `the tile is beyond ${size} entries`;
      this.#add(file, "LEDGER_TILE_UNEXPECTED", message);
    }
  }

  /** An earlier state of a tile the checkpoint needs: that one is spoken of. */
  #isOvertaken(name: TileName): boolean {
    const width = tileWidth(this.#required_size, name.level, name.index);
    if (name.width >= width) return false;
    const stored = readSmall(this.#fs, tileFile(this.#stream, name), TILE_BYTES_MAX);
    const grown = this.#stored({ ...name, width });
    return stored?.length === name.width * HASH_BYTES && grown !== undefined && beginsWith(grown, stored);
  }

  #note(name: TileName, code: string, message: string, more: Partial<Finding> = {}): void {
    this.#add(tilePath(name), code, message, more);
  }

  #add(file: string, code: string, message: string, more: Partial<Finding> = {}): void {
    const severity = code === "LEDGER_TILE_TORN" ? "note" : "error";
    if (severity === "error") this.findings_count++;
    if (this.findings.length >= FINDINGS_MAX) return;
    const path = treeFileName(this.#stream, file);
    const is_line = code === "LEDGER_LINE_NOT_IN_TREE";
    this.findings.push({
      code,
      severity,
      message: `${path}: ${message}`,
      next_step: is_line ? RESTORE : severity === "note" ? WAIT : REBUILD,
      path,
      ...more,
    });
  }
}

const RESTORE = `Keep a copy of the ledger, restore it from a backup, then run "pkg ledger verify".`;
const WAIT = `Nothing to do: the next entry has it removed.`;
/** Tiles hold nothing that the lines do not. */
const REBUILD = `Once the lines are sound, run "pkg ledger rebuild": it writes the tiles again from them.`;

const beginsWith = (whole: Buffer, part: Uint8Array): boolean => whole.subarray(0, part.length).equals(part);
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
