/** Ledger streams read into the index: a stream is append-only, so what was read stays. */
import { type Database, type FileStat, isSettled, stampOf } from "../effects/index.ts";
import { sha256Hex, sha256Stream } from "../kernel/index.ts";
import { linesAt, linesFrom } from "./ledger-lines.ts";
import { tokensOf } from "./mention-token.ts";
import type { IndexEffects } from "./open.ts";
import { packageChange } from "./package-change.ts";

/** More than this is read into the index only by `pkg rebuild-index`: a reader would wait longer than it saves. */
export const CATCH_UP_BYTES = 4 << 20;
/** Lines of a block, of which only the first is known by its byte. */
export const BLOCK_LINES = 1024;

/** Of shorter streams every byte read is looked at again when they change: some milliseconds. */
const WHOLE_BYTES_MAX = 8 << 20;
const NEWLINE = Buffer.from("\n");

/** Behind the stamp of a stream that may have changed again within the tick it was read in. */
export const UNSETTLED = " unsettled";

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

/** True when the index covers the stream as it is; reads at most `bytes_max` to get there. */
export function catchUp(
  { fs, clock }: IndexEffects,
  root: string,
  database: Database,
  stream: string,
  bytes_max: number,
): boolean {
  const path = `${root}/${stream}`;
  const stat = fs.stat(path);
  if (stat?.kind !== "file") return false;
  const indexed = () => database.all("SELECT * FROM stream WHERE name = ?", stream)[0] as Indexed | undefined;
  const known = indexed();
  const stamp = stampOf(stat);
  if (known?.stamp === stamp) return true;
  const from = known !== undefined && beginsAsRead(fs, path, stat, known) ? known : undefined;
  if (stat.size_bytes - (from?.bytes ?? 0) > bytes_max) return false;
  // What is read within a tick of its last change may change again without a sign, and is looked at again next time.
  const is_sure = stat.size_bytes > WHOLE_BYTES_MAX || isSettled(stat, clock.now_ms());
  const kept = is_sure ? stamp : `${stamp}${UNSETTLED}`;
  const done = database.change(() => {
    const now = indexed();
    if (now?.stamp === stamp) return true;
    // Another process read some of it meanwhile: reading it again would count it twice.
    if (now?.id !== known?.id || now?.bytes !== known?.bytes) return false;
    return readInto({ fs }, path, kept, database, stream, from);
  });
  return done === true;
}

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
  if (stat.size_bytes === known.bytes) return false;
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
  stamp: string,
  database: Database,
  stream: string,
  from: Indexed | undefined,
): true {
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
    if (entry === undefined) continue;
    const tokens = tokensOf(entry);
    for (const token of tokens.named)
      database.run("INSERT INTO mention VALUES (?, ?, ?, ?)", token, id, lines, line.offset);
    for (const token of tokens.words) words.add(token);
    keepChange(database, id, lines, line.offset, entry);
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
  return true;
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
