/** A file somebody else wrote, named on the command line. */
import type { Effects } from "../effects/index.ts";
import { absolute } from "../plane/index.ts";
import { make } from "./faults.ts";

/** More than any proof, checkpoint, entry or list of keys has. */
const BYTES_MAX = 32 << 20;
const CHUNK_BYTES = 1 << 20;

/**
 * Its bytes; `path` is relative to where the command was given. What never ends is not read to its end.
 * @throws GIVEN_FILE_TOO_LARGE; Node's own error where nothing can be read
 */
export function readGiven({ fs, host }: Pick<Effects, "fs" | "host">, path: string): Buffer {
  const full = absolute(host.cwd, path);
  const found = fs.stat(full);
  const bytes = found?.kind === "other" ? begun(fs, full) : undefined;
  if ((bytes?.length ?? found?.size_bytes ?? 0) <= BYTES_MAX) return bytes ?? fs.read(full);
  const message = `${path} has more than ${BYTES_MAX} bytes`;
  throw make("GIVEN_FILE_TOO_LARGE", message, { path, bytes_max: BYTES_MAX });
}

/** What a device or pipe gives, up to one byte more than is allowed. */
function begun(fs: Effects["fs"], path: string): Buffer {
  const handle = fs.openRead(path);
  const parts: Buffer[] = [];
  try {
    for (let left = BYTES_MAX + 1; left > 0; ) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, left));
      const count = handle.read(chunk);
      if (count === 0) break;
      parts.push(chunk.subarray(0, count));
      left -= count;
    }
    return Buffer.concat(parts);
  } finally {
    handle.close();
  }
}
