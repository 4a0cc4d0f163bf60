/** Where a stream ends, read and judged before a line is added. */
import type { FileSystem, ReadHandle } from "../effects/index.ts";
import { raise } from "./faults.ts";
import { type Head, readHead } from "./head.ts";
import { knownEnd, type StreamEnd } from "./known-end.ts";
import { readLine } from "./line-reading.ts";
import { countNewlines, lastNewlineEnd, linesBackwards } from "./newest-lines.ts";
import type { StreamRef } from "./stream-ref.ts";
import { setTornTailAside } from "./torn-tail.ts";

/**
 * Reads the end of a stream under its lock, setting a torn tail aside.
 * @throws LEDGER_DAMAGED when the last line is not sound, or the head names other bytes than the stream holds:
 * continuing would overwrite the only trace of a cut or rewritten tail.
 */
export function prepareEnd(fs: FileSystem, stream: StreamRef): StreamEnd {
  const left = knownEnd(fs, stream);
  if (left !== undefined) return left;
  const head = readHead(fs, stream);
  if (fs.stat(stream.path) === undefined) {
    requireCovered(stream, head, 0);
    return { exists: false, size_bytes: 0, entries: 0, entry_hash: "" };
  }
  const handle = fs.openRead(stream.path);
  try {
    const end = handle.stat().size_bytes;
    const size_bytes = lastNewlineEnd(handle, end);
    requireCovered(stream, head, size_bytes);
    const entry_hash = size_bytes === 0 ? "" : soundHashBefore(handle, stream, size_bytes);
    const entries = stream.head_path === undefined ? 0 : entriesBefore(handle, stream, head, size_bytes);
    const known = { exists: true, size_bytes, entries, entry_hash };
    if (size_bytes === end) return known;
    return { ...known, torn_tail: setTornTailAside(fs, stream.path, handle, { start: size_bytes, end }) };
  } finally {
    handle.close();
  }
}

function requireCovered(stream: StreamRef, head: Head | undefined, size_bytes: number): void {
  if (head === undefined || head.bytes <= size_bytes) return;
  const reason = `it has ${size_bytes} bytes, its head covers ${head.bytes}: its tail was cut`;
  raise("LEDGER_DAMAGED", `${stream.name} cannot be continued: ${reason}`, { stream: stream.name, reason });
}

function soundHashBefore(handle: ReadHandle, stream: StreamRef, end: number): string {
  const last = linesBackwards(handle, end).next().value;
  const reading = last === undefined ? undefined : readLine(last.bytes);
  if (reading?.state === "sound") return reading.entry_hash;
  const what =
    reading?.state === "malformed"
      ? `is not an entry: ${reading.reason}`
      : "does not have the hash it states";
  const reason = `its last line ${what}`;
  return raise("LEDGER_DAMAGED", `${stream.name} cannot be continued: ${reason}`, {
    stream: stream.name,
    reason,
  });
}

function entriesBefore(
  handle: ReadHandle,
  stream: StreamRef,
  head: Head | undefined,
  size_bytes: number,
): number {
  if (head === undefined || head.bytes === 0) return countNewlines(handle, 0, size_bytes);
  if (!namesLineBefore(handle, head)) {
    const reason = `the line that ends at byte ${head.bytes} is not the one its head names`;
    raise("LEDGER_DAMAGED", `${stream.name} cannot be continued: ${reason}`, { stream: stream.name, reason });
  }
  return head.entries + countNewlines(handle, head.bytes, size_bytes);
}

function namesLineBefore(handle: ReadHandle, head: Head): boolean {
  if (lastNewlineEnd(handle, head.bytes) !== head.bytes) return false;
  const line = linesBackwards(handle, head.bytes).next().value;
  const reading = line === undefined ? undefined : readLine(line.bytes);
  return reading?.state === "sound" && reading.entry_hash === head.entry_hash;
}
