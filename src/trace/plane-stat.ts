/** Looking at a path without stumbling. */
import type { Effects, FileStat } from "../effects/index.ts";

/** A folder that is not there is none a path could leave through. */
export const isLinkOrFile = (stat: FileStat | undefined): boolean =>
  stat !== undefined && stat.kind !== "directory";

/** Names too long or folders closed to us hold nothing we could show. */
export function statOf(fs: Effects["fs"], path: string): FileStat | undefined {
  try {
    return fs.stat(path);
  } catch (error) {
    if (typeof (error as { code?: unknown }).code === "string") return undefined;
    throw error;
  }
}
