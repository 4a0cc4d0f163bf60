/** What tells without reading a file whether it is still the one it was. */
import type { FileStat } from "../effects/index.ts";

export const stampOf = (stat: FileStat | undefined): string =>
  stat === undefined
    ? ""
    : [stat.kind, stat.size_bytes, stat.mode, stat.mtime_ns, stat.ctime_ns, stat.inode, stat.device].join(
        " ",
      );
