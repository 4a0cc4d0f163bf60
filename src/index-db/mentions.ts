/** Which ledger lines mention an id or digest: the question a trace asks of millions of entries. */
import { type Database, type FileStat, type FileSystem, stampOf } from "../effects/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import { linesAt, linesFrom } from "./ledger-lines.ts";
import { isLookedUp, tokenOf, tokensOf } from "./mention-token.ts";
import { type IndexEffects, withIndex } from "./open.ts";
import { type PackageChange, packageChange } from "./package-change.ts";

export interface Mention {
  /** Plane-relative. */
  readonly stream: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** More than this is read into the index only by `pkg rebuild-index`: a reader would wait longer than it saves. */
const CATCH_UP_BYTES = 4 << 20;
/** Lines of a block, of which only the first is known by its byte. */
const BLOCK_LINES = 1024;

/** Lines to look at in one stream, oldest first. */
export interface Places {
  readonly stream: string;
  readonly spans: readonly Span[];
}

interface Span {
  /** Number of the first line, from 1, and the byte it begins at. */
  readonly line: number;
  readonly offset: number;
  readonly lines_count: number;
}

/**
 * Where the streams may mention the text; undefined when the index cannot say. A line is a mention when its id, hash,
 * subject or metadata hold the text; others may be among them.
 */
export function placesMentioning(
  effects: IndexEffects,
  root: string,
  streams: readonly string[],
  text: string,
): Places[] | undefined {
  const sql = isLookedUp(text) ? NAMED : WORDS;
  return withIndex<Places[] | undefined>(
    effects,
    root,
    (database) => {
      if (!streams.every((stream) => catchUp(effects, root, database, stream, CATCH_UP_BYTES)))
        return undefined;
      return streams.map((stream) => ({
        stream,
        spans: database.all(sql, tokenOf(text), stream).map((row) => ({
          line: Number(row["line"]),
          offset: Number(row["offset"]),
          lines_count: sql === NAMED ? 1 : BLOCK_LINES,
        })),
      }));
    },
    () => undefined,
  );
}

const NAMED =
  "SELECT line, offset FROM mention WHERE token = ? AND stream = (SELECT id FROM stream WHERE name = ?) ORDER BY line";
const WORDS = `SELECT block.block * ${BLOCK_LINES} + 1 AS line, block.offset FROM word JOIN block USING (stream, block)
  WHERE token = ? AND stream = (SELECT id FROM stream WHERE name = ?) ORDER BY block.block`;

/** The lines at these places that hold the text in their bytes, in file order or from the last to the first. */
export function* linesAtPlaces(
  fs: Pick<FileSystem, "openRead">,
  root: string,
  { stream, spans }: Places,
  text: string,
  direction: "forwards" | "backwards" = "forwards",
): Generator<Mention, void, void> {
  if (spans.length === 0) return;
  const path = `${root}/${stream}`;
  const ordered = direction === "forwards" ? spans : spans.toReversed();
  for (let at = 0; at < ordered.length; at += BATCH_SPANS) {
    const batch = ordered.slice(at, at + BATCH_SPANS);
    const singles = linesAt(
      fs,
      path,
      batch.filter(({ lines_count }) => lines_count === 1).map(({ offset }) => offset),
    ).values();
    for (const span of batch) {
      const found =
        span.lines_count === 1 ? only(span.line, singles.next().value) : linesOfBlock(fs, path, span, text);
      for (const one of direction === "forwards" ? found : found.reverse()) yield { stream, ...one };
    }
  }
}

/** Spans read while the file is open once. */
const BATCH_SPANS = 64;

interface NumberedText {
  readonly line: number;
  readonly text: string;
}

const only = (line: number, text: string | undefined): NumberedText[] =>
  text === undefined ? [] : [{ line, text }];

function linesOfBlock(
  fs: Pick<FileSystem, "openRead">,
  path: string,
  { line, offset, lines_count }: Span,
  text: string,
): NumberedText[] {
  const needle = Buffer.from(text);
  const found: NumberedText[] = [];
  let number = line;
  for (const { bytes } of linesFrom(fs, path, offset).take(lines_count)) {
    if (bytes.includes(needle)) found.push({ line: number, text: bytes.toString("utf8") });
    number++;
  }
  return found;
}

export interface StoredChange extends PackageChange {
  /** From 1. */
  readonly line: number;
  readonly offset: number;
}

/** What the entries of a stream changed in force, oldest first; undefined when the index cannot say. */
export function packageChanges(
  effects: IndexEffects,
  root: string,
  stream: string,
): StoredChange[] | undefined {
  return withIndex<StoredChange[] | undefined>(
    effects,
    root,
    (database) =>
      catchUp(effects, root, database, stream, CATCH_UP_BYTES)
        ? (database.all(CHANGES, stream) as unknown as StoredChange[])
        : undefined,
    () => undefined,
  );
}

const CHANGES =
  "SELECT line, offset, package_id, plane_id, version, manifest_hash, generation, at_ms FROM change WHERE stream = (SELECT id FROM stream WHERE name = ?) ORDER BY line";

interface Indexed {
  readonly id: number;
  readonly stamp: string;
  readonly lines: number;
  /** Bytes read, all of them complete lines. */
  readonly bytes: number;
  /** Where the last line read begins, and its digest: a stream that only grew still has it there. */
  readonly last_offset: number;
  readonly last_digest: string;
}

const NOTHING: Omit<Indexed, "id" | "stamp"> = { lines: 0, bytes: 0, last_offset: 0, last_digest: "" };

/** True when the index covers the stream as it is; reads at most `bytes_max` to get there. */
export function catchUp(
  { fs }: IndexEffects,
  root: string,
  database: Database,
  stream: string,
  bytes_max: number,
): boolean {
  const path = `${root}/${stream}`;
  const stat = fs.stat(path);
  if (stat?.kind !== "file") return false;
  const known = database.all("SELECT * FROM stream WHERE name = ?", stream)[0] as Indexed | undefined;
  if (known?.stamp === stampOf(stat)) return true;
  const from = known !== undefined && onlyGrew(fs, path, stat, known) ? known : undefined;
  if (stat.size_bytes - (from?.bytes ?? 0) > bytes_max) return false;
  return database.change(() => readInto({ fs }, path, stat, database, stream, from)) === true;
}

/**
 * A stream is append-only, so what was read stays. An edit of earlier lines together with an append is not noticed here:
 * finding edits is what `pkg ledger verify` is for, and it never asks the index.
 */
function onlyGrew(fs: IndexEffects["fs"], path: string, stat: FileStat, known: Indexed): boolean {
  if (stat.size_bytes <= known.bytes) return false;
  if (known.lines === 0) return true;
  const [last] = linesAt(fs, path, [known.last_offset]);
  return last !== undefined && sha256Hex(Buffer.from(last)) === known.last_digest;
}

function readInto(
  { fs }: Pick<IndexEffects, "fs">,
  path: string,
  stat: FileStat,
  database: Database,
  stream: string,
  from: Indexed | undefined,
): true {
  const id = from?.id ?? freshStream(database, stream);
  let { lines, bytes, last_offset, last_digest } = from ?? NOTHING;
  const before = bytes;
  let words = new Set<number>();
  const keepWords = (block: number): void => {
    for (const token of words) database.run("INSERT OR IGNORE INTO word VALUES (?, ?, ?)", token, id, block);
    words = new Set();
  };
  for (const line of linesFrom(fs, path, bytes)) {
    const block = Math.floor(lines / BLOCK_LINES);
    if (lines % BLOCK_LINES === 0) {
      keepWords(block - 1);
      database.run("INSERT OR REPLACE INTO block VALUES (?, ?, ?)", id, block, line.offset);
    }
    lines++;
    last_offset = line.offset;
    bytes = line.offset + line.bytes.length + 1;
    const entry = entryIn(line.bytes);
    if (entry === undefined) continue;
    const tokens = tokensOf(entry);
    for (const token of tokens.named)
      database.run("INSERT INTO mention VALUES (?, ?, ?, ?)", token, id, lines, line.offset);
    for (const token of tokens.words) words.add(token);
    keepChange(database, id, lines, line.offset, entry);
  }
  keepWords(Math.floor((lines - 1) / BLOCK_LINES));
  if (bytes > before) last_digest = sha256Hex(Buffer.from(linesAt(fs, path, [last_offset])[0] ?? ""));
  database.run(
    "UPDATE stream SET stamp = ?, lines = ?, bytes = ?, last_offset = ?, last_digest = ? WHERE id = ?",
    stampOf(stat),
    lines,
    bytes,
    last_offset,
    last_digest,
    id,
  );
  return true;
}

function freshStream(database: Database, stream: string): number {
  for (const table of ["mention", "block", "word", "change"])
    database.run(`DELETE FROM ${table} WHERE stream = (SELECT id FROM stream WHERE name = ?)`, stream);
  database.run("DELETE FROM stream WHERE name = ?", stream);
  const empty =
    "INSERT INTO stream (name, stamp, lines, bytes, last_offset, last_digest) VALUES (?, '', 0, 0, 0, '')";
  database.run(empty, stream);
  return Number(database.all("SELECT id FROM stream WHERE name = ?", stream)[0]?.["id"]);
}

/** A line that is no JSON object mentions nothing; verification reports it. */
function entryIn(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const entry: unknown = JSON.parse(bytes.toString());
    return typeof entry === "object" && entry !== null && !Array.isArray(entry)
      ? (entry as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function keepChange(
  database: Database,
  id: number,
  line: number,
  offset: number,
  entry: Readonly<Record<string, unknown>>,
): void {
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
