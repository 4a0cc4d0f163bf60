/**
 * Recognises a file_ownership that says what the receipts say, each row as an install writes it: without taking rows apart.
 * Whatever is in any way unusual is left to the reading row by row, which says what is wrong.
 */
import { isAscii, isUtf8 } from "node:buffer";
import type { FileSystem, ReadHandle } from "../effects/index.ts";
import { emptyRegistry } from "../registry/index.ts";
import type { ExpectedPaths } from "./expected.ts";
import { classificationOf } from "./file-columns.ts";

const WINDOW_BYTES = 1 << 20;
export const ENDING = "\r\n";
/** What a cell holds in quotes, or a spreadsheet would execute. */
const UNUSUAL = /^[=+\-@\t\r]|[",\r\n]/;

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
      const is_good = eachText(handle, (lines) => {
        const before = rows.seen_count;
        const text = textOf(lines);
        const is_taken = text !== undefined && rows.take(text);
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
function eachText(handle: ReadHandle, take: (lines: Buffer) => boolean): boolean {
  const buffer = Buffer.allocUnsafe(WINDOW_BYTES);
  for (let at = 0, held = 0; ; ) {
    const count = handle.read(buffer.subarray(held), at);
    if (count === 0) return held === 0;
    at += count;
    held += count;
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

  constructor(expected: ExpectedPaths) {
    this.#expected = expected;
    this.#seen = new Uint8Array(expected.size);
  }

  get is_complete(): boolean {
    return this.#has_header && this.seen_count === this.#expected.of_packages_count;
  }

  /** False at the first row that is not as an install writes it. */
  take(text: string): boolean {
    let at = 0;
    if (!this.#has_header) {
      const header = emptyRegistry("file_ownership");
      if (!text.startsWith(header)) return false;
      this.#has_header = true;
      at = header.length;
    }
    while (at < text.length) {
      const row = this.#nextRow(text, at) ?? this.#rowOf(text.slice(at, text.indexOf(",", at)));
      if (row === undefined || !text.startsWith(row, at)) return false;
      at += row.length;
    }
    return true;
  }

  /** The row of the path after the last one, where it is that: receipts and registry mostly have the same order. */
  #nextRow(text: string, at: number): string | undefined {
    const path = this.#expected.paths[this.#last + 1];
    if (path === undefined || !text.startsWith(path, at) || text[at + path.length] !== ",") return undefined;
    return this.#rowAt(this.#last + 1, path);
  }

  #rowOf(path: string): string | undefined {
    const index = this.#expected.indexOf(path);
    return index === undefined ? undefined : this.#rowAt(index, path);
  }

  /** The row of a path that has had none yet. */
  #rowAt(index: number, path: string): string | undefined {
    if (this.#expected.receiptAt(index) === undefined || this.#seen[index] !== 0) return undefined;
    this.#last = index;
    this.#seen[index] = 1;
    this.seen_count += 1;
    if (path <= this.#last_path) this.is_ordered = false;
    this.#last_path = path;
    return ownershipRow(this.#expected, index, path);
  }
}

/** The row of an expected path as an install writes it; undefined where a cell would need quotes, and for what no package owns. */
export function ownershipRow(expected: ExpectedPaths, index: number, path: string): string | undefined {
  const receipt = expected.receiptAt(index);
  if (receipt === undefined || UNUSUAL.test(path)) return undefined;
  const classification = classificationOf(expected.flagsAt(index));
  return `${path},${receipt.package_id},${expected.digestAt(index)},${classification},${receipt.installed_at}${ENDING}`;
}
