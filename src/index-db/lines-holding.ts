/** Lines of a ledger stream that hold a text, found by bytes: lines without it are never turned into text or parsed. */
import type { FileSystem } from "../effects/index.ts";

const CHUNK_BYTES = 1 << 20;
/** A line beyond this is damage that `pkg ledger verify` reports; what follows it is not searched. */
const LINE_BYTES_MAX = 64 << 20;
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

/** Complete lines that hold one of the texts, from first to last; bytes after the last newline are unacknowledged and not looked at. */
export function* linesHolding(
  fs: Pick<FileSystem, "openRead">,
  path: string,
  texts: readonly string[],
  from: LinePlace = START,
): Generator<HoldingLine, void, void> {
  const needles = texts.map((text) => Buffer.from(text));
  for (const piece of wholeLines(fs, path, from)) yield* within(piece, needles);
}

interface Piece extends LinePlace {
  readonly bytes: Buffer;
}

/** Pieces of the file that end with a newline; each is valid until the next one is asked for. */
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
    for (;;) {
      const count = handle.read(buffer.subarray(filled), offset + filled);
      if (count === 0) return;
      filled += count;
      const end = buffer.subarray(0, filled).lastIndexOf(NEWLINE) + 1;
      if (end > 0) {
        const bytes = buffer.subarray(0, end);
        yield { line, offset, bytes };
        line += countNewlines(bytes, 0, end);
        offset += end;
        buffer.copyWithin(0, end, filled);
        filled -= end;
      }
      if (filled > LINE_BYTES_MAX) return;
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
    yield { line, offset: piece.offset + start, text: bytes.toString("utf8", start, end) };
    counted = start;
    for (const [index, needle] of needles.entries())
      if ((hits[index] as number) >= 0 && (hits[index] as number) < end)
        hits[index] = bytes.indexOf(needle, end);
  }
}

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
