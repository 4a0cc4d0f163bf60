/** Which ledger lines mention an id or digest: the question a trace asks of millions of entries. */
import { type Database, type FileStat, stampOf } from "../effects/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import { linesAt, linesFrom } from "./ledger-lines.ts";
import { isLookedUp, tokenOf, tokensOf } from "./mention-token.ts";
import { type IndexEffects, withIndex } from "./open.ts";

export interface Mention {
  /** Plane-relative. */
  readonly stream: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** More than this is read into the index only by `pkg rebuild-index`: a reader would wait longer than it saves. */
const CATCH_UP_BYTES = 4 << 20;

/**
 * Lines of the streams that may mention the text, stream by stream, oldest first; undefined when the index cannot say.
 * A line is a mention when its id, hash, subject or metadata hold the text; a few others may be among them.
 */
export function linesMentioning(
  effects: IndexEffects,
  root: string,
  streams: readonly string[],
  text: string,
): Mention[] | undefined {
  if (!isLookedUp(text)) return undefined;
  return withIndex(
    effects,
    root,
    (database) => {
      const found: Mention[] = [];
      for (const stream of streams) {
        if (!catchUp(effects, root, database, stream, CATCH_UP_BYTES)) return undefined;
        const rows = database.all(
          "SELECT line, offset FROM mention WHERE token = ? AND stream = (SELECT id FROM stream WHERE name = ?) ORDER BY line",
          tokenOf(text),
          stream,
        );
        const offsets = rows.map(({ offset }) => Number(offset));
        const texts = linesAt(effects.fs, `${root}/${stream}`, offsets);
        for (const [index, { line }] of rows.entries()) {
          const json = texts[index];
          // What the index points at is not there: the stream was rewritten, and verification will say so.
          if (json === undefined) return undefined;
          found.push({ stream, line: Number(line), text: json });
        }
      }
      return found;
    },
    () => undefined,
  );
}

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
  for (const line of linesFrom(fs, path, bytes)) {
    lines++;
    last_offset = line.offset;
    bytes = line.offset + line.bytes.length + 1;
    for (const token of tokensIn(line.bytes))
      database.run("INSERT INTO mention VALUES (?, ?, ?, ?)", token, id, lines, line.offset);
  }
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
  database.run("DELETE FROM mention WHERE stream = (SELECT id FROM stream WHERE name = ?)", stream);
  database.run("DELETE FROM stream WHERE name = ?", stream);
  const empty =
    "INSERT INTO stream (name, stamp, lines, bytes, last_offset, last_digest) VALUES (?, '', 0, 0, 0, '')";
  database.run(empty, stream);
  return Number(database.all("SELECT id FROM stream WHERE name = ?", stream)[0]?.["id"]);
}

/** A line that is no JSON object mentions nothing; verification reports it. */
function tokensIn(bytes: Buffer): Iterable<number> {
  let entry: unknown;
  try {
    entry = JSON.parse(bytes.toString());
  } catch {
    return [];
  }
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return [];
  return tokensOf(entry as Record<string, unknown>);
}
