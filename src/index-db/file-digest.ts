import type { FileSystem } from "../effects/index.ts";
import { sha256Stream } from "../kernel/index.ts";

/** sha256 of one file, streamed; undefined when it is not a regular file. */
export function digestOf(fs: Pick<FileSystem, "stat" | "openRead">, path: string): string | undefined {
  if (fs.stat(path)?.kind !== "file") return undefined;
  const handle = fs.openRead(path);
  try {
    const buffer = Buffer.allocUnsafe(1 << 20);
    const stream = sha256Stream();
    for (let count = handle.read(buffer); count > 0; count = handle.read(buffer))
      stream.update(buffer.subarray(0, count));
    return stream.digest("hex");
  } finally {
    handle.close();
  }
}
