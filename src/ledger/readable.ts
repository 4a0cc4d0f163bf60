import type { FileSystem } from "../effects/index.ts";
import type { StreamRef } from "./stream-ref.ts";

/** Whether this user may read a stream that is there; what else is wrong with it shows when it is read. */
export function isReadable(fs: FileSystem, { path }: Pick<StreamRef, "path">): boolean {
  try {
    fs.openRead(path).close();
    return true;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === "EACCES" || code === "EPERM") return false;
    throw error;
  }
}
