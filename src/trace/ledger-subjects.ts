/** Ledger entries: what is written, whether it still holds, what stands before and after. */
import type { LedgerEntryTrace } from "../contracts/index.ts";
import { bare } from "../kernel/index.ts";
import { type LedgerVerdict, verifyStream } from "../ledger/index.ts";
import { planeStream } from "../plane/index.ts";
import { type Line, linesAbout, parseLine } from "./history.ts";
import { linesNumbered } from "./matching-lines.ts";
import type { Sight } from "./sight.ts";

/** The first entry with this id or, as bare hex, this `entry_hash`. */
export function findLine(sight: Sight, id_or_hash: string): Line | undefined {
  for (const line of linesAbout(sight, id_or_hash)) {
    if (line.event.id === id_or_hash || bare(line.entry_hash) === id_or_hash) return line;
  }
  return undefined;
}

export function traceLedgerEntry(sight: Sight, { event, ...line }: Line): LedgerEntryTrace {
  const verdict = judgeStream(sight, event.stream);
  const own =
    verdict?.findings.filter((finding) => finding.line === event.line && finding.severity === "error") ?? [];
  for (const finding of own) sight.note(finding);
  if (verdict?.valid === false && own.length === 0) noteBroken(sight, verdict);
  const hash_verified = verdict !== undefined && own.length === 0;
  return {
    ...event,
    submission_id: line.submission_id,
    metadata: line.metadata as LedgerEntryTrace["metadata"],
    previous_hash: line.previous_hash,
    entry_hash: line.entry_hash,
    hash_verified,
    covered: hash_verified && event.line <= (verdict?.covered_count ?? 0),
    stream_valid: verdict?.valid === true,
    entries_count: verdict?.entries_count ?? 0,
    chain: neighboursOf(sight, event.stream, event.line),
  };
}

function judgeStream(sight: Sight, stream: string): LedgerVerdict | undefined {
  try {
    return verifyStream(sight.effects.fs, planeStream(sight.plane, stream));
  } catch (error) {
    sight.noteFault(error);
    return undefined;
  }
}

function noteBroken(sight: Sight, { stream, first_bad }: LedgerVerdict): void {
  sight.note({
    code: "TRACE_LEDGER_BROKEN",
    severity: "error",
    message: `${stream} is broken at another line: ${first_bad?.message ?? "it cannot be verified"}`,
    next_step: `Run "pkg ledger verify" to see where.`,
    path: stream,
    ...(first_bad === undefined ? {} : { line: first_bad.line }),
  });
}

function neighboursOf(sight: Sight, stream: string, line: number): LedgerEntryTrace["chain"] {
  const lines = linesNumbered(sight.effects.fs, `${sight.plane.root}/${stream}`, [line - 1, line + 1]);
  const neighbour = (number: number): LedgerEntryTrace["chain"]["next"] => {
    const found = lines.find((one) => one.line === number);
    if (found === undefined) return null;
    const event = parseLine(found.text, stream, number)?.event;
    return { line: number, id: event?.id ?? "", event: event?.event ?? "not an entry" };
  };
  return { previous: neighbour(line - 1), next: neighbour(line + 1) };
}
