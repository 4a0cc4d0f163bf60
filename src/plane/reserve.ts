/**
 * Space kept back so that a rollback and its ledger entries fit on a full disk (design, principle 8). Released when space
 * runs out, kept again by the next change that finds room.
 */
import type { Effects } from "../effects/index.ts";
import { RESERVE_PATH } from "./paths.ts";

const BLOCK = 1 << 16;

/** Grows the reserve to `wanted_bytes` where that takes no more than a quarter of what is free. Never fails the caller. */
export function keepReserve({ fs }: Pick<Effects, "fs">, root: string, wanted_bytes: number): void {
  const path = `${root}/${RESERVE_PATH}`;
  try {
    const had_bytes = fs.stat(path)?.size_bytes ?? 0;
    const missing = wanted_bytes - had_bytes;
    if (missing <= 0 || missing * 4 > fs.freeBytes(root)) return;
    const handle = fs.openWrite(path, { mode: 0o600, how: "append" });
    try {
      // Not zeros: a file system may store those as holes.
      const block = Buffer.alloc(BLOCK, 0xa5);
      for (let left = missing; left > 0; left -= BLOCK)
        handle.write(block.subarray(0, Math.min(left, BLOCK)));
    } finally {
      handle.close();
    }
  } catch {
    // Kept at the next chance; nothing depends on it now.
  }
}

/** Gives the space back to the file system. */
export function releaseReserve({ fs }: Pick<Effects, "fs">, root: string): void {
  const path = `${root}/${RESERVE_PATH}`;
  try {
    if (fs.stat(path) !== undefined) fs.remove(path);
  } catch {
    // Then there is no more space than before.
  }
}

export const reservedBytes = ({ fs }: Pick<Effects, "fs">, root: string): number =>
  fs.stat(`${root}/${RESERVE_PATH}`)?.size_bytes ?? 0;
