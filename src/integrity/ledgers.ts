/** The plane's streams, each verified from its first line to its head. */
import type { LedgerState } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { type VerifyThreads, verifySealed, verifyStream, verifyStreams } from "../ledger/index.ts";
import { PLANE_STREAMS, type Plane, planeStream } from "../plane/index.ts";
import type { Outcome } from "./outcome.ts";

/** `threads`: where long streams may be shared out. */
export async function judgeLedgers(
  fs: FileSystem,
  plane: Plane,
  threads: VerifyThreads | undefined,
  outcome: Outcome,
): Promise<LedgerState[]> {
  const streams = PLANE_STREAMS.map((name) => planeStream(plane, name));
  const verdicts =
    threads === undefined
      ? streams.map((stream) => verifyStream(fs, stream))
      : await verifyStreams(fs, streams, threads);
  for (const stream of streams) outcome.findings.push(...verifySealed(fs, stream));
  return verdicts.map((verdict): LedgerState => {
    outcome.findings.push(...verdict.findings);
    const { stream, valid, entries_count, covered_count, uncovered_count, head, torn_tails } = verdict;
    const counts = { entries_count, covered_count, uncovered_count };
    return { stream, valid, ...counts, head, torn_tails: [...torn_tails] };
  });
}
