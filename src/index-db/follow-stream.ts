/** Ledger streams read into the index: a stream is append-only, so what was read stays. */
import { type Database, type FileStat, isSettled, stampOf } from "../effects/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import { linesAt, linesFrom } from "./ledger-lines.ts";
import { tokensOf } from "./mention-token.ts";
import type { IndexEffects } from "./open.ts";
import { packageChange } from "./package-change.ts";

/** More than this is read into the index only by `pkg rebuild-index`: a reader would wait longer than it saves. */
export const CATCH_UP_BYTES = 4 << 20;
/** Lines of a block, of which only the first is known by its byte. */
export const BLOCK_LINES = 1024;

/** Behind the stamp of a stream that may have changed again within the tick it was read in. */
export const UNSETTLED = " unsettled";

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
  { fs, clock }: IndexEffects,
  root: string,
  database: Database,
  stream: string,
  bytes_max: number,
): boolean {
  const path = `${root}/${stream}`;
  const stat = fs.stat(path);
  if (stat?.kind !== "file") return false;
  const known = database.all("SELECT * FROM stream WHERE name = ?", stream)[0] as Indexed | undefined;
  const stamp = stampOf(stat);
  if (known?.stamp === stamp) return true;
  const from = known !== undefined && onlyGrew(fs, path, stat, known) ? known : undefined;
  if (stat.size_bytes - (from?.bytes ?? 0) > bytes_max) return false;
  // What is read within a tick of its last change may change again without a sign, and is read again next time; a long
  // stream is believed, for its own hashes tell an edit.
  const is_sure = stat.size_bytes > CATCH_UP_BYTES || isSettled(stat, clock.now_ms());
  const kept = is_sure ? stamp : `${stamp}${UNSETTLED}`;
  return database.change(() => readInto({ fs }, path, kept, database, stream, from)) === true;
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
  stamp: string,
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
    stamp,
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
