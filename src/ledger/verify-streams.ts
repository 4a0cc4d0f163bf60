/** Verifies whole ledgers, lines and logs in one reading, large ones with their lines shared out to threads. */
import type { FileSystem } from "../effects/index.ts";
import { leafHash, type NoteKey } from "../tlog/index.ts";
import { type BlockScan, type OnLeaf, scanInBlocks } from "./block-scan.ts";
import { type ChainScan, scanChain } from "./chain-scan.ts";
import { type Head, readHead } from "./head.ts";
import { beginLog, type LoggedVerdict, type LogUnderWay, withLog } from "./proof-verdict.ts";
import { type ScanPool, scanHere, scanOnThreads } from "./scan-pool.ts";
import { BlockKeeper, memoOf, resumptionOf, type VerifyMemory } from "./stream-memo.ts";
import type { StreamRef } from "./stream-ref.ts";
import { missing, unreadable, verdictOf } from "./verify.ts";
import { type DemandedWitnesses, unmetWitnesses } from "./witness-demand.ts";

export interface VerifyThreads {
  /** Names the `scan-worker` module. */
  readonly worker_url: URL;
  /** Below 2 everything is done by the caller. */
  readonly threads_count: number;
  /** Smaller streams are read line by line; default 16 MiB, below which threads cost more to start than they save. */
  readonly shared_bytes_min?: number;
}

export interface VerifyOptions extends VerifyThreads {
  /** Of every stream; none by default. */
  readonly witnesses?: DemandedWitnesses | undefined;
  /** Of long streams: what may be recalled and what is to be kept. */
  readonly memory?: VerifyMemory | undefined;
}

/** Never throws for any content or file state. Takes no lock. */
export async function verifyStreams(
  fs: FileSystem,
  streams: readonly StreamRef[],
  { worker_url, threads_count, shared_bytes_min = 16 << 20, witnesses, memory }: VerifyOptions,
): Promise<LoggedVerdict[]> {
  let pool: ScanPool | undefined;
  const poolOf = (): ScanPool =>
    (pool ??= threads_count > 1 ? scanOnThreads(worker_url, threads_count) : scanHere());
  const verdicts: LoggedVerdict[] = [];
  try {
    for (const stream of streams) {
      const is_large = (fs.stat(stream.path)?.size_bytes ?? 0) >= shared_bytes_min;
      const keys = witnesses?.keys ?? [];
      const verdict =
        (is_large && memory !== undefined ? await verifyEnd(fs, stream, keys, memory) : undefined) ??
        (await verifyWithTree(fs, stream, is_large ? poolOf() : undefined, keys, memory));
      verdicts.push(witnesses === undefined ? verdict : withWitnesses(stream, verdict, witnesses));
    }
  } finally {
    await pool?.close();
  }
  return verdicts;
}

function withWitnesses(
  stream: StreamRef,
  verdict: LoggedVerdict,
  demanded: DemandedWitnesses,
): LoggedVerdict {
  const unmet = unmetWitnesses(stream, demanded, verdict.log);
  const findings = [...verdict.findings, ...unmet];
  return unmet.length === 0 ? verdict : { ...verdict, valid: false, findings };
}

async function verifyWithTree(
  fs: FileSystem,
  stream: StreamRef,
  pool: ScanPool | undefined,
  witnesses: readonly NoteKey[],
  memory: VerifyMemory | undefined,
): Promise<LoggedVerdict> {
  // Head and checkpoint are read first: a writer adds the line before it moves them.
  const head = readHead(fs, stream);
  try {
    const log = beginLog(fs, stream, witnesses);
    if (fs.stat(stream.path) === undefined) return missing(stream, head);
    if (pool !== undefined) {
      const keeper = memory && new BlockKeeper(memory);
      const onBlock = keeper && ((bytes: Uint8Array) => keeper.add(bytes));
      const scan = await scanInBlocks(fs, stream, head, pool, { onLeaf: onLeafOf(log), onBlock });
      if (scan !== undefined) {
        const verdict = withLog(verdictOf(fs, stream, head, scan), log);
        if (keeper !== undefined) keep(stream, { scan, verdict, log, keeper }, memory);
        return verdict;
      }
    }
    // What was fed to the first one is not taken back.
    const fresh = pool === undefined ? log : beginLog(fs, stream, witnesses);
    return withLog(verdictOf(fs, stream, head, scanInOrder(fs, stream, head, fresh)), fresh);
  } catch (error) {
    return unreadable(stream, head, error);
  }
}

const onLeafOf = (log: LogUnderWay | undefined): OnLeaf | undefined => log && ((leaf) => log.tree.add(leaf));

/** Only what came after what is recalled; undefined where that is not all that may have changed, or something is wrong. */
async function verifyEnd(
  fs: FileSystem,
  stream: StreamRef,
  witnesses: readonly NoteKey[],
  memory: VerifyMemory,
): Promise<LoggedVerdict | undefined> {
  const head = readHead(fs, stream);
  try {
    const resumption = resumptionOf(fs, stream, memory);
    if (resumption === undefined || (head?.bytes ?? 0) < resumption.begun.size_bytes) return undefined;
    const { begun, tree, keeper } = resumption;
    const log = beginLog(fs, stream, witnesses, tree);
    if (log?.tree.knowsRoots === false) return undefined;
    const onBlock = (bytes: Uint8Array): void => keeper.add(bytes);
    const scan = await scanInBlocks(fs, stream, head, scanHere(), { onLeaf: onLeafOf(log), onBlock, begun });
    if (scan?.state === undefined) return undefined;
    const verdict = withLog(verdictOf(fs, stream, head, scan), log);
    if (!verdict.valid) return undefined;
    keep(stream, { scan, verdict, log, keeper }, memory);
    memory.resumed.push(stream.name);
    return verdict;
  } catch (error) {
    // The whole verification says why it cannot be read.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return undefined;
  }
}

function keep(
  stream: StreamRef,
  {
    scan,
    verdict,
    log,
    keeper,
  }: {
    readonly scan: BlockScan;
    readonly verdict: LoggedVerdict;
    readonly log: LogUnderWay | undefined;
    readonly keeper: BlockKeeper;
  },
  memory: VerifyMemory | undefined,
): void {
  if (!verdict.valid || scan.state === undefined) return;
  memory?.after.push(memoOf(stream, scan.state, log?.tree.state(), keeper.blocks));
}

function scanInOrder(
  fs: FileSystem,
  stream: StreamRef,
  head: Head | undefined,
  log: LogUnderWay | undefined,
): ChainScan {
  let onLeaf: OnLeaf | undefined = log && ((leaf) => log.tree.add(leaf));
  return scanChain(fs, stream, head, (bytes) => {
    // The log ends before a line that no writer of ours makes; the chain names it.
    if (bytes === undefined) onLeaf = undefined;
    else onLeaf?.(leafHash(bytes));
  });
}
