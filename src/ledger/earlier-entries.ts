import type { LedgerEntry } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { linesBackwards } from "./newest-lines.ts";
import { asEntry } from "./stored-entry.ts";
import type { StreamRef } from "./stream-ref.ts";

/** Entries found, by their `metadata.dedupe_key`. */
export type Earlier = ReadonlyMap<string, LedgerEntry>;

const LINES_MAX = 10_000;
/** Clocks may be set back while a transaction is interrupted. */
const CLOCK_SLACK_MS = 3_600_000;

/** Searches backwards from byte `end` until all are found, 10,000 lines are read, or entries are too old. */
export function findEarlier(
  fs: FileSystem,
  stream: StreamRef,
  search: { readonly end: number; readonly wanted: ReadonlySet<string>; readonly since_ms: number },
): Earlier {
  const found = new Map<string, LedgerEntry>();
  if (search.end === 0) return found;
  const handle = fs.openRead(stream.path);
  try {
    let lines = 0;
    for (const { bytes } of linesBackwards(handle, search.end)) {
      if (++lines > LINES_MAX || found.size === search.wanted.size) break;
      const entry = asEntry(bytes.toString("utf8"));
      if (entry === undefined) continue;
      const key = entry.metadata["dedupe_key"];
      if (typeof key === "string" && search.wanted.has(key)) found.set(key, entry);
      if (Date.parse(entry.timestamp) < search.since_ms - CLOCK_SLACK_MS) break;
    }
  } finally {
    handle.close();
  }
  return found;
}
