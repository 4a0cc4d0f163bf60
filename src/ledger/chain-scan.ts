/** First pass of a verification: reads every line once and notes what does not fit, without explaining it. */
import type { FileSystem } from "../effects/index.ts";
import type { Head } from "./head.ts";
import type { LineReading } from "./line-form.ts";
import { readLine } from "./line-reading.ts";
import { SeenIds } from "./seen-ids.ts";
import { storedLines } from "./stored-lines.ts";
import type { StreamRef } from "./stream-ref.ts";

/** The parts of an entry that make the chain. */
export interface Link {
  readonly line: number;
  readonly id: string;
  readonly previous_hash: string;
  readonly entry_hash: string;
}

export type Break =
  | { readonly kind: "malformed"; readonly line: number; readonly reason: string }
  | {
      readonly kind: "edited";
      readonly line: number;
      readonly computed_hash: string;
      readonly stated_hash: string;
    }
  | {
      readonly kind: "link";
      readonly line: number;
      readonly link: Link;
      /** The lines before and after it, where they are entries. */
      readonly before: Link | undefined;
      /** Hash of the line before `before`; "" when `before` is the first line. */
      readonly before_that_hash: string | undefined;
      next?: Link;
    };

export interface ChainScan {
  readonly entries_count: number;
  /** Bytes up to the last newline. */
  readonly size_bytes: number;
  readonly torn_bytes: number;
  /** At most {@link BREAKS_MAX}; `breaks_count` counts all. */
  readonly breaks: readonly Break[];
  readonly breaks_count: number;
  /** Hash of the entry that ends where the head says, when one does. */
  readonly hash_at_head: string | undefined;
  /** Lines whose id may have occurred before; a second pass must confirm. */
  readonly repeated_ids: readonly Link[];
}

/** A ledger with more damage than this needs a backup, not a longer list. */
export const BREAKS_MAX = 100;

/** @throws Node's own error when the file cannot be read. */
export function scanChain(fs: FileSystem, stream: StreamRef, head: Head | undefined): ChainScan {
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
    const entry_hash = chain.take(line, too_long ? TOO_LONG : readLine(bytes));
    if (end === head?.bytes && line === head.entries) hash_at_head = entry_hash;
  }
  const { breaks, breaks_count, repeated_ids } = chain;
  return { entries_count, size_bytes, torn_bytes, breaks, breaks_count, hash_at_head, repeated_ids };
}

const TOO_LONG: LineReading = { state: "malformed", reason: "it is longer than 16 MiB" };

class Chain {
  readonly breaks: Break[] = [];
  readonly repeated_ids: Link[] = [];
  breaks_count = 0;
  private readonly ids = new SeenIds();
  private before: Link | undefined;
  private before_that_hash: string | undefined;
  /** Hashes the next line may name; undefined after a line that cannot say. */
  private expected: readonly string[] | undefined = [""];

  /** Takes the next line; returns the hash it states. */
  take(line: number, reading: LineReading): string | undefined {
    if (reading.state === "malformed") {
      this.note({ kind: "malformed", line, reason: reading.reason });
      this.before = undefined;
      this.before_that_hash = undefined;
      this.expected = undefined;
      return undefined;
    }
    const { id, previous_hash, entry_hash, computed_hash } = reading;
    const link = { line, id, previous_hash, entry_hash };
    const last = this.breaks.at(-1);
    if (last?.kind === "link" && last.line === line - 1) last.next = link;
    if (reading.state === "edited") {
      this.note({ kind: "edited", line, computed_hash, stated_hash: entry_hash });
      this.expected = [entry_hash, computed_hash];
    } else {
      const { before, before_that_hash } = this;
      const fits = this.expected?.includes(previous_hash) ?? true;
      if (!fits) this.note({ kind: "link", line, link, before, before_that_hash });
      this.expected = [entry_hash];
    }
    if (this.ids.hasMaybe(id) && this.repeated_ids.length < BREAKS_MAX) this.repeated_ids.push(link);
    this.before_that_hash =
      this.before === undefined && line > 1 ? undefined : (this.before?.entry_hash ?? "");
    this.before = link;
    return entry_hash;
  }

  private note(found: Break): void {
    this.breaks_count++;
    if (this.breaks.length < BREAKS_MAX) this.breaks.push(found);
  }
}
