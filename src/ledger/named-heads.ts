/** Holds heads of streams that were named elsewhere against the lines of those streams, each stream read once. */
import type { FileSystem } from "../effects/index.ts";
import type { NamedHead } from "./genesis.ts";
import { readLine } from "./line-reading.ts";
import { isReadable } from "./readable.ts";
import { storedLines } from "./stored-lines.ts";
import type { StreamRef } from "./stream-ref.ts";

/** The finding for each problem, by who names the head: a stream that of its parent or child, a receipt that of any. */
export const HEAD_FINDINGS = {
  parent: {
    MISSING: { code: "LEDGER_PARENT_MISSING" },
    CUT: { code: "LEDGER_PARENT_CUT" },
    MISMATCH: { code: "LEDGER_PARENT_MISMATCH" },
  },
  child: {
    MISSING: { code: "LEDGER_CHILD_MISSING" },
    CUT: { code: "LEDGER_CHILD_CUT" },
    MISMATCH: { code: "LEDGER_CHILD_MISMATCH" },
  },
  receipt: {
    MISSING: { code: "LEDGER_RECEIPT_MISSING" },
    CUT: { code: "LEDGER_RECEIPT_CUT" },
    MISMATCH: { code: "LEDGER_RECEIPT_MISMATCH" },
  },
} as const;

/** What is wrong with a named head: the stream is gone, ends before it, or has another entry there. */
export interface HeadProblem {
  readonly problem: "MISSING" | "CUT" | "MISMATCH";
  /** Follows the name of the stream: "which …". */
  readonly message: string;
  readonly expected?: string;
  readonly actual?: string | undefined;
}

/** Where a line begins, and how many there are before it. */
export interface LineStart {
  readonly lines_count: number;
  readonly size_bytes: number;
}

const FIRST_LINE: LineStart = { lines_count: 0, size_bytes: 0 };

/** Undefined in place of each head that the stream bears out. @throws Node's own error when the stream cannot be read */
export function judgeHeads(
  fs: FileSystem,
  target: StreamRef | undefined,
  heads: readonly NamedHead[],
  start: LineStart = FIRST_LINE,
): (HeadProblem | undefined)[] {
  // Its own verdict says that it is no file.
  if (target !== undefined && (fs.stat(target.path)?.kind ?? "file") !== "file")
    return heads.map(() => undefined);
  if (target === undefined || fs.stat(target.path) === undefined)
    return heads.map(() => ({ problem: "MISSING", message: "does not exist" }));
  if (!isReadable(fs, target))
    return heads.map(() => ({ problem: "MISSING", message: "this user may not read" }));
  const from = heads.every(({ entries = 0 }) => entries > start.lines_count) ? start : FIRST_LINE;
  const stands = new Stands(heads);
  stands.lines_count = from.lines_count;
  for (const { line, bytes, complete } of storedLines(fs, target.path, from.size_bytes)) {
    if (!complete) break;
    stands.see(from.lines_count + line, bytes);
    if (stands.isDone(from.lines_count + line)) break;
  }
  return heads.map((head) => {
    const { entries, entry_hash } = head;
    if (stands.fits(head)) return undefined;
    if (entries !== undefined && entries > stands.lines_count) {
      const message = `ends after ${stands.lines_count} entries, but had ${entries}: its tail was cut`;
      return { problem: "CUT", message };
    }
    const message = entries === undefined ? "has no such entry" : `has another entry on line ${entries}`;
    return { problem: "MISMATCH", message, expected: entry_hash, actual: stands.hashAt(entries) };
  });
}

/** Hashes of the lines that are asked for, found in one reading. */
class Stands {
  lines_count = 0;
  private readonly hashes = new Map<number, string>();
  private readonly anywhere = new Map<string, boolean>();
  private readonly last_line: number;

  constructor(heads: readonly NamedHead[]) {
    for (const to of heads) {
      if (to.entries === undefined) this.anywhere.set(to.entry_hash, false);
      else this.hashes.set(to.entries, "");
    }
    this.last_line = Math.max(0, ...this.hashes.keys());
  }

  see(line: number, bytes: Buffer): void {
    this.lines_count = line;
    if (this.hashes.has(line)) this.hashes.set(line, hashOf(bytes));
    for (const [hash, found] of this.anywhere) {
      if (!found && bytes.includes(hash) && hashOf(bytes) === hash) this.anywhere.set(hash, true);
    }
  }

  isDone(line: number): boolean {
    return line >= this.last_line && [...this.anywhere.values()].every(Boolean);
  }

  fits(to: NamedHead): boolean {
    return to.entries === undefined
      ? this.anywhere.get(to.entry_hash) === true
      : this.hashes.get(to.entries) === to.entry_hash;
  }

  hashAt(line: number | undefined): string | undefined {
    return line === undefined ? undefined : this.hashes.get(line);
  }
}

/** As recomputed: an entry that was edited and kept its stated hash is not the one that was named. */
function hashOf(bytes: Buffer): string {
  const reading = readLine(bytes);
  return reading.state === "malformed" ? "" : reading.computed_hash;
}
