/** A look at the manifest in front of an archive, without reading the rest. Nothing it says is verified. */
import { constants, gunzipSync } from "node:zlib";
import type { FileSystem } from "../effects/index.ts";
import { MANIFEST_PATH } from "./member-order.ts";

const FIRST_BYTES = 1 << 16;
const INFLATED_BYTES_MAX = 64 << 20;
const HEADER_BYTES = 512;

/**
 * Bytes of `manifest.json` where it is the first member, as in every archive of ours; undefined for any other archive,
 * which `readArchive` then judges.
 */
export function peekManifest(fs: FileSystem, path: string): Buffer | undefined {
  if (fs.stat(path)?.kind !== "file") return undefined;
  const handle = fs.openRead(path);
  try {
    const total = handle.stat().size_bytes;
    for (let size = FIRST_BYTES; ; size *= 4) {
      const compressed = Buffer.alloc(Math.min(size, total));
      const count = handle.read(compressed, 0);
      const tar = inflated(compressed.subarray(0, count));
      const found = tar === undefined ? "none" : manifestIn(tar);
      if (found === "none") return undefined;
      if (found !== "more") return found;
      if (size >= total) return undefined;
    }
  } finally {
    handle.close();
  }
}

function inflated(compressed: Buffer): Buffer | undefined {
  try {
    return gunzipSync(compressed, {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: INFLATED_BYTES_MAX,
    });
  } catch {
    return undefined;
  }
}

function manifestIn(tar: Buffer): Buffer | "more" | "none" {
  if (tar.length < HEADER_BYTES) return "more";
  const name = tar.toString("latin1", 0, 100).split("\0")[0];
  const size = Number.parseInt(tar.toString("latin1", 124, 136), 8);
  if (name !== MANIFEST_PATH || !Number.isSafeInteger(size) || size < 0) return "none";
  return tar.length >= HEADER_BYTES + size ? tar.subarray(HEADER_BYTES, HEADER_BYTES + size) : "more";
}
