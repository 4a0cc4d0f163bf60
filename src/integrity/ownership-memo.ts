/**
 * Recognises a file_ownership in which nothing has changed but the rows of packages that came, went or changed: pieces at its start
 * and at its end are the very bytes that were held against receipts before, and only the rows between are held against them now.
 */
import type { FileSystem, Random, ReadHandle } from "../effects/index.ts";
import { hasMac, NONCE_BYTES, newMac } from "../kernel/index.ts";
import { emptyRegistry } from "../registry/index.ts";
import type { ExpectedPaths } from "./expected.ts";
import type { OwnershipMemo, OwnershipPiece } from "./note.ts";
import { ENDING, ownershipRow, textOf } from "./ownership-as-written.ts";
import { NotRecallable, type Recall } from "./recall.ts";

const PIECE_BYTES = 1 << 20;
/** No path is longer. */
const FIRST_BYTES = 8192;

/** Makes the memo of a file while somebody else judges its rows. */
export class OwnershipKeeper {
  readonly pieces: OwnershipPiece[] = [];
  readonly #random: Random;
  readonly #key: Buffer;

  constructor(random: Random, key: Buffer) {
    this.#random = random;
    this.#key = key;
  }

  /** Whole rows, the next ones of the file. */
  add(lines: Uint8Array, rows_count: number): void {
    this.pieces.push({
      ...newMac(this.#random.hex(NONCE_BYTES), this.#key, lines),
      size_bytes: lines.length,
      rows_count,
    });
  }
}

interface Needs {
  readonly fs: FileSystem;
  readonly random: Random;
  readonly key: Buffer;
}

/** The memo of the file as it is now: every expected path has one row, and nothing else is in it. @throws NotRecallable */
export function recallOwnership(
  { fs, random, key }: Needs,
  path: string,
  recall: Recall,
  expected: ExpectedPaths,
): OwnershipMemo {
  const memo = recall.last.note.ownership;
  const others = othersOf(recall, expected);
  if (memo === null) throw new NotRecallable();
  if (recall.last.isSame(path)) {
    if (others.length > 0) throw new NotRecallable();
    return memo;
  }
  const handle = openOrNot(fs, path);
  try {
    const { size_bytes } = handle.stat();
    const first = sameFromStart(handle, memo, key, size_bytes);
    const last = sameFromEnd(handle, memo, key, { size_bytes, ...first });
    const middle = readBetween(handle, first.end, last.start);
    const keeper = new OwnershipKeeper(random, key);
    const rows = new MiddleRows(recall, expected, lastPath(first.bytes), first.count === 0);
    rows.takeAll(middle, keeper);
    const after = firstPath(last.bytes);
    const isBetween = (one: string): boolean =>
      one > rows.first_bound && (after === undefined || one < after);
    if ((after !== undefined && rows.last_path >= after) || !others.every(isBetween))
      throw new NotRecallable();
    const kept = [...memo.pieces.slice(0, first.count), ...keeper.pieces, ...memo.pieces.slice(last.from)];
    const rows_count = kept.reduce((sum, one) => sum + one.rows_count, 0);
    if (rows_count !== recall.count + expected.of_packages_count) throw new NotRecallable();
    return { pieces: kept };
  } finally {
    handle.close();
  }
}

/** Paths whose rows may be other ones than before. */
function othersOf(recall: Recall, expected: ExpectedPaths): string[] {
  const own = expected.paths.filter((_, index) => {
    const receipt = expected.receiptAt(index);
    return receipt !== undefined && !recall.isAlive(receipt);
  });
  return [...own, ...recall.goneOfOthers()];
}

function openOrNot(fs: FileSystem, path: string): ReadHandle {
  try {
    return fs.openRead(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new NotRecallable();
  }
}

function sameFromStart(
  handle: ReadHandle,
  { pieces }: OwnershipMemo,
  key: Buffer,
  size_bytes: number,
): { readonly count: number; readonly end: number; readonly bytes: Buffer | undefined } {
  let end = 0;
  let bytes: Buffer | undefined;
  for (const [count, piece] of pieces.entries()) {
    const found =
      end + piece.size_bytes > size_bytes ? undefined : readBetween(handle, end, end + piece.size_bytes);
    if (found === undefined || !hasMac(piece, key, found)) return { count, end, bytes };
    bytes = found;
    end += piece.size_bytes;
  }
  return { count: pieces.length, end, bytes };
}

function sameFromEnd(
  handle: ReadHandle,
  { pieces }: OwnershipMemo,
  key: Buffer,
  first: { readonly size_bytes: number; readonly count: number; readonly end: number },
): { readonly from: number; readonly start: number; readonly bytes: Buffer | undefined } {
  let start = first.size_bytes;
  let bytes: Buffer | undefined;
  for (let from = pieces.length; ; from--) {
    const piece = from > first.count ? pieces[from - 1] : undefined;
    if (piece === undefined || start - piece.size_bytes < first.end) return { from, start, bytes };
    const found = readBetween(handle, start - piece.size_bytes, start);
    if (!hasMac(piece, key, found)) return { from, start, bytes };
    bytes = found;
    start -= piece.size_bytes;
  }
}

function readBetween(handle: ReadHandle, start: number, end: number): Buffer {
  const bytes = Buffer.allocUnsafe(end - start);
  for (let filled = 0; filled < bytes.length; ) {
    const count = handle.read(bytes.subarray(filled), start + filled);
    if (count === 0) throw new NotRecallable();
    filled += count;
  }
  return bytes;
}

const pathOfRow = (text: string, at: number): string => text.slice(at, text.indexOf(",", at));

function lastPath(piece: Buffer | undefined): string {
  if (piece === undefined) return "";
  const text = piece.toString("utf8");
  const header = emptyRegistry("file_ownership");
  if (text === header) return "";
  return pathOfRow(text, text.lastIndexOf(ENDING, text.length - ENDING.length - 1) + ENDING.length);
}

const firstPath = (piece: Buffer | undefined): string | undefined =>
  piece === undefined ? undefined : pathOfRow(piece.toString("utf8", 0, FIRST_BYTES), 0);

/** Rows between the pieces that are as they were. */
class MiddleRows {
  last_path: string;
  readonly first_bound: string;
  readonly #recall: Recall;
  readonly #expected: ExpectedPaths;
  #wants_header: boolean;

  constructor(recall: Recall, expected: ExpectedPaths, last_path: string, wants_header: boolean) {
    this.#recall = recall;
    this.#expected = expected;
    this.last_path = last_path;
    this.first_bound = last_path;
    this.#wants_header = wants_header;
  }

  takeAll(middle: Buffer, keeper: OwnershipKeeper): void {
    for (let start = 0; start < middle.length; ) {
      const most = Math.min(middle.length, start + PIECE_BYTES);
      const end =
        most === middle.length ? most : middle.lastIndexOf(ENDING, most - ENDING.length) + ENDING.length;
      if (end <= start) throw new NotRecallable();
      const lines = middle.subarray(start, end);
      const text = textOf(lines);
      if (text === undefined) throw new NotRecallable();
      keeper.add(lines, this.#take(text));
      start = end;
    }
    if (this.#wants_header) throw new NotRecallable();
  }

  /** @returns how many rows there are */
  #take(text: string): number {
    let at = 0;
    if (this.#wants_header) {
      const header = emptyRegistry("file_ownership");
      if (!text.startsWith(header)) throw new NotRecallable();
      this.#wants_header = false;
      at = header.length;
    }
    let count = 0;
    for (; at < text.length; count++) {
      const path = pathOfRow(text, at);
      const row = this.#rowOf(path);
      if (path <= this.last_path || row === undefined || !text.startsWith(row, at)) throw new NotRecallable();
      this.last_path = path;
      at += row.length;
    }
    return count;
  }

  #rowOf(path: string): string | undefined {
    const index = this.#expected.indexOf(path);
    if (index !== undefined) return ownershipRow(this.#expected, index, path);
    const row = this.#recall.rowOf(path);
    const text = row === undefined ? undefined : this.#recall.ownershipRow(row, path);
    return text === undefined ? undefined : `${text}${ENDING}`;
  }
}
