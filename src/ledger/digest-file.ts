import type { FileSystem } from "../effects/index.ts";
import { sha256Stream } from "../kernel/index.ts";

/** sha256 of a regular file, bare hex; undefined when it is none or cannot be read. */
export function digestFile(fs: Pick<FileSystem, "openRead">, path: string): string | undefined {
  try {
    const handle = fs.openRead(path);
    try {
      if (handle.stat().kind !== "file") return undefined;
      const hash = sha256Stream();
      const buffer = Buffer.allocUnsafe(1 << 20);
      for (let count = handle.read(buffer); count > 0; count = handle.read(buffer))
        hash.update(buffer.subarray(0, count));
      return hash.digest("hex");
    } finally {
      handle.close();
    }
  } catch {
    return undefined;
  }
}
