/**
 * Recognises a file_ownership that says what the receipts say, each row as an install writes it: without taking rows apart.
 * Whatever is in any way unusual is left to the reading row by row, which says what is wrong.
 */
import { isAscii } from "node:buffer";
import type { FileSystem, ReadHandle } from "../effects/index.ts";
import { emptyRegistry } from "../registry/index.ts";
import type { ExpectedPaths } from "./expected.ts";
import { classificationOf } from "./file-columns.ts";

const WINDOW_BYTES = 1 << 20;
const ENDING = "\r\n";
/** What a cell holds in quotes, or a spreadsheet would execute. */
const UNUSUAL = /^[=+\-@\t\r]|[",\r\n]/;

/** Every path of a package has one row, and nothing else is in the file. In any order. */
export function isOwnershipAsWritten(fs: FileSystem, path: string, expected: ExpectedPaths): boolean {
  const rows = new ExpectedRows(expected);
  try {
    const handle = fs.openRead(path);
    try {
      return eachText(handle, (text) => rows.take(text)) && rows.is_complete;
    } finally {
      handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return false;
  }
}

/** Whole lines, many at once, up to the end of the file; false as soon as there is anything else or they are refused. */
function eachText(handle: ReadHandle, take: (text: string) => boolean): boolean {
  const buffer = Buffer.allocUnsafe(WINDOW_BYTES);
  for (let at = 0, held = 0; ; ) {
    const count = handle.read(buffer.subarray(held), at);
    if (count === 0) return held === 0;
    at += count;
    held += count;
    const end = buffer.lastIndexOf(ENDING, held - ENDING.length, "latin1") + ENDING.length;
    const lines = buffer.subarray(0, end);
    if (end < ENDING.length || !isAscii(lines) || !take(lines.toString("latin1"))) return false;
    buffer.copyWithin(0, end, held);
    held -= end;
  }
}

class ExpectedRows {
  readonly #expected: ExpectedPaths;
  readonly #seen: Uint8Array;
  #seen_count = 0;
  #last = -1;
  #has_header = false;

  constructor(expected: ExpectedPaths) {
    this.#expected = expected;
    this.#seen = new Uint8Array(expected.size);
  }

  get is_complete(): boolean {
    return this.#has_header && this.#seen_count === this.#expected.of_packages_count;
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
    const receipt = this.#expected.receiptAt(index);
    if (receipt === undefined || this.#seen[index] !== 0 || UNUSUAL.test(path)) return undefined;
    this.#last = index;
    this.#seen[index] = 1;
    this.#seen_count += 1;
    const classification = classificationOf(this.#expected.flagsAt(index));
    return `${path},${receipt.package_id},${this.#expected.digestAt(index)},${classification},${receipt.installed_at}${ENDING}`;
  }
}
