/** Undo: the last committed change is taken back as a whole, whatever it was. A second undo takes back the first. */
import type { Effects } from "../effects/index.ts";
import { type KeptGeneration, keptNumbers, readKept } from "../journal/index.ts";
import {
  authorise,
  GOVERNANCE_STREAM,
  PACKAGES_STREAM,
  type Plane,
  readGeneration,
  reading,
  releaseReserve,
} from "../plane/index.ts";
import { changeSession } from "./change-session.ts";
import { make } from "./faults.ts";
import { restoredEvents } from "./plugin/restore-records.ts";
import { refuseAll } from "./refuse.ts";
import { restoredCheck } from "./restored-check.ts";
import { type RollbackRequest, type RollbackResult, rollback } from "./rollback.ts";
import { type LedgerNote, transact } from "./transact.ts";
import { type Deed, deedOf, requireNewest, undoAuth } from "./undo-kinds.ts";
import { changesPackages } from "./undo-notes.ts";
import { planUndo, stageUndo, type UndoPlan } from "./undo-plan.ts";

export interface UndoResult extends RollbackResult {
  /** The change that was taken back. */
  readonly undone: {
    readonly generation: number;
    readonly operation: string;
    readonly subject: string;
    readonly user: string;
    /** ISO 8601 in UTC. */
    readonly committed_at: string;
  };
  /** The file plan of a change of no packages; theirs stands in `packages`. */
  readonly files: readonly { readonly path: string; readonly action: "put back" | "remove" }[];
}

export type UndoRequest = Pick<RollbackRequest, "token" | "dry_run" | "accept_drift" | "wait_ms" | "onPhase">;

/**
 * Needs the right to make the change that is taken back.
 * @throws AUTH_*, NOTHING_TO_UNDO, UNDO_NOT_POSSIBLE, UNDO_OVERTAKEN, and what `rollback` throws
 */
export async function undo(effects: Effects, plane: Plane, request: UndoRequest): Promise<UndoResult> {
  const kept = await reading(effects, plane, async () => newestKept(effects, plane));
  const { generation, operation, subject, user, committed_ms } = kept;
  const committed_at = new Date(committed_ms).toISOString();
  const undone = { generation, operation, subject, user, committed_at };
  if (changesPackages(kept.notes))
    return { ...(await rollback(effects, plane, { ...request, ids: [] })), undone, files: [] };
  const deed = deedOf(kept);
  const { user: by } = await authorise(effects, plane, request.token, undoAuth(effects, plane, deed));
  const none = {
    packages: [],
    uninstalled: [],
    transaction_id: null,
    generation: null,
    timeline: [],
    verified_paths: 0,
  };
  const planned = async (): Promise<UndoPlan> => {
    const plan = await reading(effects, plane, async () => {
      requireNewest(readGeneration(effects.fs, plane.root)?.generation ?? 0, generation);
      return planUndo(effects, plane, kept);
    });
    refuseAll(plan.problems);
    return plan;
  };
  if (request.dry_run) return { ...none, undone, files: shown(await planned()), dry_run: true };
  return { ...none, ...(await takeBack(effects, plane, request, { kept, deed, by }, planned)), undone };
}

/** Where little space is left. */
const LITTLE_SPACE_BYTES = 4 << 20;

async function takeBack(
  effects: Effects,
  plane: Plane,
  { wait_ms, onPhase }: UndoRequest,
  { kept, deed, by }: { readonly kept: KeptGeneration; readonly deed: Deed; readonly by: string },
  planned: () => Promise<UndoPlan>,
) {
  if (effects.fs.freeBytes(plane.root) < LITTLE_SPACE_BYTES) releaseReserve(effects, plane.root);
  const about = { operation: "undo", subject: kept.subject, user: by };
  let files: UndoResult["files"] = [];
  let verified_paths = 0;
  const committed = await changeSession(
    effects,
    plane,
    { about, wait_ms, onPhase: onPhase ?? (() => undefined) },
    async (workspace) => {
      workspace.enter("verify");
      return planned();
    },
    async (session, workspace) => {
      requireNewest(session.generation, kept.generation);
      const plan = planUndo(effects, plane, kept);
      refuseAll(plan.problems);
      files = shown(plan);
      workspace.enter("activate");
      const check = restoredCheck(effects, plane, plan.wanted, {
        onStart: () => workspace.enter("health-check"),
        onChecked: (count) => {
          verified_paths = count;
        },
      });
      return transact<object>(
        effects,
        session,
        about,
        async (transaction) => {
          stageUndo(transaction, plan);
          return {
            registries: [],
            registry_digests: plan.registry_digests,
            entries: [
              ...entriesOf(kept, deed, by, session.generation + 1),
              ...restoredEvents(effects, plane, plan.files, by),
            ],
            notes: { undone: { operation: deed.operation, subject: deed.subject } },
            result: {},
            check,
          };
        },
        workspace.transaction,
      );
    },
  );
  return { ...committed, files, dry_run: false, verified_paths };
}

/** @throws NOTHING_TO_UNDO */
function newestKept({ fs }: Effects, plane: Plane): KeptGeneration {
  const kept = keptNumbers(fs, plane.root);
  const newest = kept.at(-1);
  const in_force = readGeneration(fs, plane.root)?.generation ?? 0;
  const found = newest === in_force && newest > 0 ? readKept(fs, plane.root, newest) : undefined;
  if (found !== undefined) return found;
  const why =
    in_force === 0 ? "no change was made yet" : `what led to generation ${in_force} is not kept any more`;
  throw make("NOTHING_TO_UNDO", why, { kept });
}

const shown = ({ files }: UndoPlan): UndoResult["files"] =>
  files.map(({ path, action }) => ({ path, action }));

function entriesOf(kept: KeptGeneration, deed: Deed, user: string, generation: number): LedgerNote[] {
  const { subject, transaction_id } = kept;
  const again = kept.operation === "undo" ? "the undo of " : "";
  const entry = {
    event_type: "UNDONE",
    submission_id: subject,
    decision: "UNDONE",
    reason: `${again}${deed.operation} of ${subject} (generation ${kept.generation}) taken back`,
    metadata: {
      user,
      generation,
      undone_operation: kept.operation,
      undone_generation: kept.generation,
      undone_transaction_id: transaction_id,
    },
  };
  const packages = {
    ...entry,
    stream: PACKAGES_STREAM,
    metadata: { ledger_type: "L-PACKAGE", ...entry.metadata },
  };
  // What the governance ledger says was done, it also says was taken back.
  return deed.operation === "restore" ? [packages] : [packages, { ...entry, stream: GOVERNANCE_STREAM }];
}
