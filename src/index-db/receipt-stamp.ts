/** Receipt and manifest of one package as they lie there now. */
import { type FileStat, isSettled, stampOf } from "../effects/index.ts";
import { manifestCopyPath, receiptPath } from "../receipts/index.ts";
import type { IndexEffects } from "./open.ts";
import type { Place } from "./receipt-rows.ts";

export const receiptFiles = (root: string, { tier, id }: Place): readonly [string, string] => [
  `${root}/${receiptPath(id, tier)}`,
  `${root}/${manifestCopyPath(id, tier)}`,
];

/** Undefined also for what this user may not look at: it is not as it was read. */
export function statOf({ fs }: Pick<IndexEffects, "fs">, path: string): FileStat | undefined {
  try {
    return fs.stat(path);
  } catch (error) {
    if (typeof (error as { code?: unknown }).code === "string") return undefined;
    throw error;
  }
}

export class ReceiptStamp {
  readonly text: string;
  readonly stats: readonly (FileStat | undefined)[];

  constructor(effects: Pick<IndexEffects, "fs">, root: string, place: Place) {
    this.stats = receiptFiles(root, place).map((path) => statOf(effects, path));
    this.text = this.stats.map((stat) => (stat === undefined ? "-" : stampOf(stat))).join(" ");
  }

  get is_whole(): boolean {
    return this.stats.every((stat) => stat !== undefined);
  }

  /** Whether both are older than what was read at `read_ms`, so that they cannot have changed since without a sign. */
  isSettled(read_ms: number): boolean {
    return this.stats.every((stat) => stat !== undefined && isSettled(stat, read_ms));
  }

  /** Whether what was read then is what lies there now. */
  isOf({ stamp, read_ms }: { readonly stamp: string; readonly read_ms: number }): boolean {
    return stamp === this.text && this.isSettled(read_ms);
  }
}
