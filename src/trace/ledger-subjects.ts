/** Ledger entries: what is written, whether it still holds, what stands before and after. */
import type { LedgerEntryTrace } from "../contracts/index.ts";
import { bare } from "../kernel/index.ts";
import { type EntryVerdict, verifyEntry } from "../ledger/index.ts";
import { planeStream } from "../plane/index.ts";
import { type Line, linesAbout, parseLine } from "./history.ts";
import type { Sight } from "./sight.ts";

/** The first entry with this id or, as bare hex, this `entry_hash`. */
export function findLine(sight: Sight, id_or_hash: string): Line | undefined {
  for (const line of linesAbout(sight, id_or_hash)) {
    if (line.event.id === id_or_hash || bare(line.entry_hash) === id_or_hash) return line;
  }
  return undefined;
}

/** The entry alone is judged, not its stream: that is what `pkg ledger verify` is for. */
export function traceLedgerEntry(sight: Sight, { event, ...line }: Line): LedgerEntryTrace {
  const verdict = judge(sight, event.stream, event.line, line.text);
  for (const finding of verdict?.findings ?? []) sight.note(finding);
  const { stream } = event;
  return {
    ...event,
    submission_id: line.submission_id,
    metadata: line.metadata as LedgerEntryTrace["metadata"],
    previous_hash: line.previous_hash,
    entry_hash: line.entry_hash,
    hash_verified: verdict?.hash_verified === true,
    covered: verdict?.covered === true,
    in_tree: verdict === undefined ? false : verdict.in_tree,
    entries_count: verdict?.entries_count ?? 0,
    chain: {
      previous: neighbour(stream, event.line - 1, verdict?.before),
      next: neighbour(stream, event.line + 1, verdict?.after),
    },
  };
}

function judge(sight: Sight, stream: string, line: number, text: string): EntryVerdict | undefined {
  try {
    return verifyEntry(sight.effects.fs, planeStream(sight.plane, stream), line, text);
  } catch (error) {
    sight.noteFault(error);
    return undefined;
  }
}

function neighbour(
  stream: string,
  line: number,
  text: string | undefined,
): LedgerEntryTrace["chain"]["next"] {
  if (text === undefined) return null;
  const event = parseLine(text, stream, line)?.event;
  return { line, id: event?.id ?? "", event: event?.event ?? "not an entry" };
}
