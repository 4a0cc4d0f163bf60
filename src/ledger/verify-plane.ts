/** Everything the streams of one plane say by themselves: each verified from its first line to its head, and against one another. */
import type { Finding } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { verifyFamily } from "./family.ts";
import { verifySealed } from "./sealed.ts";
import { listStreams } from "./stream-list.ts";
import { type StreamsPlace, streamAt } from "./stream-ref.ts";
import type { LedgerVerdict } from "./verify.ts";
import { type VerifyOptions, verifyStreams } from "./verify-streams.ts";

export interface PlaneVerdict {
  readonly verdicts: readonly LedgerVerdict[];
  readonly sealed: readonly Finding[];
  /** About what streams say of one another. */
  readonly between: readonly Finding[];
}

/** `known`: streams that a plane always has. @throws LEDGER_IO, Node's own error */
export async function verifyPlane(
  fs: FileSystem,
  place: StreamsPlace,
  known: readonly string[],
  threads: Omit<VerifyOptions, "witnesses">,
): Promise<PlaneVerdict> {
  const { root, keys_directory } = place;
  const others = listStreams(fs, { root, heads_directory: `${keys_directory}/heads` });
  const streamOf = (name: string) => streamAt(place, name);
  const streams = [...new Set([...known, ...others])].map(streamOf);
  const verdicts = await verifyStreams(fs, streams, threads);
  const sealed = streams.flatMap((stream) => verifySealed(fs, stream));
  const { memory } = threads;
  const childlessBytes = (name: string): number => {
    const memo = memory?.resumed.includes(name)
      ? memory.before.find(({ stream }) => stream === name)
      : undefined;
    return memo?.is_childless === true ? memo.size_bytes : 0;
  };
  const { findings, parents } = verifyFamily(fs, streams, streamOf, childlessBytes);
  for (const memo of memory?.after ?? []) memo.is_childless = !parents.has(memo.stream);
  return { verdicts, sealed, between: findings };
}
