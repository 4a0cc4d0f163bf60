/** Ledger streams read into the index: a stream is append-only, so what was read stays. */
import { type Database, type FileStat, isSettled, stampOf } from "../effects/index.ts";
import { sha256Hex, sha256Stream } from "../kernel/index.ts";
import { linesAt, linesFrom } from "./ledger-lines.ts";
import { tokensOf } from "./mention-token.ts";
import type { IndexEffects } from "./open.ts";
import { packageChange } from "./package-change.ts";

/** So much is read into the index at once by who asks for lines. */
const CATCH_UP_BYTES = 4 << 20;
/** Where more is missing, so much of it: what is left is searched by its bytes, and the next command goes on. */
const STEP_BYTES = 2 << 20;
/** Lines of a block, of which only the first is known by its byte. */
export const BLOCK_LINES = 1024;

/** Of shorter streams every byte read is looked at again when they change: some milliseconds. */
const WHOLE_BYTES_MAX = 8 << 20;
const NEWLINE = Buffer.from("\n");

/** Behind the stamp of a stream that may have changed again within the tick it was read in. */
export const UNSETTLED = " unsettled";
const SIZE_IN_STAMP = 2;
/** Behind the stamp of a stream that was not read to its end. */
const PARTLY = " partly";

interface Indexed {
  readonly id: number;
  readonly stamp: string;
  readonly lines: number;
  /** Bytes read, all of them complete lines. */
  readonly bytes: number;
  /** Where the last line read begins, and its digest where there is none of all bytes: a stream that only grew has it there. */
  readonly last_offset: number;
  readonly last_digest: string;
  /** Of all bytes read; empty where they were too many. */
  readonly whole_digest: string;
}

const NOTHING: Omit<Indexed, "id" | "stamp"> = {
  lines: 0,
  bytes: 0,
  last_offset: 0,
  last_digest: "",
  whole_digest: "",
};

/** The beginning of a stream that the index knows. */
export interface Covered {
  readonly lines: number;
  /** All of them complete lines. */
  readonly bytes: number;
  /** False where lines may follow. */
  readonly is_all: boolean;
}

/**
 * Reads what came since into the index: `all` of it, or at most as much as saves more time than it takes. Undefined where the
 * stream does not begin as it was read, or nothing can be kept now.
 */
export function catchUp(
  { fs, clock }: IndexEffects,
  root: string,
  database: Database,
  stream: string,
  how_much: "all" | "some",
): Covered | undefined {
  const path = `${root}/${stream}`;
  const stat = fs.stat(path);
  if (stat?.kind !== "file") return undefined;
  const indexed = () => database.all("SELECT * FROM stream WHERE name = ?", stream)[0] as Indexed | undefined;
  const known = indexed();
  if (known?.stamp === stampOf(stat)) return coveredBy(known, true);
  const step = nextStep({ fs, clock }, path, stat, known, how_much);
  const { from, is_last } = step;
  if (!is_last) {
    // To throw much away takes longer than to search it once more by its bytes.
    if (from === undefined && known !== undefined) return undefined;
    if (!isFirstStep(database, stream)) return from && coveredBy(from, false);
  }
  return database.change(() => {
    const now = indexed();
    if (now?.stamp === stampOf(stat)) return coveredBy(now, true);
    // Another process read some of it meanwhile: reading it again would count it twice.
    if (now?.id !== known?.id || now?.bytes !== known?.bytes) return undefined;
    return coveredBy(readInto({ fs }, path, stream, database, step), is_last);
  });
}

interface Step {
  /** What is known and goes on; absent where the stream is read from its first line. */
  readonly from: Indexed | undefined;
  readonly bytes_max: number;
  /** Whether the index knows all of the stream then. */
  readonly is_last: boolean;
  /** To be kept with what is read. */
  readonly stamp: string;
}

function nextStep(
  { fs, clock }: Pick<IndexEffects, "fs" | "clock">,
  path: string,
  stat: FileStat,
  known: Indexed | undefined,
  how_much: "all" | "some",
): Step {
  const from = known !== undefined && beginsAsRead(fs, path, stat, known) ? known : undefined;
  const is_last = how_much === "all" || stat.size_bytes - (from?.bytes ?? 0) <= CATCH_UP_BYTES;
  if (!is_last) return { from, bytes_max: STEP_BYTES, is_last, stamp: `${stampOf(stat)}${PARTLY}` };
  // What is read within a tick of its last change may change again without a sign, and is looked at again next time.
  const is_sure = stat.size_bytes > WHOLE_BYTES_MAX || isSettled(stat, clock.now_ms());
  const stamp = `${stampOf(stat)}${is_sure ? "" : UNSETTLED}`;
  return { from, bytes_max: Number.POSITIVE_INFINITY, is_last, stamp };
}

/** Streams of which a step was read while this database is open: a command asks many questions. */
const stepped = new WeakMap<Database, Set<string>>();

function isFirstStep(database: Database, stream: string): boolean {
  const streams = stepped.get(database) ?? new Set<string>();
  stepped.set(database, streams);
  const is_first = !streams.has(stream);
  streams.add(stream);
  return is_first;
}

const coveredBy = ({ lines, bytes }: Pick<Indexed, "lines" | "bytes">, is_all: boolean): Covered => ({
  lines,
  bytes,
  is_all,
});

/**
 * A stream is append-only, so what was read stays. In a longer one an edit of earlier lines together with an append is
 * noticed where lines are asked for that it moved, and not where it did not: finding edits is what `pkg ledger verify` is
 * for, and it never asks the index.
 */
function beginsAsRead(fs: IndexEffects["fs"], path: string, stat: FileStat, known: Indexed): boolean {
  if (stat.size_bytes < known.bytes) return false;
  if (known.lines === 0) return true;
  if (known.whole_digest !== "")
    return digestOfFirst(fs, path, known.bytes).digest("hex") === known.whole_digest;
  // It did not grow since: it is the same if it was only not read to its end.
  if (known.stamp.startsWith(`${stampOf(stat)} `)) return true;
  if (known.stamp.split(":")[SIZE_IN_STAMP] === `${stat.size_bytes}`) return false;
  const [last] = linesAt(fs, path, [known.last_offset]);
  return last !== undefined && sha256Hex(Buffer.from(last)) === known.last_digest;
}

/** Of the first bytes of a file, to go on with. */
function digestOfFirst(fs: IndexEffects["fs"], path: string, bytes: number): ReturnType<typeof sha256Stream> {
  const digest = sha256Stream();
  if (bytes === 0) return digest;
  const handle = fs.openRead(path);
  try {
    const buffer = Buffer.allocUnsafe(Math.min(bytes, 1 << 20));
    for (let at = 0; at < bytes; ) {
      const count = handle.read(buffer.subarray(0, Math.min(buffer.length, bytes - at)), at);
      if (count === 0) break;
      digest.update(buffer.subarray(0, count));
      at += count;
    }
  } finally {
    handle.close();
  }
  return digest;
}

function readInto(
  { fs }: Pick<IndexEffects, "fs">,
  path: string,
  stream: string,
  database: Database,
  { from, bytes_max, stamp }: Step,
): Pick<Indexed, "lines" | "bytes"> {
  const id = from?.id ?? freshStream(database, stream);
  let { lines, bytes, last_offset, last_digest } = from ?? NOTHING;
  const before = bytes;
  const digest = digestOfFirst(fs, path, before > WHOLE_BYTES_MAX ? 0 : before);
  let words = new Set<number>();
  const keepWords = (block: number): void => {
    for (const token of words) database.run("INSERT OR IGNORE INTO word VALUES (?, ?, ?)", token, id, block);
    words = new Set();
  };
  for (const line of linesFrom(fs, path, bytes)) {
    if (line.offset - before >= bytes_max) break;
    const block = Math.floor(lines / BLOCK_LINES);
    if (lines % BLOCK_LINES === 0) {
      keepWords(block - 1);
      database.run("INSERT OR REPLACE INTO block VALUES (?, ?, ?)", id, block, line.offset);
    }
    lines++;
    last_offset = line.offset;
    bytes = line.offset + line.bytes.length + 1;
    if (bytes <= WHOLE_BYTES_MAX) digest.update(line.bytes).update(NEWLINE);
    const entry = entryIn(line.bytes);
    if (entry !== undefined) keepLine(database, { id, line: lines, offset: line.offset }, entry, words);
  }
  keepWords(Math.floor((lines - 1) / BLOCK_LINES));
  const is_whole = bytes <= WHOLE_BYTES_MAX;
  if (bytes > before && !is_whole)
    last_digest = sha256Hex(Buffer.from(linesAt(fs, path, [last_offset])[0] ?? ""));
  database.run(
    "UPDATE stream SET stamp = ?, lines = ?, bytes = ?, last_offset = ?, last_digest = ?, whole_digest = ? WHERE id = ?",
    stamp,
    lines,
    bytes,
    last_offset,
    last_digest,
    is_whole ? digest.digest("hex") : "",
    id,
  );
  return { lines, bytes };
}

function freshStream(database: Database, stream: string): number {
  for (const table of ["mention", "block", "word", "change"])
    database.run(`DELETE FROM ${table} WHERE stream = (SELECT id FROM stream WHERE name = ?)`, stream);
  database.run("DELETE FROM stream WHERE name = ?", stream);
  const empty =
    "INSERT INTO stream (name, stamp, lines, bytes, last_offset, last_digest, whole_digest) VALUES (?, '', 0, 0, 0, '', '')";
  database.run(empty, stream);
  return Number(database.all("SELECT id FROM stream WHERE name = ?", stream)[0]?.["id"]);
}

/** A line that is no JSON object mentions nothing; verification reports it. */
export function entryIn(bytes: Buffer | string): Readonly<Record<string, unknown>> | undefined {
  try {
    const entry: unknown = JSON.parse(bytes.toString());
    return typeof entry === "object" && entry !== null && !Array.isArray(entry)
      ? (entry as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

interface IndexedLine {
  /** Of its stream. */
  readonly id: number;
  readonly line: number;
  readonly offset: number;
}

function keepLine(
  database: Database,
  { id, line, offset }: IndexedLine,
  entry: Readonly<Record<string, unknown>>,
  words: Set<number>,
): void {
  const tokens = tokensOf(entry);
  for (const token of tokens.named)
    database.run("INSERT INTO mention VALUES (?, ?, ?, ?)", token, id, line, offset);
  for (const token of tokens.words) words.add(token);
  const change = packageChange(entry);
  if (change === undefined) return;
  const { package_id, plane_id, version, manifest_hash, generation, at_ms } = change;
  database.run(
    "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    id,
    line,
    offset,
    package_id,
    plane_id,
    version,
    manifest_hash,
    generation,
    at_ms,
  );
}
