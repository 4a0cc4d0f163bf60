/**
 * The head of a stream: its length and last hash, kept outside the plane beside the keys, so that cutting the tail of
 * the ledger shows. `{"bytes": 812, "entries": 2, "entry_hash": "…", "stream": "ledger/governance.jsonl"}`
 */
import type { FileSystem, Random } from "../effects/index.ts";
import { spacedJson } from "../kernel/index.ts";
import type { StreamRef } from "./stream-ref.ts";

const HEAD_BYTES_MAX = 4096;

export interface Head {
  /** Length of the stream after the entry it names. */
  readonly bytes: number;
  readonly entries: number;
  readonly entry_hash: string;
}

/** Stored head; undefined when the stream has none or it cannot be read or is not a head. */
export function readHead(fs: Pick<FileSystem, "read" | "stat">, stream: StreamRef): Head | undefined {
  if (stream.head_path === undefined) return undefined;
  try {
    if ((fs.stat(stream.head_path)?.size_bytes ?? HEAD_BYTES_MAX + 1) > HEAD_BYTES_MAX) return undefined;
    return asHead(JSON.parse(fs.read(stream.head_path).toString("utf8")));
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
 * Replaces the head in one step, mode 0600. A head that cannot be written is left as it is: the entries are already
 * acknowledged, and verifying reports them as uncovered.
 */
export function writeHead(
  effects: { readonly fs: FileSystem; readonly random: Random },
  stream: StreamRef,
  head: Head,
): void {
  if (stream.head_path === undefined) return;
  const { fs, random } = effects;
  const draft = `${stream.head_path}.${random.hex(8)}.new`;
  try {
    const handle = fs.openWrite(draft, { mode: 0o600, how: "exclusive" });
    try {
      handle.write(Buffer.from(`${spacedJson({ ...head, stream: stream.name })}\n`));
    } finally {
      handle.close();
    }
    fs.rename(draft, stream.head_path);
  } catch {
    removeQuietly(fs, draft);
  }
}

function removeQuietly(fs: FileSystem, path: string): void {
  try {
    fs.remove(path);
  } catch {
    // Nothing was created, or the directory became read-only; either way there is nothing left to do.
  }
}
