/** First pass of a verification: reads every line once and notes what does not fit, without explaining it. */
import type { FileSystem } from "../effects/index.ts";
import { type Break, Chain, type Link } from "./chain.ts";
import type { Head } from "./head.ts";
import type { LineReading } from "./line-form.ts";
import { readLine } from "./line-reading.ts";
import { storedLines } from "./stored-lines.ts";
import type { StreamRef } from "./stream-ref.ts";

export interface ChainScan {
  readonly entries_count: number;
  /** Bytes up to the last newline. */
  readonly size_bytes: number;
  readonly torn_bytes: number;
  readonly breaks: readonly Break[];
  readonly breaks_count: number;
  /** Hash of the entry that ends where the head says, when one does. */
  readonly hash_at_head: string | undefined;
  readonly repeated_ids: readonly Link[];
}

/** Gets each line, without its newline, before the next is read; undefined for one that is too long to hold. */
export type OnLine = (bytes: Buffer | undefined) => void;

/** @throws Node's own error when the file cannot be read. */
export function scanChain(
  fs: FileSystem,
  stream: StreamRef,
  head: Head | undefined,
  onLine?: OnLine,
): ChainScan {
  const chain = new Chain();
  let entries_count = 0;
  let size_bytes = 0;
  let torn_bytes = 0;
  let hash_at_head: string | undefined;
  for (const { line, bytes, end, complete, too_long } of storedLines(fs, stream.path)) {
    if (!complete) {
      torn_bytes = end - size_bytes;
      break;
    }
    entries_count = line;
    size_bytes = end;
    onLine?.(too_long ? undefined : bytes);
    const entry_hash = chain.take(line, too_long ? TOO_LONG : readLine(bytes));
    if (end === head?.bytes && line === head.entries) hash_at_head = entry_hash;
  }
  const { breaks, breaks_count, repeated_ids } = chain;
  return { entries_count, size_bytes, torn_bytes, breaks, breaks_count, hash_at_head, repeated_ids };
}

const TOO_LONG: LineReading = { state: "malformed", reason: "it is longer than 16 MiB" };
