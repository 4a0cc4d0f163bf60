/** The plane's streams, each verified from its first line to its head, against one another, and against the receipts. */
import type { Finding, LedgerState } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import {
  type ApartMemory,
  type ApartRun,
  type ApartVerdict,
  type KnownHeads,
  type StreamsPlace,
  startApart,
  type VerifyThreads,
  verifyKept,
  verifyPlane,
} from "../ledger/index.ts";
import { PLANE_STREAMS, type Plane, planeStream } from "../plane/index.ts";
import { headsIn, type InstalledHead, receiptPath } from "../receipts/index.ts";
import type { Outcome } from "./outcome.ts";

/** Everything is read by the caller. */
const NO_THREADS: VerifyThreads = { worker_url: new URL("none:"), threads_count: 1 };
/** Below this many bytes of ledgers a thread of their own costs more to start than it saves. */
const APART_BYTES_MIN = 16 << 20;

export interface LedgerThreads extends VerifyThreads {
  /** Names the `ledger-worker` module: long ledgers are verified there while this thread has other work. */
  readonly apart_url?: URL | undefined;
}

export class Ledgers {
  readonly #threads: LedgerThreads;
  #apart: ApartRun | undefined;

  /** `threads`: where long streams may be shared out. */
  constructor(threads: LedgerThreads = NO_THREADS) {
    this.#threads = threads;
  }

  /** Begins on another thread what `judge` will wait for, where that is worth while. */
  start(fs: FileSystem, plane: Plane, memory?: ApartMemory): void {
    const { apart_url } = this.#threads;
    const bytes = PLANE_STREAMS.reduce((sum, name) => sum + sizeOf(fs, `${plane.root}/${name}`), 0);
    if (apart_url === undefined || bytes < APART_BYTES_MIN) return;
    this.#apart = startApart(apart_url, placeOf(plane), PLANE_STREAMS, this.#threads, memory);
  }

  /** `onApart` is told what another thread looked at, and says what is known of heads in receipts. */
  async judge(
    fs: FileSystem,
    plane: Plane,
    installed: readonly InstalledHead[],
    outcome: Outcome,
    onApart: (verdict: ApartVerdict | undefined) => KnownHeads | undefined = () => undefined,
  ): Promise<LedgerState[]> {
    const apart = await this.#apart?.verdict();
    const known = onApart(apart);
    const { verdicts, sealed, between } =
      apart ?? (await verifyPlane(fs, placeOf(plane), PLANE_STREAMS, this.#threads));
    const against_receipts = againstReceipts(fs, plane, installed, known);
    outcome.findings.push(...sealed, ...between, ...against_receipts);
    const contradicted = new Set([...between, ...against_receipts].map(({ path }) => path));
    return verdicts.map((verdict): LedgerState => {
      outcome.findings.push(...verdict.findings);
      const { stream, valid, entries_count, covered_count, uncovered_count, head, torn_tails } = verdict;
      return {
        stream,
        valid: valid && !contradicted.has(stream),
        entries_count,
        covered_count,
        uncovered_count,
        head,
        torn_tails: [...torn_tails],
      };
    });
  }
}

/** What receipts kept of the streams, against their lines. */
export function againstReceipts(
  fs: FileSystem,
  plane: Plane,
  installed: readonly InstalledHead[],
  known?: KnownHeads,
): Finding[] {
  const kept = installed.flatMap(({ receipt }) =>
    headsIn(receipt, receiptPath(receipt.package_id, receipt.plane_id)),
  );
  return [...verifyKept(fs, kept, (name) => planeStream(plane, name), known).findings];
}

const placeOf = ({ root, keys_directory, config }: Plane): StreamsPlace => ({
  root,
  keys_directory,
  plane_uid: config.plane_uid,
});

/** A ledger that cannot be looked at is told where it is verified. */
function sizeOf(fs: FileSystem, path: string): number {
  try {
    return fs.stat(path)?.size_bytes ?? 0;
  } catch {
    return 0;
  }
}
