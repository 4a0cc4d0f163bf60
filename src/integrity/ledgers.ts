/** The plane's streams, each verified from its first line to its head, against one another, and against the receipts. */
import type { LedgerState } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import {
  listStreams,
  type VerifyThreads,
  verifyFamily,
  verifyKept,
  verifySealed,
  verifyStreams,
} from "../ledger/index.ts";
import { PLANE_STREAMS, type Plane, planeStream } from "../plane/index.ts";
import { headsIn, type Installed, receiptPath } from "../receipts/index.ts";
import type { Outcome } from "./outcome.ts";

/** Everything is read by the caller. */
const NO_THREADS: VerifyThreads = { worker_url: new URL("none:"), threads_count: 1 };

/** `threads`: where long streams may be shared out. */
export async function judgeLedgers(
  fs: FileSystem,
  plane: Plane,
  {
    threads = NO_THREADS,
    installed,
  }: { readonly threads: VerifyThreads | undefined; readonly installed: readonly Installed[] },
  outcome: Outcome,
): Promise<LedgerState[]> {
  const { root, keys_directory } = plane;
  const others = listStreams(fs, { root, heads_directory: `${keys_directory}/heads` });
  const streamOf = (name: string) => planeStream(plane, name);
  const streams = [...new Set([...PLANE_STREAMS, ...others])].map(streamOf);
  const verdicts = await verifyStreams(fs, streams, threads);
  for (const stream of streams) outcome.findings.push(...verifySealed(fs, stream));
  const kept = installed.flatMap(({ receipt }) =>
    headsIn(receipt, receiptPath(receipt.package_id, receipt.plane_id)),
  );
  const between = [
    ...verifyFamily(fs, streams, streamOf).findings,
    ...verifyKept(fs, kept, streamOf).findings,
  ];
  outcome.findings.push(...between);
  const contradicted = new Set(between.map(({ path }) => path));
  return verdicts.map((verdict): LedgerState => {
    outcome.findings.push(...verdict.findings);
    const { stream, valid, entries_count, covered_count, uncovered_count, head, torn_tails } = verdict;
    const counts = { entries_count, covered_count, uncovered_count };
    return {
      stream,
      valid: valid && !contradicted.has(stream),
      ...counts,
      head,
      torn_tails: [...torn_tails],
    };
  });
}
