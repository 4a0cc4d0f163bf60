/**
 * The states of all receipts and manifests in one row of numbers: to hold ten thousand files against it takes as long as
 * asking the file system for them. It is written with the rows of the index that were read from files in these states.
 */
import type { PlaneTier } from "../contracts/index.ts";
import type { Database, FileStat } from "../effects/index.ts";
import type { IndexEffects } from "./open.ts";
import type { Place } from "./receipt-rows.ts";
import { type ReceiptStamp, receiptFiles, statOf } from "./receipt-stamp.ts";
import { currentSource, forgetSource, keepSource } from "./sources.ts";

const NAME = "receipt_states";
/** Numbers that tell one state of a file from another: those of `stampOf`. */
const WIDTH = 5;
const FILES = 2;

/** A receipt that was read at `read_ms`, and the state it was in before. */
export interface LookedAt extends Place {
  readonly stamp: ReceiptStamp;
  readonly read_ms: number;
}

/** Keeps them where each is old enough to be told from a later one; drops what was kept otherwise. */
export function keepReceiptStates(database: Database, looked_at: readonly LookedAt[]): void {
  const numbers = new BigInt64Array(looked_at.length * FILES * WIDTH);
  let at = 0;
  for (const { stamp, read_ms } of looked_at) {
    if (!stamp.isSettled(read_ms)) return forget(database);
    for (const stat of stamp.stats) {
      if (stat === undefined) return forget(database);
      numbers.set([stat.device, stat.inode, BigInt(stat.size_bytes), stat.mtime_ns, stat.ctime_ns], at);
      at += WIDTH;
    }
  }
  const digest = Buffer.from(numbers.buffer).toString("base64");
  const stamp = looked_at.map(({ tier, id }) => `${tier}/${id}`).join("\n");
  const known = currentSource(database, NAME);
  if (known?.stamp === stamp && known.digest === digest) return;
  database.change(() => keepSource(database, NAME, { stamp, read_ms: 0, digest }));
}

function forget(database: Database): void {
  if (currentSource(database, NAME) !== undefined) database.change(() => forgetSource(database, NAME));
}

/** Whether every receipt is in the state that is kept. Says nothing of folders that came since. */
export function areReceiptsAsKept(effects: IndexEffects, root: string, database: Database): boolean {
  const known = currentSource(database, NAME);
  if (known === undefined) return false;
  const bytes = new Uint8Array(Buffer.from(known.digest, "base64"));
  const names = known.stamp === "" ? [] : known.stamp.split("\n");
  if (bytes.length !== names.length * FILES * WIDTH * BigInt64Array.BYTES_PER_ELEMENT) return false;
  const numbers = new BigInt64Array(bytes.buffer);
  let at = 0;
  for (const name of names) {
    const slash = name.indexOf("/");
    const place = { tier: name.slice(0, slash) as PlaneTier, id: name.slice(slash + 1) };
    for (const path of receiptFiles(root, place)) {
      const stat = statOf(effects, path);
      if (stat === undefined || !isInState(stat, numbers, at)) return false;
      at += WIDTH;
    }
  }
  return true;
}

const isInState = (stat: FileStat, numbers: BigInt64Array, at: number): boolean =>
  numbers[at + 4] === stat.ctime_ns &&
  numbers[at + 1] === stat.inode &&
  numbers[at + 2] === BigInt(stat.size_bytes) &&
  numbers[at + 3] === stat.mtime_ns &&
  numbers[at] === stat.device;
