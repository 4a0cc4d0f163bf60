/** Verifies whole ledgers, lines and logs in one reading, large ones with their lines shared out to threads. */
import type { FileSystem } from "../effects/index.ts";
import { leafHash } from "../tlog/index.ts";
import { type ChainScan, scanChain } from "./chain-scan.ts";
import { trustedLedgerKeys } from "./checkpoint-file.ts";
import { type Head, readHead } from "./head.ts";
import { type OnLeaf, scanOnThreads } from "./parallel-scan.ts";
import { type ScanPool, scanPool } from "./scan-pool.ts";
import type { StreamRef } from "./stream-ref.ts";
import { type TreeVerdict, TreeVerifier } from "./tiles-verdict.ts";
import { type LedgerVerdict, missing, unreadable, verdictOf } from "./verify.ts";

export interface VerifyThreads {
  /** Names the `scan-worker` module. */
  readonly worker_url: URL;
  /** Below 2 everything is read by the caller. */
  readonly threads_count: number;
  /** Streams of fewer bytes are read by the caller; default 16 MiB, below which a thread costs more to start than it saves. */
  readonly shared_bytes_min?: number;
}

/** `valid` speaks of the lines; the tree has its own verdict. */
export interface StreamVerdict extends LedgerVerdict {
  /** Absent for a stream that is not kept as a log. */
  readonly tree?: TreeVerdict;
}

/** Never throws for any content or file state. Takes no lock. */
export async function verifyStreams(
  fs: FileSystem,
  streams: readonly StreamRef[],
  { worker_url, threads_count, shared_bytes_min = 16 << 20 }: VerifyThreads,
): Promise<StreamVerdict[]> {
  let pool: ScanPool | undefined;
  const verdicts: StreamVerdict[] = [];
  try {
    for (const stream of streams) {
      const is_large = (fs.stat(stream.path)?.size_bytes ?? 0) >= shared_bytes_min;
      if (is_large && threads_count > 1) pool ??= scanPool(worker_url, threads_count);
      verdicts.push(await verifyWithTree(fs, stream, is_large ? pool : undefined));
    }
  } finally {
    await pool?.close();
  }
  return verdicts;
}

async function verifyWithTree(
  fs: FileSystem,
  stream: StreamRef,
  pool: ScanPool | undefined,
): Promise<StreamVerdict> {
  // Head and checkpoint are read first: a writer adds the line before it moves them.
  const head = readHead(fs, stream);
  try {
    const tree = treeOf(fs, stream);
    if (fs.stat(stream.path) === undefined) return missing(stream, head);
    const shared = pool && (await scanOnThreads(fs, stream, head, pool, tree && ((leaf) => tree.add(leaf))));
    if (shared !== undefined) return judged(fs, stream, head, shared, tree);
    const here = treeOf(fs, stream);
    return judged(fs, stream, head, scanHere(fs, stream, head, here), here);
  } catch (error) {
    return unreadable(stream, head, error);
  }
}

const treeOf = (fs: FileSystem, stream: StreamRef): TreeVerifier | undefined =>
  stream.log && new TreeVerifier(fs, stream, trustedLedgerKeys(fs, stream.log));

function scanHere(
  fs: FileSystem,
  stream: StreamRef,
  head: Head | undefined,
  tree: TreeVerifier | undefined,
): ChainScan {
  let onLeaf: OnLeaf | undefined = tree && ((leaf) => tree.add(leaf));
  return scanChain(fs, stream, head, (bytes) => {
    // The log ends before a line that no writer of ours makes; the chain names it.
    if (bytes === undefined) onLeaf = undefined;
    else onLeaf?.(leafHash(bytes));
  });
}

function judged(
  fs: FileSystem,
  stream: StreamRef,
  head: Head | undefined,
  scan: ChainScan,
  tree: TreeVerifier | undefined,
): StreamVerdict {
  const verdict = verdictOf(fs, stream, head, scan);
  return tree === undefined ? verdict : { ...verdict, tree: tree.finish() };
}
