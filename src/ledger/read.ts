/** Reading streams. None of these judges hashes or takes the lock; `verifyStream` judges. */
import type { LedgerEntry } from "../contracts/index.ts";
import type { FileSystem, ReadHandle } from "../effects/index.ts";
import { raise, raiseReading } from "./faults.ts";
import { readHead } from "./head.ts";
import { readLine } from "./line-reading.ts";
import { linesHolding } from "./lines-holding.ts";
import { countNewlines, lastNewlineEnd, linesBackwards } from "./newest-lines.ts";
import { asEntry } from "./stored-entry.ts";
import { storedLines } from "./stored-lines.ts";
import type { StreamRef } from "./stream-ref.ts";
import { LineTooLong, leafLines } from "./tiles-lines.ts";

export interface StoredEntry {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** Undefined for a line that is not an entry: it is shown, never skipped in silence. */
  readonly entry: LedgerEntry | undefined;
}

/** Every plane has its streams from the first: that one is gone says nothing of what was in it. @throws LEDGER_DAMAGED */
export function requireStream(fs: Pick<FileSystem, "stat">, { name, path }: StreamRef): void {
  if (fs.stat(path) !== undefined) return;
  raise("LEDGER_DAMAGED", `${name} does not exist, so nobody can say what was in it`, {
    stream: name,
    reason: "it does not exist",
  });
}

/** Complete lines from first to last, in constant memory; whoever wants few of them ends it, which closes the file. A missing stream has none. @throws LEDGER_IO */
export function* readEntries(fs: FileSystem, stream: StreamRef): Generator<StoredEntry> {
  for (const { line, text, entry } of readLines(fs, stream)) yield { line, text, entry };
}

/** The same with the very bytes, which need not be UTF-8; they are valid until the next line is asked for. @throws LEDGER_IO */
export function* readLines(
  fs: FileSystem,
  stream: StreamRef,
): Generator<StoredEntry & { readonly bytes: Buffer }> {
  if (fs.stat(stream.path) === undefined) return;
  try {
    for (const { line, bytes, complete } of storedLines(fs, stream.path)) {
      if (!complete) return;
      const text = bytes.toString("utf8");
      yield { line, text, bytes, entry: asEntry(text) };
    }
  } catch (error) {
    raiseReading(error, stream.name, stream.path);
  }
}

/** Complete entries whose line holds one of the texts, in order: much faster than reading all, and the caller looks again. */
export function* entriesHaving(
  fs: FileSystem,
  stream: StreamRef,
  texts: readonly string[],
): Generator<StoredEntry & { readonly entry: LedgerEntry }> {
  if (fs.stat(stream.path) === undefined) return;
  try {
    for (const { line, text } of linesHolding(fs, stream.path, texts)) {
      const entry = asEntry(text);
      if (entry !== undefined) yield { line, text, entry };
    }
  } catch (error) {
    raiseReading(error, stream.name, stream.path);
  }
}

/** Byte position after the last complete line. @throws LEDGER_IO */
export const endOfLines = (fs: FileSystem, stream: StreamRef): number =>
  atEnd(fs, stream, 0, (_handle, end) => end);

/** Complete lines that begin at byte `start` or later, each with the position after it. @throws LEDGER_IO */
export function* linesAfter(
  fs: FileSystem,
  stream: StreamRef,
  start: number,
): Generator<Omit<StoredEntry, "line"> & { readonly end: number }> {
  try {
    for (const { bytes, end } of leafLines(fs, stream.path, start)) {
      const text = bytes.toString("utf8");
      yield { text, entry: asEntry(text), end };
    }
  } catch (error) {
    if (!(error instanceof LineTooLong)) raiseReading(error, stream.name, stream.path);
  }
}

/** At most `count` newest complete lines, newest first, read from the end of the file. @throws LEDGER_IO */
export function readNewest(fs: FileSystem, stream: StreamRef, count: number): Omit<StoredEntry, "line">[] {
  return atEnd(fs, stream, [], (handle, end) =>
    linesBackwards(handle, end)
      .take(count)
      .map(({ bytes }) => bytes.toString("utf8"))
      .map((text) => ({ text, entry: asEntry(text) }))
      .toArray(),
  );
}

/** The first entry with this `id` or `entry_hash`; undefined when there is none. @throws LEDGER_IO */
export function findEntry(fs: FileSystem, stream: StreamRef, id_or_hash: string): StoredEntry | undefined {
  if (fs.stat(stream.path) === undefined) return undefined;
  try {
    for (const { line, text } of linesHolding(fs, stream.path, [id_or_hash])) {
      const entry = asEntry(text);
      if (entry?.id === id_or_hash || entry?.entry_hash === id_or_hash) return { line, text, entry };
    }
    return undefined;
  } catch (error) {
    return raiseReading(error, stream.name, stream.path);
  }
}

/**
 * Where a stream stands, to be quoted in a receipt: cheap when its head is current, one pass over the bytes when not.
 * Undefined for a stream without entries, or whose last line is not a sound one. @throws LEDGER_IO
 */
export function streamHead(
  fs: FileSystem,
  stream: StreamRef,
): { entries: number; entry_hash: string } | undefined {
  return atEnd(fs, stream, undefined, (handle, end) => {
    const last = linesBackwards(handle, end).next().value;
    const reading = last === undefined ? undefined : readLine(last.bytes);
    if (reading?.state !== "sound") return undefined;
    const { entry_hash } = reading;
    const head = readHead(fs, stream);
    const is_current = head?.bytes === end && head.entry_hash === entry_hash;
    return { entries: is_current ? head.entries : countNewlines(handle, 0, end), entry_hash };
  });
}

function atEnd<T>(
  fs: FileSystem,
  stream: StreamRef,
  absent: T,
  read: (handle: ReadHandle, end: number) => T,
): T {
  if (fs.stat(stream.path) === undefined) return absent;
  try {
    const handle = fs.openRead(stream.path);
    try {
      return read(handle, lastNewlineEnd(handle, handle.stat().size_bytes));
    } finally {
      handle.close();
    }
  } catch (error) {
    return raiseReading(error, stream.name, stream.path);
  }
}
