/**
 * The head of a stream: its length and last hash, kept outside the plane beside the keys, so that cutting the tail of
 * the ledger shows. `{"bytes": 812, "entries": 2, "entry_hash": "…", "stream": "ledger/governance.jsonl"}`, padded with
 * spaces to 512 bytes with the newline.
 */
import type { FileStat, FileSystem, Random } from "../effects/index.ts";
import { closeFile, type OpenFile, openFile } from "./open-files.ts";
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

/** Something lies where the head belongs, and it is none. A head that may not even be looked for is not said to be there. */
export function isHeadUnusable(fs: Pick<FileSystem, "read" | "stat">, stream: StreamRef): boolean {
  const { head_path } = stream;
  try {
    // A head that another writer made since is one.
    return head_path !== undefined && fs.stat(head_path) !== undefined && readHead(fs, stream) === undefined;
  } catch {
    return false;
  }
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

export interface HeadWritten {
  /** False when it could not be: the entries are already acknowledged, and verifying reports them as uncovered. */
  readonly written: boolean;
  /** The head as it was written over; the caller's to close or to leave. */
  readonly open?: OpenFile;
}

/** The head as this process left it. */
export interface HeadLeft {
  /** True when this process wrote it last, so that it can be written over. */
  readonly head_in_place?: boolean;
  readonly open_head?: OpenFile | undefined;
}

/**
 * Brings the head up to date, mode 0600. A head of the usual size is written over in place: one write of one sector is
 * whole or absent, and replacing a file by renaming costs a flush of the disk on common file systems. A head that cannot be
 * written is left as it is.
 */
export function writeHead(
  effects: { readonly fs: FileSystem; readonly random: Random },
  stream: StreamRef,
  head: Head,
  left: HeadLeft = {},
): HeadWritten {
  const path = stream.head_path;
  if (path === undefined) return { written: true };
  const { fs } = effects;
  const bytes = bytesOf(stream.name, head);
  const fits = bytes.length === HEAD_BYTES;
  const open = fits ? writeLeft(fs, path, bytes, left) : undefined;
  if (open !== undefined) return { written: true, open };
  try {
    if (fits && isInPlace(fs.stat(path))) return { written: true, open: writeOver(fs, path, bytes) };
    replaceHead(effects, path, bytes);
    return { written: true };
  } catch {
    return { written: false };
  }
}

function bytesOf(name: string, { bytes, entries, entry_hash }: Head): Buffer {
  const text = `{"bytes": ${bytes}, "entries": ${entries}, "entry_hash": "${entry_hash}", "stream": ${JSON.stringify(name)}}`;
  return Buffer.from(`${text.padEnd(HEAD_BYTES - 1)}\n`);
}

/** Undefined when the head is gone, or is something else by now. */
function writeLeft(fs: FileSystem, path: string, bytes: Buffer, left: HeadLeft): OpenFile | undefined {
  const { open_head } = left;
  try {
    if (open_head?.is_open === true) {
      open_head.handle.write(bytes, 0);
      // One that was removed or replaced meanwhile has no name.
      if (open_head.handle.stat().links > 0) return open_head;
    }
    return left.head_in_place === true ? writeOver(fs, path, bytes) : undefined;
  } catch {
    return undefined;
  }
}

function writeOver(fs: FileSystem, path: string, bytes: Buffer): OpenFile {
  const open = openFile(fs, path, { mode: 0o600, how: "update" });
  try {
    open.handle.write(bytes, 0);
    return open;
  } catch (error) {
    closeFile(open);
    throw error;
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
    writeNew(fs, draft, bytes);
    fs.rename(draft, path);
  } catch (error) {
    removeQuietly(fs, draft);
    throw error;
  }
}

function writeNew(fs: FileSystem, path: string, bytes: Buffer): void {
  const handle = fs.openWrite(path, { mode: 0o600, how: "exclusive" });
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
