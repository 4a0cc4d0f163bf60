/**
 * The head of a stream: its length and last hash, kept outside the plane beside the keys, so that cutting the tail of
 * the ledger shows. `{"bytes": 812, "entries": 2, "entry_hash": "…", "stream": "ledger/governance.jsonl"}`, padded with
 * spaces to 512 bytes with the newline.
 */
import type { FileStat, FileSystem, Random } from "../effects/index.ts";
import type { StreamRef } from "./stream-ref.ts";

const HEAD_BYTES_MAX = 4096;
/** A head is padded with spaces to one disk sector. */
const HEAD_BYTES = 512;

export interface Head {
  /** Length of the stream after the entry it names. */
  readonly bytes: number;
  readonly entries: number;
  readonly entry_hash: string;
}

/** Stored head; undefined when the stream has none or it cannot be read or is not a head. */
export function readHead(fs: Pick<FileSystem, "read" | "stat">, stream: StreamRef): Head | undefined {
  // A reader without the lock can meet a write half way; the second look meets it done.
  return readOnce(fs, stream.head_path) ?? readOnce(fs, stream.head_path);
}

function readOnce(fs: Pick<FileSystem, "read" | "stat">, path: string | undefined): Head | undefined {
  if (path === undefined) return undefined;
  try {
    if ((fs.stat(path)?.size_bytes ?? HEAD_BYTES_MAX + 1) > HEAD_BYTES_MAX) return undefined;
    return asHead(JSON.parse(fs.read(path).toString("utf8")));
  } catch {
    return undefined;
  }
}

function asHead(value: unknown): Head | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { bytes, entries, entry_hash } = value as Readonly<Record<string, unknown>>;
  if (!isCount(bytes) || !isCount(entries) || typeof entry_hash !== "string") return undefined;
  return { bytes, entries, entry_hash };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/**
 * Brings the head up to date, mode 0600. A head of the usual size is written over in place: one write of one sector is
 * whole or absent, and replacing a file by renaming costs a flush of the disk on common file systems. A head that cannot be
 * written is left as it is: the entries are already acknowledged, and verifying reports them as uncovered.
 * `is_in_place`: the caller wrote it last. Returns whether it was written.
 */
export function writeHead(
  effects: { readonly fs: FileSystem; readonly random: Random },
  stream: StreamRef,
  head: Head,
  is_in_place = false,
): boolean {
  if (stream.head_path === undefined) return true;
  const { fs } = effects;
  const { bytes: covered, entries, entry_hash } = head;
  const text = `{"bytes": ${covered}, "entries": ${entries}, "entry_hash": "${entry_hash}", "stream": ${JSON.stringify(stream.name)}}`;
  const bytes = Buffer.from(`${text.padEnd(HEAD_BYTES - 1)}\n`);
  const fits = bytes.length === HEAD_BYTES;
  if (fits && is_in_place && wasWrittenOver(fs, stream.head_path, bytes)) return true;
  try {
    if (fits && isInPlace(fs.stat(stream.head_path))) writeOnce(fs, stream.head_path, "update", bytes);
    else replaceHead(effects, stream.head_path, bytes);
    return true;
  } catch {
    return false;
  }
}

/** False when it is gone, or is something else by now. */
function wasWrittenOver(fs: FileSystem, path: string, bytes: Buffer): boolean {
  try {
    writeOnce(fs, path, "update", bytes);
    return true;
  } catch {
    return false;
  }
}

/** Whether what lies there can be written over. */
const isInPlace = (found: FileStat | undefined): boolean =>
  found?.kind === "file" && found.size_bytes === HEAD_BYTES;

function replaceHead(
  { fs, random }: { readonly fs: FileSystem; readonly random: Random },
  path: string,
  bytes: Buffer,
): void {
  const draft = `${path}.${random.hex(8)}.new`;
  try {
    writeOnce(fs, draft, "exclusive", bytes);
    fs.rename(draft, path);
  } catch (error) {
    removeQuietly(fs, draft);
    throw error;
  }
}

function writeOnce(fs: FileSystem, path: string, how: "exclusive" | "update", bytes: Buffer): void {
  const handle = fs.openWrite(path, { mode: 0o600, how });
  try {
    handle.write(bytes);
  } finally {
    handle.close();
  }
}

function removeQuietly(fs: FileSystem, path: string): void {
  try {
    fs.remove(path);
  } catch {
    // Nothing was created, or the directory became read-only; either way there is nothing left to do.
  }
}
