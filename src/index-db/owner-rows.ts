/** Whether the index and the registry say the same of every path, a few thousand rows at a time: half a million texts are not made for it. */
import { isUtf8 } from "node:buffer";
import type { Database, FileSystem, ReadHandle } from "../effects/index.ts";
import { emptyRegistry } from "../registry/index.ts";

/** Rows that are compared as one text: texts that are much longer are not collected as soon. */
const PIECE = 1000;
const WINDOW_BYTES = 1 << 16;
const ENDING = "\r\n";
const QUOTE = 0x22;

/** False also where the registry is not written as we write it, in the order of its paths: then each row is to be looked up. */
export function sameOwners(fs: Pick<FileSystem, "openRead">, path: string, database: Database): boolean {
  const header = emptyRegistry("file_ownership");
  try {
    const handle = fs.openRead(path);
    try {
      return sameTexts(pieces(rowsOf(handle, header)), piecesOf(database));
    } finally {
      handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return false;
  }
}

function sameTexts(ours: Iterator<string | undefined>, theirs: Iterator<string>): boolean {
  for (;;) {
    const [one, other] = [ours.next(), theirs.next()];
    if (one.done === true || other.done === true) return one.done === other.done;
    if (one.value !== other.value) return false;
  }
}

/**
 * Paths and owners of the index, a line each, in the order of paths, under a line with their number: a path of the index may hold
 * whatever reads like a row, and rows of the registry no newline.
 */
function* piecesOf(database: Database): Generator<string> {
  const sql = `SELECT group_concat(path || ',' || package_id, char(10)) AS text, max(path) AS last, count(*) AS count
    FROM (SELECT path, package_id FROM owner WHERE path > ? ORDER BY path LIMIT ${PIECE})`;
  for (let last = ""; ; ) {
    const [row] = database.all(sql, last);
    if (row === undefined || row["count"] === 0) return;
    yield pieceOf(Number(row["count"]), String(row["text"]));
    last = String(row["last"]);
  }
}

/** As many lines each as `piecesOf` gives; undefined as soon as there is anything unusual. */
function* pieces(rows: Iterable<string | undefined>): Generator<string | undefined> {
  let held: string[] = [];
  for (const row of rows) {
    if (row === undefined) {
      yield undefined;
      return;
    }
    held.push(row);
    if (held.length < PIECE) continue;
    yield pieceOf(held.length, held.join("\n"));
    held = [];
  }
  if (held.length > 0) yield pieceOf(held.length, held.join("\n"));
}

const pieceOf = (rows_count: number, text: string): string => `${rows_count}\n${text}`;

/** Path and owner of each row, with the comma between; undefined for what is not written as we write it. */
function* rowsOf(handle: ReadHandle, header: string): Generator<string | undefined> {
  let is_first = true;
  for (const text of textsOf(handle)) {
    if (text === undefined || (is_first && !text.startsWith(header))) {
      yield undefined;
      return;
    }
    for (let at = is_first ? header.length : 0; at < text.length; ) {
      const end = text.indexOf(ENDING, at);
      const second = text.indexOf(",", text.indexOf(",", at) + 1);
      const row = text.slice(at, second);
      if (second < 0 || second > end || row.includes("\n")) {
        yield undefined;
        return;
      }
      yield row;
      at = end + ENDING.length;
    }
    is_first = false;
  }
}

/** Whole lines, many at once; undefined where they are no UTF-8 or hold a quote. */
function* textsOf(handle: ReadHandle): Generator<string | undefined> {
  const buffer = Buffer.allocUnsafe(WINDOW_BYTES);
  for (let at = 0, held = 0; ; ) {
    const count = handle.read(buffer.subarray(held), at);
    if (count === 0) {
      if (held > 0) yield undefined;
      return;
    }
    at += count;
    held += count;
    // From below zero it would be looked for behind what was read.
    if (held < ENDING.length) continue;
    const lines = buffer.subarray(
      0,
      buffer.lastIndexOf(ENDING, held - ENDING.length, "latin1") + ENDING.length,
    );
    if (lines.length < ENDING.length || lines.includes(QUOTE) || !isUtf8(lines)) {
      yield undefined;
      return;
    }
    yield lines.toString("utf8");
    buffer.copyWithin(0, lines.length, held);
    held -= lines.length;
  }
}
