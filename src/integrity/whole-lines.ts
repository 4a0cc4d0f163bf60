/** How far a stream goes that somebody may be appending to. */
import type { FileSystem } from "../effects/index.ts";
import { lastNewlineEnd, type StreamRef } from "../ledger/index.ts";

/** The end of the last whole line; 0 where there is none, or nothing can be said. */
export function wholeLinesEnd(fs: FileSystem, { path }: StreamRef): number {
  try {
    if (fs.stat(path)?.kind !== "file") return 0;
    const handle = fs.openRead(path);
    try {
      return lastNewlineEnd(handle, handle.stat().size_bytes);
    } finally {
      handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return 0;
  }
}
