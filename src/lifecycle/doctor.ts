/** Looks at everything a command may have left behind, settles what can be settled, and counts all of it. Needs no token. */
import type { Effects } from "../effects/index.ts";
import {
  keptFiles,
  keptNumbers,
  pendingTransactions,
  preparingTransactions,
  type Recovered,
  sweepTrash,
} from "../journal/index.ts";
import { PLANE_LOCK, type Plane, reservedBytes, writing } from "../plane/index.ts";
import { type SweptTemps, sweepPrivateTemps } from "../sandbox/index.ts";
import { countDownloads } from "../store/index.ts";
import { renewReserve } from "./collect-generations.ts";

export interface DoctorReport {
  readonly pending_before: number;
  readonly recovered: readonly Recovered[];
  readonly looked_at: {
    /** Somebody holds it while a change is under way; `doctor` waited for it so long. */
    readonly lock: { readonly path: string; readonly waited_ms: number };
    /** Changes that were begun under the lock and neither committed nor undone. */
    readonly transactions: { readonly found: number; readonly left: number };
    /** Folders of changes that were being prepared; those left belong to commands that run, or are too young to tell. */
    readonly preparing: { readonly found: number; readonly left: number };
    readonly generations: {
      readonly kept: number;
      readonly files: number;
      readonly size_bytes: number;
      /** Half removed ones, now gone. */
      readonly trash_removed: number;
    };
    /** Private folders of health checks, in the temporary folder of this user. */
    readonly temp_folders: SweptTemps;
    /** Downloads, whole and begun; "pkg gc" removes old ones. */
    readonly downloads: { readonly files: number; readonly size_bytes: number };
    /** Space kept back for a rollback on a full disk. */
    readonly reserve: { readonly before_bytes: number; readonly bytes: number };
  };
}

/** @throws PLANE_BUSY, PLANE_READ_ONLY, PLANE_DISK_*, JOURNAL_DAMAGED, UNDO_* */
export async function examine(
  effects: Effects,
  plane: Plane,
  { wait_ms }: { readonly wait_ms?: number | undefined },
): Promise<DoctorReport> {
  const { clock, fs } = effects;
  const { root } = plane;
  const pending = pendingTransactions(effects, root).length;
  const preparing = preparingTransactions(effects, root).length;
  const before_bytes = reservedBytes(effects, root);
  const temp_folders = await sweepPrivateTemps(effects, { dry_run: false });
  const from_ms = clock.elapsed_ms();
  const options = { user: "recovery", records_edits: false, ...(wait_ms === undefined ? {} : { wait_ms }) };
  return writing(effects, plane, options, async ({ recovered }) => {
    const waited_ms = Math.round(clock.elapsed_ms() - from_ms);
    const trash_removed = sweepTrash(fs, root);
    renewReserve(effects, plane);
    const kept = keptNumbers(fs, root);
    const files = kept.flatMap((number) => keptFiles(fs, root, number));
    return {
      pending_before: pending,
      recovered,
      looked_at: {
        lock: { path: PLANE_LOCK, waited_ms },
        transactions: { found: pending, left: pendingTransactions(effects, root).length },
        preparing: { found: preparing, left: preparingTransactions(effects, root).length },
        generations: {
          kept: kept.length,
          files: files.length,
          size_bytes: files.reduce((sum, { size_bytes }) => sum + size_bytes, 0),
          trash_removed,
        },
        temp_folders,
        downloads: countDownloads(fs, root),
        reserve: { before_bytes, bytes: reservedBytes(effects, root) },
      },
    };
  });
}
