/** Giving space back: kept generations beyond the rule, and downloads. Marking a generation good keeps the way back to it. */
import type { Effects } from "../effects/index.ts";
import { dropKept, keptFiles, sweepTrash } from "../journal/index.ts";
import { prettyJson } from "../kernel/index.ts";
import { authorise, GOOD_PATH, GOVERNANCE_STREAM, type Plane, writing } from "../plane/index.ts";
import type { SweptEnvironments } from "../python/index.ts";
import { type SweptTemps, sweepPrivateTemps } from "../sandbox/index.ts";
import { sweepDownloads } from "../store/index.ts";
import { sweepAllEnvironments } from "./collect-environments.ts";
import { GENERATIONS_KEPT, planCollection } from "./collect-generations.ts";
import { make } from "./faults.ts";
import { type Good, readGood } from "./good.ts";
import { transact } from "./transact.ts";

export interface GcResult {
  readonly dropped: readonly {
    readonly generation: number;
    readonly files: number;
    readonly size_bytes: number;
  }[];
  readonly kept: readonly number[];
  readonly downloads: { readonly files: number; readonly size_bytes: number };
  /** Python environments no package locks any more, or that are not what was built. */
  readonly environments: SweptEnvironments;
  /** Private folders of health checks that a killed command left. */
  readonly temp_folders: SweptTemps;
  readonly dry_run: boolean;
}

const DOWNLOADS_KEPT_MS = 7 * 24 * 3_600_000;

/** @throws AUTH_*, PLANE_BUSY, PLANE_READ_ONLY */
export async function collectNow(
  effects: Effects,
  plane: Plane,
  request: {
    readonly token: string | undefined;
    readonly dry_run: boolean;
    /** Generations that changed packages to keep; default 3. */
    readonly keep?: number | undefined;
    readonly wait_ms?: number | undefined;
  },
): Promise<GcResult> {
  const { fs } = effects;
  const { dry_run, keep = GENERATIONS_KEPT } = request;
  const { user } = await authorise(effects, plane, request.token, { action: "rollback" });
  const work = async (): Promise<GcResult> => {
    const { kept, dropped } = planCollection(effects, plane, keep);
    const sizes = dropped.map((generation) => {
      const files = keptFiles(fs, plane.root, generation);
      return {
        generation,
        files: files.length,
        size_bytes: files.reduce((sum, one) => sum + one.size_bytes, 0),
      };
    });
    if (!dry_run) {
      for (const number of dropped) dropKept(fs, plane.root, number);
      sweepTrash(fs, plane.root);
    }
    const downloads = await sweepDownloads(effects, plane.root, { keep_ms: DOWNLOADS_KEPT_MS, dry_run });
    const temp_folders = await sweepPrivateTemps(effects, { dry_run });
    const environments = await sweepAllEnvironments(effects, plane, dry_run);
    return { dropped: sizes, kept, downloads, environments, temp_folders, dry_run };
  };
  if (dry_run) return work();
  const waits = request.wait_ms === undefined ? {} : { wait_ms: request.wait_ms };
  return writing(effects, plane, { user, ...waits }, work);
}

/** Marks the generation in force good, or takes a mark back. @throws AUTH_*, NOT_MARKED_GOOD */
export async function markGood(
  effects: Effects,
  plane: Plane,
  request: {
    readonly token: string | undefined;
    readonly note: string;
    /** Take the mark of this generation back. */
    readonly remove?: number | undefined;
    readonly wait_ms?: number | undefined;
  },
): Promise<{ readonly good: readonly Good[]; readonly transaction_id: string }> {
  const { user } = await authorise(effects, plane, request.token, { action: "rollback" });
  const waits = request.wait_ms === undefined ? {} : { wait_ms: request.wait_ms };
  if (request.remove !== undefined) requireMarked(readGood(effects.fs, plane.root), request.remove);
  const about = { operation: "mark_good", subject: `generation ${request.remove ?? "in force"}`, user };
  return writing(effects, plane, { user, ...waits }, (session) =>
    transact(effects, session, about, async (transaction) => {
      const before = readGood(effects.fs, plane.root);
      // The mark itself makes a new generation with the same packages; the way back to it is what is kept.
      const generation = session.generation + 1;
      const mark = {
        generation,
        marked_by: user,
        at: new Date(effects.clock.now_ms()).toISOString(),
        note: request.note,
      };
      const good =
        request.remove === undefined
          ? [...before, mark]
          : before.filter((one) => one.generation !== request.remove);
      transaction.put(GOOD_PATH, { bytes: Buffer.from(prettyJson(good as never)), mode: 0o644 });
      const entry = {
        stream: GOVERNANCE_STREAM,
        event_type: request.remove === undefined ? "generation_marked_good" : "generation_mark_removed",
        submission_id: `generation ${request.remove ?? generation}`,
        decision: request.remove === undefined ? "GOOD" : "REMOVED",
        reason: request.note.slice(0, 1000) || "marked by an operator",
        metadata: { user, generation: request.remove ?? generation },
      };
      return { registries: [], entries: [entry], result: { good } };
    }),
  );
}

function requireMarked(good: readonly Good[], generation: number): void {
  if (good.some((one) => one.generation === generation)) return;
  throw make("NOT_MARKED_GOOD", `generation ${generation} is not marked good`, {
    generation,
    marked: good.map((one) => one.generation),
  });
}
