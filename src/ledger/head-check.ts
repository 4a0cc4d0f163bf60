import type { ChainScan } from "./chain-scan.ts";
import type { BadLine, Lookup } from "./explain-break.ts";
import type { Head } from "./head.ts";

/**
 * How the stream stands to its head: `behind` means newer entries are not covered yet; `ahead` that covered entries
 * are gone; `mismatch` that covered entries are other ones; `unusable` that what lies in its place is no head.
 */
export type HeadState = "match" | "behind" | "missing" | "mismatch" | "ahead" | "unusable";

export function headState(head: Head | undefined, scan: Omit<ChainScan, "breaks">): HeadState {
  if (head === undefined) return "missing";
  if (head.entries > scan.entries_count) return "ahead";
  if (head.bytes > 0 && scan.hash_at_head !== head.entry_hash) return "mismatch";
  return head.bytes === scan.size_bytes ? "match" : "behind";
}

/** What the head proves about a chain that is whole in itself. */
export function explainHead(
  head: Head,
  state: HeadState,
  scan: ChainScan,
  lookup: Lookup,
): BadLine | undefined {
  const { entries_count } = scan;
  if (state === "ahead") {
    const message = `the tail was cut: the head covers ${head.entries} entries, the stream ends after ${entries_count}`;
    return { line: entries_count + 1, code: "LEDGER_TAIL_CUT", message, expected: head.entry_hash };
  }
  if (state !== "mismatch") return undefined;
  const named = lookup.get(head.entry_hash);
  const message =
    named === undefined
      ? `line ${head.entries} or lines before it were rewritten: no line is the one the head names`
      : `the head covers ${head.entries} entries and names the one on line ${named}: the head itself was changed`;
  return { line: named ?? head.entries, code: "LEDGER_HEAD_MISMATCH", message, expected: head.entry_hash };
}
