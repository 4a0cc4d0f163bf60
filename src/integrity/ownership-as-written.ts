/**
 * Recognises a file_ownership that says what the receipts say, each row as an install writes it: without taking rows apart.
 * Whatever is in any way unusual is left to the reading row by row, which says what is wrong.
 */
import { isAscii, isUtf8 } from "node:buffer";
import type { FileSystem, ReadHandle } from "../effects/index.ts";
import { DIGEST_BYTES } from "../kernel/index.ts";
import { emptyRegistry } from "../registry/index.ts";
import type { ExpectedPaths } from "./expected.ts";
import { classificationOf } from "./file-columns.ts";

const WINDOW_BYTES = 1 << 20;
export const ENDING = "\r\n";
/** What a cell holds in quotes, or a spreadsheet would execute. */
const UNUSUAL = /^[=+\-@\t\r]|[",\r\n]/;
/** The same, by code unit; and all that is more than one byte. */
const IS_UNUSUAL = Uint8Array.from({ length: 256 }, (_, unit) =>
  unit >= 0x80 || '",\r\n'.includes(String.fromCharCode(unit)) ? 1 : 0,
);
const BEGINS_UNUSUAL: ReadonlySet<number> = new Set(Buffer.from("=+-@\t\r"));
const HEX = Buffer.from("0123456789abcdef");
const COMMA = 0x2c;

type Receipt = NonNullable<ReturnType<ExpectedPaths["receiptAt"]>>;

/** What was read of the file, in the order of its rows. */
interface Keeper {
  add(lines: Uint8Array, rows_count: number): void;
}

/**
 * Every path of a package has one row, and nothing else is in the file. In any order.
 * @returns `ordered` where paths ascend from row to row
 */
export function isOwnershipAsWritten(
  fs: FileSystem,
  path: string,
  expected: ExpectedPaths,
  keeper?: Keeper,
): boolean | "ordered" {
  const rows = new ExpectedRows(expected);
  try {
    const handle = fs.openRead(path);
    try {
      const is_good = eachPiece(handle, (lines) => {
        const before = rows.seen_count;
        const is_taken = rows.take(lines);
        if (rows.is_ordered) keeper?.add(lines, rows.seen_count - before);
        return is_taken;
      });
      return is_good && rows.is_complete && (rows.is_ordered ? "ordered" : true);
    } finally {
      handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return false;
  }
}

/** Whole lines, many at once, up to the end of the file; false as soon as there is anything else or they are refused. */
function eachPiece(handle: ReadHandle, take: (lines: Buffer) => boolean): boolean {
  const buffer = Buffer.allocUnsafe(WINDOW_BYTES);
  for (let at = 0, held = 0; ; ) {
    const count = handle.read(buffer.subarray(held), at);
    if (count === 0) return held === 0;
    at += count;
    held += count;
    // From below zero it would be looked for behind what was read.
    if (held < ENDING.length) continue;
    const end = buffer.lastIndexOf(ENDING, held - ENDING.length, "latin1") + ENDING.length;
    const lines = buffer.subarray(0, end);
    if (end < ENDING.length || !take(lines)) return false;
    buffer.copyWithin(0, end, held);
    held -= end;
  }
}

/** Undefined for what is no UTF-8: in its place there would be a character that a path may hold. */
export function textOf(lines: Buffer): string | undefined {
  if (isAscii(lines)) return lines.toString("latin1");
  return isUtf8(lines) ? lines.toString("utf8") : undefined;
}

class ExpectedRows {
  readonly #expected: ExpectedPaths;
  readonly #seen: Uint8Array;
  seen_count = 0;
  is_ordered = true;
  #last_path = "";
  #last = -1;
  #has_header = false;
  #cells:
    | { readonly receipt: Receipt; readonly flags: number; readonly owner: Buffer; readonly rest: Buffer }
    | undefined;

  constructor(expected: ExpectedPaths) {
    this.#expected = expected;
    this.#seen = new Uint8Array(expected.size);
  }

  get is_complete(): boolean {
    return this.#has_header && this.seen_count === this.#expected.of_packages_count;
  }

  /** Whole lines. False at the first row that is not as an install writes it. */
  take(lines: Buffer): boolean {
    let at = 0;
    if (!this.#has_header) {
      const header = Buffer.from(emptyRegistry("file_ownership"));
      if (!holds(lines, 0, header)) return false;
      this.#has_header = true;
      at = header.length;
    }
    while (at < lines.length) {
      // Receipts and registry mostly have the same order.
      const next = this.#last + 1;
      const end = this.#endOf(lines, at, next);
      if (end > 0 && this.#see(next)) at = end;
      else at = this.#endOfOther(lines, at);
      if (at < 0) return false;
    }
    return true;
  }

  /** Where the row of this path ends, if that is the one that stands there; -1 where it is not, or not certainly. */
  #endOf(lines: Buffer, start: number, index: number): number {
    const receipt = this.#expected.receiptAt(index);
    const path = this.#expected.paths[index];
    if (receipt === undefined || path === undefined) return -1;
    for (let at = 0; at < path.length; at++) {
      const unit = path.charCodeAt(at);
      if (unit !== lines[start + at] || IS_UNUSUAL[unit] !== 0) return -1;
    }
    if (BEGINS_UNUSUAL.has(path.charCodeAt(0))) return -1;
    const { owner, rest } = this.#cellsOf(receipt, this.#expected.flagsAt(index));
    const owner_at = start + path.length;
    const digest_at = owner_at + owner.length;
    const rest_at = digest_at + 2 * DIGEST_BYTES;
    const is_it =
      holds(lines, owner_at, owner) &&
      this.#hasDigest(lines, digest_at, index) &&
      holds(lines, rest_at, rest);
    return is_it ? rest_at + rest.length : -1;
  }

  #hasDigest(lines: Buffer, start: number, index: number): boolean {
    for (let place = 0; place < DIGEST_BYTES; place++) {
      const byte = this.#expected.digestByte(index, place);
      const at = start + 2 * place;
      if (lines[at] !== HEX[byte >> 4] || lines[at + 1] !== HEX[byte & 15]) return false;
    }
    return true;
  }

  /** What stands before and after the digest, which is the same for many rows. */
  #cellsOf(receipt: Receipt, flags: number): { readonly owner: Buffer; readonly rest: Buffer } {
    if (this.#cells?.receipt === receipt && this.#cells.flags === flags) return this.#cells;
    const owner = Buffer.from(`,${receipt.package_id},sha256:`);
    const rest = Buffer.from(`,${classificationOf(flags)},${receipt.installed_at}${ENDING}`);
    this.#cells = { receipt, flags, owner, rest };
    return this.#cells;
  }

  /** The same for a path that does not come next, or is not in ASCII. */
  #endOfOther(lines: Buffer, at: number): number {
    const path = lines.toString("utf8", at, lines.indexOf(COMMA, at));
    const index = this.#expected.indexOf(path);
    const row = index === undefined ? undefined : ownershipRow(this.#expected, index, path);
    if (index === undefined || row === undefined || !this.#see(index)) return -1;
    const bytes = Buffer.from(row);
    return holds(lines, at, bytes) ? at + bytes.length : -1;
  }

  /** False for a path that has had a row already. */
  #see(index: number): boolean {
    if (this.#seen[index] !== 0) return false;
    const path = this.#expected.paths[index] ?? "";
    this.#last = index;
    this.#seen[index] = 1;
    this.seen_count += 1;
    if (path <= this.#last_path) this.is_ordered = false;
    this.#last_path = path;
    return true;
  }
}

function holds(lines: Buffer, at: number, piece: Buffer): boolean {
  for (let index = 0; index < piece.length; index++) if (lines[at + index] !== piece[index]) return false;
  return true;
}

/** The row of an expected path as an install writes it; undefined where a cell would need quotes, and for what no package owns. */
export function ownershipRow(expected: ExpectedPaths, index: number, path: string): string | undefined {
  const receipt = expected.receiptAt(index);
  // Of a text with half a pair another one would be written.
  if (receipt === undefined || UNUSUAL.test(path) || !path.isWellFormed()) return undefined;
  const classification = classificationOf(expected.flagsAt(index));
  return `${path},${receipt.package_id},${expected.digestAt(index)},${classification},${receipt.installed_at}${ENDING}`;
}
