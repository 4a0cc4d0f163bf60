/** Lines of a ledger stream that hold a text, found by bytes: lines without it are never turned into text or parsed. */
import type { FileSystem } from "../effects/index.ts";
import { STORED_LINE_BYTES_MAX } from "./line-form.ts";

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 0x0a;

/** Where a line begins: its number, from 1, and its byte. */
export interface LinePlace {
  readonly line: number;
  readonly offset: number;
}

export interface HoldingLine extends LinePlace {
  readonly text: string;
}

const START: LinePlace = { line: 1, offset: 0 };

/**
 * Complete lines that hold one of the texts, from first to last; bytes after the last newline are unacknowledged and not looked
 * at. A line that is longer than any entry is passed over: `pkg ledger verify` reports it.
 * @throws Node's own error when the file cannot be opened or read.
 */
export function* linesHolding(
  fs: Pick<FileSystem, "openRead">,
  path: string,
  texts: readonly string[],
  from: LinePlace = START,
): Generator<HoldingLine, void, void> {
  const needles = texts.filter((text) => !text.includes("\n")).map((text) => Buffer.from(text));
  for (const piece of wholeLines(fs, path, from)) yield* within(piece, needles);
}

interface Piece extends LinePlace {
  readonly bytes: Buffer;
}

/** Pieces of the file that begin a line and end with a newline; each is valid until the next one is asked for. */
export function* wholeLines(
  fs: Pick<FileSystem, "openRead">,
  path: string,
  from: LinePlace = START,
): Generator<Piece, void, void> {
  const handle = fs.openRead(path);
  try {
    let buffer: Buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let filled = 0;
    let { line, offset } = from;
    let is_cut = false;
    for (;;) {
      const count = handle.read(buffer.subarray(filled), offset + filled);
      if (count === 0) return;
      filled += count;
      const end = buffer.subarray(0, filled).lastIndexOf(NEWLINE) + 1;
      if (end > 0) {
        // What is left of a line whose beginning was dropped.
        const start = is_cut ? buffer.indexOf(NEWLINE) + 1 : 0;
        if (is_cut) line++;
        is_cut = false;
        const bytes = buffer.subarray(start, end);
        yield { line, offset: offset + start, bytes };
        line += countNewlines(bytes, 0, bytes.length);
        offset += end;
        buffer.copyWithin(0, end, filled);
        filled -= end;
      }
      if (filled > STORED_LINE_BYTES_MAX) {
        is_cut = true;
        offset += filled;
        filled = 0;
      }
      if (filled > buffer.length / 2) buffer = Buffer.concat([buffer], buffer.length * 2);
    }
  } finally {
    handle.close();
  }
}

function* within(piece: Piece, needles: readonly Buffer[]): Generator<HoldingLine, void, void> {
  const { bytes } = piece;
  const hits = needles.map((needle) => bytes.indexOf(needle));
  let { line } = piece;
  let counted = 0;
  for (let found = firstOf(hits); found >= 0; found = firstOf(hits)) {
    const start = bytes.lastIndexOf(NEWLINE, found) + 1;
    const end = bytes.indexOf(NEWLINE, found);
    line += countNewlines(bytes, counted, start);
    if (end - start <= STORED_LINE_BYTES_MAX)
      yield { line, offset: piece.offset + start, text: bytes.toString("utf8", start, end) };
    counted = start;
    // Past the newline: an empty text is found there too.
    for (const [index, needle] of needles.entries())
      if ((hits[index] as number) <= end)
        hits[index] = nextFrom(bytes, needle, hits[index] as number, end + 1);
  }
}

const nextFrom = (bytes: Buffer, needle: Buffer, hit: number, from: number): number =>
  hit < 0 || from >= bytes.length ? -1 : bytes.indexOf(needle, from);

/** -1 where none is left. */
function firstOf(hits: readonly number[]): number {
  let first = -1;
  for (const hit of hits) if (hit >= 0 && (first < 0 || hit < first)) first = hit;
  return first;
}

function countNewlines(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE, start); at >= 0 && at < end; at = bytes.indexOf(NEWLINE, at + 1))
    count++;
  return count;
}
