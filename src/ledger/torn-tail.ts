import type { FileSystem, ReadHandle } from "../effects/index.ts";
import { sha256Stream } from "../kernel/index.ts";

/** Bytes after the last newline, left by a writer that died: never acknowledged, now kept in a file of their own. */
export interface TornTail {
  /** Absolute path of the file that keeps them. */
  readonly path: string;
  readonly bytes: number;
}

const CHUNK_BYTES = 1 << 16;

/** Copies the bytes from `start` to `end` aside, durably, then cuts the stream at `start`. Only under the lock. */
export function setTornTailAside(
  fs: FileSystem,
  path: string,
  handle: ReadHandle,
  span: { start: number; end: number },
): TornTail {
  const digest = sha256Stream();
  for (const chunk of chunksOf(handle, span)) digest.update(chunk);
  const aside = `${path}.torn-${span.start}-${digest.digest("hex").slice(0, 12)}`;
  const copy = fs.openWrite(aside, { mode: 0o644, how: "replace" });
  try {
    for (const chunk of chunksOf(handle, span)) copy.write(chunk);
    copy.sync();
  } finally {
    copy.close();
  }
  fs.syncDirectory(path.slice(0, path.lastIndexOf("/")) || "/");
  const stream = fs.openWrite(path, { mode: 0o644, how: "append" });
  try {
    stream.truncate(span.start);
    stream.sync();
  } finally {
    stream.close();
  }
  return { path: aside, bytes: span.end - span.start };
}

function* chunksOf(handle: ReadHandle, span: { start: number; end: number }): Generator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let at = span.start; at < span.end; ) {
    const count = handle.read(buffer.subarray(0, Math.min(buffer.length, span.end - at)), at);
    if (count === 0) return;
    yield buffer.subarray(0, count);
    at += count;
  }
}
