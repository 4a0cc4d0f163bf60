/**
 * Reads the list of files of a receipt and the list of assets of its manifest as an install writes them, side by side and from
 * their bytes: half a million files are neither texts nor objects meanwhile. Whatever is in any way unusual ends the reading.
 */
import { CLASSIFICATIONS } from "../contracts/index.ts";
import { DIGEST_BYTES, type TextMemory } from "../kernel/index.ts";
import { type FileColumns, flagsOf } from "./file-columns.ts";
import type { ListPieces, Piece } from "./list-pieces.ts";

export const FILES = `\n  "files": [\n`;
const START = Buffer.from(FILES);

const COMMA = 0x2c;
const NEWLINE = 0x0a;
const CLOSE = 0x7d;
const LETTER_C = 0x63;
const LETTER_T = 0x74;
const ZERO = 0x30;
const NINE = 0x39;
const HEX_DIGITS = 2 * DIGEST_BYTES;
/** Digits of a size. */
const DIGITS_MAX = 15;
/** Characters that a manifest allows. */
const PATH_MAX = 1024;
/** Bytes that no file takes less than. */
const FILE_BYTES_MIN = 180;
/** Value of a hex digit in lower case; 16 for anything else. */
const NIBBLE = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = "0123456789abcdef".indexOf(String.fromCharCode(byte));
  return value < 0 ? 16 : value;
});

const QUOTE = 0x22;
const DELETE = 0x7f;

/** Where a text begins and ends in the memory; behind it there is a byte that is no part of any text. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

export interface WrittenLists {
  /** Of the first file in the receipt, and after the bracket that ends the list; the same of the manifest. */
  readonly start: number;
  readonly end: number;
  readonly assets_end: number;
  readonly columns: FileColumns;
  /** After the list as the manifest hash has it, without its brackets. */
  readonly put_end: number;
}

/** `prefix`: what the paths of a tier begin with. `put_at`: where there is room for as much as the receipt takes. */
export function readWrittenLists(
  texts: TextMemory,
  pieces: ListPieces,
  {
    receipt,
    manifest,
    put_at,
  }: { readonly receipt: Place; readonly manifest: Place; readonly put_at: number },
  prefix: string,
): WrittenLists | undefined {
  const { memory } = texts;
  const found = memory.subarray(receipt.start, receipt.end).indexOf(START);
  const { assets } = pieces.by_name;
  const own_prefix = pieces.prefixes.get(prefix);
  if (found < 0 || own_prefix === undefined || texts.same(manifest.start, assets.at, assets.length) === 0)
    return undefined;
  const start = receipt.start + found + START.length;
  const count_max = Math.ceil((receipt.end - start) / FILE_BYTES_MIN);
  const places = { at: start, asset_at: manifest.start + assets.length, put_at, count_max };
  const reader = new ListReader(texts, pieces, own_prefix, places);
  while (reader.hasMore) if (!reader.takeFile()) return undefined;
  return reader.finish(start);
}

class ListReader {
  hasMore = true;
  private readonly texts: TextMemory;
  private readonly memory: Buffer;
  private readonly pieces: ListPieces;
  private readonly prefix: Piece;
  private readonly paths: string[] = [];
  private readonly digests: Buffer;
  private readonly flags: Uint8Array;
  /** Where the reading stands in each, and how far is written. */
  private at: number;
  private asset_at: number;
  private put_at: number;
  /** Of the file just read: where its parts begin and end. */
  private class_index = 0;
  private class_at = 0;
  private executable_at = 0;
  private origin_at = 0;
  private own_at = 0;
  private own_end = 0;
  private digest_at = 0;
  private size_at = 0;
  private size_end = 0;

  constructor(
    texts: TextMemory,
    pieces: ListPieces,
    prefix: Piece,
    from: {
      readonly at: number;
      readonly asset_at: number;
      readonly put_at: number;
      readonly count_max: number;
    },
  ) {
    this.texts = texts;
    this.memory = texts.memory;
    this.pieces = pieces;
    this.prefix = prefix;
    this.at = from.at;
    this.asset_at = from.asset_at;
    this.put_at = from.put_at;
    this.digests = Buffer.allocUnsafe(from.count_max * DIGEST_BYTES);
    this.flags = new Uint8Array(from.count_max);
  }

  /** The next file of the receipt, which must be the next asset of the manifest. */
  takeFile(): boolean {
    const { memory, pieces } = this;
    const start = this.at;
    const file_end = this.after(this.locate(start), pieces.by_name.after_size);
    if (file_end < 0) return false;
    this.hasMore = memory[file_end] === COMMA;
    const end = file_end + (this.hasMore ? 2 : 1);
    if (memory[end - 1] !== NEWLINE || !this.isAsset(start, end)) return false;
    this.putCompact();
    this.paths.push(memory.toString("latin1", this.own_at - this.prefix.length, this.own_end));
    this.at = end;
    return true;
  }

  /** Where the piece that should stand at `at` ends; -1 where it does not stand there, or there is no such place. */
  private after(at: number, piece: Piece): number {
    return at < 0 || this.texts.same(at, piece.at, piece.length) === 0 ? -1 : at + piece.length;
  }

  /** Where the size of the file that begins there ends; -1 for what is no file as it is written. */
  private locate(start: number): number {
    const { memory, pieces } = this;
    const piece = pieces.by_name;
    this.class_at = this.after(start, piece.classification);
    this.executable_at = this.after(this.afterClass(this.class_at) - 1, piece.executable);
    const is_executable = memory[this.executable_at] === LETTER_T;
    this.origin_at = this.after(this.executable_at, is_executable ? piece.true : piece.false);
    const origin_value_at = this.after(this.origin_at, piece.origin);
    const is_created = memory[origin_value_at] === LETTER_C;
    const origin_end = this.after(origin_value_at, is_created ? piece.created : piece.adopted);
    this.own_at = this.after(this.after(origin_end, piece.path), this.prefix);
    if (this.own_at < 0) return -1;
    this.own_end = this.texts.plainEnd(this.own_at);
    const own_length = this.own_end - this.own_at;
    if (own_length === 0 || own_length > PATH_MAX || memory[this.own_end] !== QUOTE) return -1;
    // The last one of ASCII stands for nothing that can be seen.
    for (let at = this.own_at; at < this.own_end; at++) if (memory[at] === DELETE) return -1;
    this.flags[this.paths.length] = flagsOf({
      classification: CLASSIFICATIONS[this.class_index] ?? "data",
      executable: is_executable,
      is_created,
    });
    this.digest_at = this.after(this.own_end, piece.sha256);
    this.size_at = this.after(this.afterDigest(this.digest_at), piece.size);
    this.size_end = this.afterSize(this.size_at);
    return this.size_end;
  }

  private afterClass(at: number): number {
    const { classes } = this.pieces;
    // Mostly it is that of the file before.
    const same = this.after(at, classes[this.class_index] ?? this.prefix);
    if (same >= 0 || at < 0) return same;
    for (const [index, piece] of classes.entries()) {
      const end = this.after(at, piece);
      if (end < 0) continue;
      this.class_index = index;
      return end;
    }
    return -1;
  }

  private afterDigest(at: number): number {
    if (at < 0) return -1;
    const { memory, digests } = this;
    const to = this.paths.length * DIGEST_BYTES;
    for (let byte = 0; byte < DIGEST_BYTES; byte++) {
      const high = NIBBLE[memory[at + 2 * byte] ?? 0] ?? 16;
      const low = NIBBLE[memory[at + 2 * byte + 1] ?? 0] ?? 16;
      if (high > 15 || low > 15) return -1;
      digests[to + byte] = high * 16 + low;
    }
    return at + HEX_DIGITS;
  }

  private afterSize(at: number): number {
    if (at < 0) return -1;
    const { memory } = this;
    let end = at;
    for (let byte = memory[end] ?? 0; byte >= ZERO && byte <= NINE; byte = memory[end] ?? 0) end++;
    const digits_count = end - at;
    if (digits_count === 0 || digits_count > DIGITS_MAX) return -1;
    return memory[at] === ZERO && digits_count > 1 ? -1 : end;
  }

  /** As an asset it is without where it came from, and without the tier before its path. */
  private isAsset(start: number, end: number): boolean {
    const first_end = this.after(this.asset_at, { at: start, length: this.origin_at - start });
    const path_at = this.after(first_end, this.pieces.by_name.path);
    this.asset_at = this.after(path_at, { at: this.own_at, length: end - this.own_at });
    return this.asset_at >= 0;
  }

  private putCompact(): void {
    const piece = this.pieces.by_name;
    const class_length = (this.pieces.classes[this.class_index]?.length ?? 1) - 1;
    this.put(piece.put_classification.at, piece.put_classification.length);
    this.put(this.class_at, class_length);
    this.put(piece.put_executable.at, piece.put_executable.length);
    this.put(this.executable_at, this.origin_at - this.executable_at);
    this.put(piece.put_path.at, piece.put_path.length);
    this.put(this.own_at, this.own_end - this.own_at);
    this.put(piece.put_sha256.at, piece.put_sha256.length);
    this.put(this.digest_at, HEX_DIGITS);
    this.put(piece.put_size.at, piece.put_size.length);
    this.put(this.size_at, this.size_end - this.size_at);
    this.memory[this.put_at++] = CLOSE;
    if (this.hasMore) this.memory[this.put_at++] = COMMA;
  }

  private put(from: number, length: number): void {
    this.texts.copy(this.put_at, from, length);
    this.put_at += length;
  }

  finish(start: number): WrittenLists | undefined {
    const end = this.after(this.at, this.pieces.by_name.end);
    const assets_end = this.after(this.asset_at, this.pieces.by_name.end);
    if (end < 0 || assets_end < 0) return undefined;
    const { paths, put_at: put_end } = this;
    const digests = this.digests.subarray(0, paths.length * DIGEST_BYTES);
    const columns = { paths, digests, flags: this.flags.subarray(0, paths.length) };
    return { start, end, assets_end, columns, put_end };
  }
}
