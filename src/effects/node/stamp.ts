/** The six numbers that tell a file of the same name from the one that was read before. */
import { type BigIntStats, lstatSync, type Stats } from "node:fs";
import { STAMP_WIDTH } from "../ports.ts";

const OPTIONS = { bigint: true, throwIfNoEntry: false } as const;

/** lstat; undefined when nothing is there. Throws any other error. */
export function statOrUndefined(path: string | Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, OPTIONS);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return undefined;
    throw error;
  }
}

export function writeStamp(stamps: BigUint64Array, index: number, stats: BigIntStats): void {
  const at = index * STAMP_WIDTH;
  stamps[at] = stats.size;
  stamps[at + 1] = stats.mode;
  stamps[at + 2] = stats.mtimeNs;
  stamps[at + 3] = stats.ctimeNs;
  stamps[at + 4] = stats.ino;
  stamps[at + 5] = stats.dev;
}

/** Half the work of all six. */
export function writeSizeAndMode(stamps: BigUint64Array, index: number, { size, mode }: Stats): void {
  stamps[index * STAMP_WIDTH] = BigInt(size);
  stamps[index * STAMP_WIDTH + 1] = BigInt(mode);
}

/** Undefined stats are those of a path where nothing is: all zero. */
export function hasStamp(stamps: BigUint64Array, index: number, stats: BigIntStats | undefined): boolean {
  const at = index * STAMP_WIDTH;
  if (stats === undefined) return stamps[at + 4] === 0n && stamps[at + 3] === 0n;
  return (
    stamps[at + 3] === stats.ctimeNs &&
    stamps[at + 4] === stats.ino &&
    stamps[at] === stats.size &&
    stamps[at + 1] === stats.mode &&
    stamps[at + 2] === stats.mtimeNs &&
    stamps[at + 5] === stats.dev
  );
}
