/** What the ledger of packages says last of each package: who vouches for its receipt, and who touched its files. */
import type { Cause } from "../contracts/index.ts";
import type { FileSystem, ReadHandle } from "../effects/index.ts";
import { bare } from "../kernel/index.ts";
import { lastNewlineEnd, linesBackwards, type StreamRef } from "../ledger/index.ts";
import { NEEDLE_BYTES_MIN, NeedleSearch } from "./needle-search.ts";
import type { EventsMemo, Vouched } from "./note.ts";

/** A package in a tier. */
export const packageKey = (id: string, plane_id: string): string => `${id}\0${plane_id}`;

/** The tier in whose part of the plane a path lies. */
export const tierOf = (path: string): string => /^planes\/(ho[12])\//.exec(path)?.[1] ?? "ho3";

export interface PackageEvents {
  /** Newest entry that says what is installed; its event is `UNINSTALLED` where nothing should be. */
  readonly vouched: ReadonlyMap<string, Vouched>;
  /** Newest entry of a change to the package's files. */
  readonly touched: ReadonlyMap<string, Cause>;
}

/** What is used of an entry. */
export interface LedgerLine {
  readonly id: string;
  readonly event_type: string;
  readonly submission_id: string;
  readonly timestamp: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/**
 * From the end backwards, of every package there ever was: one that nothing speaks of any more but the ledger is found by it alone.
 * A damaged stream gives what it still says.
 * @param memo of bytes that the caller knows to be what they were
 */
export function readPackageEvents(fs: FileSystem, stream: StreamRef, memo?: EventsMemo): PackageEvents {
  const found = { vouched: new Map<string, Vouched>(), touched: new Map<string, Cause>() };
  for (const entry of entriesBackwards(fs, stream, TAKEN, memo?.size_bytes ?? 0))
    take(entry, stream.name, found);
  for (const key of ["vouched", "touched"] as const) {
    const into: Map<string, unknown> = found[key];
    for (const [name, value] of memo?.[key] ?? []) if (!into.has(name)) into.set(name, value);
  }
  return found;
}

/** Every entry that is taken holds one of these in its line; most of a long ledger holds none and is not parsed. */
const TAKEN = ['"manifest_hash"', '"UNINSTALLED"', '"RESTORED"'];

function take(
  entry: LedgerLine,
  stream: string,
  found: { vouched: Map<string, Vouched>; touched: Map<string, Cause> },
): void {
  const { event_type, submission_id, metadata } = entry;
  const { plane_id, version, manifest_hash, archive_digest, receipt_sha256 } = metadata;
  if (event_type === "RESTORED") {
    // It names no tier: it may have been any.
    for (const tier of ["ho3", "ho2", "ho1"]) {
      const key = packageKey(submission_id, tier);
      if (!found.touched.has(key)) found.touched.set(key, causeOf(entry, stream));
    }
    return;
  }
  const is_vouching = typeof manifest_hash === "string" && typeof archive_digest === "string";
  if ((!is_vouching && event_type !== "UNINSTALLED") || typeof plane_id !== "string") return;
  const key = packageKey(submission_id, plane_id);
  if (found.vouched.has(key)) return;
  if (!found.touched.has(key)) found.touched.set(key, causeOf(entry, stream));
  found.vouched.set(key, {
    event: event_type,
    version: textOf(version),
    manifest_hash: textOf(manifest_hash) ?? "",
    archive_digest: textOf(archive_digest) ?? "",
    receipt_sha256: textOf(receipt_sha256),
  });
}

function causeOf({ id, event_type: event, timestamp: at, metadata }: LedgerLine, stream: string): Cause {
  const { user, transaction_id } = metadata;
  return {
    event,
    at,
    by: textOf(user) ?? null,
    transaction_id: textOf(transaction_id) ?? null,
    stream,
    entry_id: id,
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** Which of these digests (bare hex) an entry names: of an archive one of a pack or an install, of a file one of evidence. */
export function vouchedDigests(
  fs: FileSystem,
  streams: readonly StreamRef[],
  wanted: ReadonlySet<string>,
): Set<string> {
  const found = new Set<string>();
  for (const stream of wanted.size === 0 ? [] : streams) {
    for (const bytes of linesOf(fs, stream)) {
      const named = bytes.toString("latin1").match(/[0-9a-f]{64}/g) ?? [];
      if (!named.some((digest) => wanted.has(digest) && !found.has(digest))) continue;
      const metadata = entryOf(bytes)?.metadata;
      for (const digest of [metadata?.["digest"], metadata?.["archive_digest"], metadata?.["file_digest"]])
        if (typeof digest === "string" && wanted.has(bare(digest))) found.add(bare(digest));
    }
    if (found.size === wanted.size) break;
  }
  return found;
}

/**
 * Entries from the newest to the oldest that hold one of `needles`, pieces of their line; lines that are none are passed over.
 * `from`: the byte at which the first line to look at begins.
 */
export function* entriesBackwards(
  fs: FileSystem,
  stream: StreamRef,
  needles: readonly string[],
  from = 0,
): Generator<LedgerLine> {
  if (fs.stat(stream.path)?.kind !== "file") return;
  try {
    const handle = fs.openRead(stream.path);
    try {
      const end = lastNewlineEnd(handle, handle.stat().size_bytes);
      const is_long = end - from > CHUNK_BYTES && needles.every(({ length }) => length >= NEEDLE_BYTES_MIN);
      const search = is_long ? new NeedleSearch(CHUNK_BYTES) : undefined;
      for (const lines of piecesBackwards(handle, end, from, search?.room))
        yield* entriesIn(linesWith(lines, needles, search));
    } finally {
      handle.close();
    }
  } catch (error) {
    // The ledger's own verdict says that it cannot be read.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

function* entriesIn(lines: Iterable<Buffer>): Generator<LedgerLine> {
  for (const bytes of lines) {
    const entry = entryOf(bytes);
    if (entry !== undefined) yield entry;
  }
}

/** The file in pieces of whole lines, the last one first. Each is valid until the next one is asked for. */
function* piecesBackwards(
  handle: ReadHandle,
  end: number,
  from: number,
  room: Buffer | undefined,
): Generator<Buffer> {
  let size = CHUNK_BYTES;
  let buffer = room ?? Buffer.allocUnsafe(Math.min(size, Math.max(0, end - from)));
  for (let upper = end; upper > from; ) {
    const lower = Math.max(from, upper - size);
    const piece = buffer.subarray(0, upper - lower);
    for (let filled = 0; filled < piece.length; ) {
      const count = handle.read(piece.subarray(filled), lower + filled);
      // It shrank meanwhile; its own verdict says so.
      if (count === 0) return;
      filled += count;
    }
    const first = lower === from ? 0 : piece.indexOf(NEWLINE) + 1;
    if (first === piece.length || (first === 0 && lower > from)) {
      // One line fills the piece: another tool may have written it.
      size *= 2;
      buffer = Buffer.allocUnsafe(size);
      continue;
    }
    yield piece.subarray(first);
    upper = lower + first;
  }
}

/** Lines that hold one of the needles, last first. */
function linesWith(lines: Buffer, needles: readonly string[], search: NeedleSearch | undefined): Buffer[] {
  const starts = new Set<number>();
  // A line that is longer than the room lies elsewhere.
  const is_in_room = search?.room.buffer === lines.buffer;
  const placeOf = (needle: Buffer, from: number): number =>
    is_in_room ? search.indexOf(lines, needle, from) : lines.indexOf(needle, from);
  for (const needle of needles.map((text) => Buffer.from(text))) {
    for (let found = placeOf(needle, 0); found >= 0; ) {
      starts.add(lines.lastIndexOf(NEWLINE, found) + 1);
      const end = lines.indexOf(NEWLINE, found);
      found = end < 0 ? -1 : placeOf(needle, end);
    }
  }
  return [...starts]
    .sort((a, b) => b - a)
    .map((start) => {
      const end = lines.indexOf(NEWLINE, start);
      return lines.subarray(start, end < 0 ? lines.length : end);
    });
}

/** What a processor has at hand while it is looked through for one needle after another. */
const CHUNK_BYTES = 1 << 20;

/** Entries that hold `needle`, first to last: where few do, looking for it in large pieces is ten times faster than line by line. */
export function* entriesHolding(fs: FileSystem, stream: StreamRef, needle: string): Generator<LedgerLine> {
  if (fs.stat(stream.path)?.kind !== "file") return;
  const wanted = Buffer.from(needle);
  const handle = fs.openRead(stream.path);
  try {
    let buffer: Buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let held = 0;
    for (
      let count = handle.read(buffer, 0), at = 0;
      count > 0;
      count = handle.read(buffer.subarray(held), at)
    ) {
      at += count;
      held += count;
      const end = buffer.lastIndexOf(NEWLINE, held - 1) + 1;
      // A line longer than the buffer is none of ours, but another tool may have written it.
      if (end === 0 && held === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
      yield* linesHolding(buffer.subarray(0, end), wanted);
      buffer.copyWithin(0, end, held);
      held -= end;
    }
  } finally {
    handle.close();
  }
}

const NEWLINE = 0x0a;

/** `lines`: complete ones. */
function* linesHolding(lines: Buffer, wanted: Buffer): Generator<LedgerLine> {
  for (let found = lines.indexOf(wanted); found >= 0; ) {
    const start = lines.lastIndexOf(NEWLINE, found) + 1;
    const end = lines.indexOf(NEWLINE, found);
    const entry = entryOf(lines.subarray(start, end));
    if (entry !== undefined) yield entry;
    found = lines.indexOf(wanted, end);
  }
}

/** Complete lines, newest first. */
function* linesOf(fs: FileSystem, stream: StreamRef): Generator<Buffer> {
  if (fs.stat(stream.path)?.kind !== "file") return;
  try {
    const handle = fs.openRead(stream.path);
    try {
      const end = lastNewlineEnd(handle, handle.stat().size_bytes);
      for (const { bytes } of linesBackwards(handle, end)) yield bytes;
    } finally {
      handle.close();
    }
  } catch (error) {
    // The ledger's own verdict says that it cannot be read.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

function entryOf(bytes: Buffer): LedgerLine | undefined {
  try {
    const value = JSON.parse(bytes.toString("utf8")) as Partial<LedgerLine> | null;
    const { id, event_type, submission_id, timestamp, metadata } = value ?? {};
    const texts = [id, event_type, submission_id, timestamp];
    if (texts.some((text) => typeof text !== "string") || typeof metadata !== "object" || metadata === null)
      return undefined;
    return value as LedgerLine;
  } catch {
    return undefined;
  }
}
