/** Telling from a file's state whether bytes read before are still its bytes. */
import type { FileStat } from "./ports.ts";

/**
 * A file's clock ticks every 10 ms at the slowest. What was read within this time after its last change may have been
 * changed again without a sign (git's racy rule), so it is not taken from the index.
 */
const RACY_MS = 50;

/** Changes whenever the file's bytes may have changed; only its own change time cannot be set by a program. */
export const stampOf = ({ device, inode, size_bytes, mtime_ns, ctime_ns }: FileStat): string =>
  `${device}:${inode}:${size_bytes}:${mtime_ns}:${ctime_ns}`;

/** Whether bytes read at `read_ms` are still those of a file that has this state now. */
export const isSettled = ({ ctime_ns }: FileStat, read_ms: number): boolean =>
  Number(ctime_ns / 1_000_000n) + RACY_MS < read_ms;
