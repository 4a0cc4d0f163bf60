/**
 * The state machine of every change of packages: download → verify → dependency-prepare run before the plane is locked,
 * activate → health-check → commit under the lock. Each phase is on disk before its first step.
 */
import type { Effects } from "../effects/index.ts";
import { type About, Transaction } from "../journal/index.ts";
import { type Plane, requireLockable, type WriteSession, writing } from "../plane/index.ts";
import { giveUp } from "./give-up.ts";
import { Staging } from "./staging.ts";
import type { Committed } from "./transact.ts";

/** Phases with their number of five; the commit that follows the fifth is no phase of its own to users. */
export const PHASES = ["download", "verify", "dependency-prepare", "activate", "health-check"] as const;
export type Phase = (typeof PHASES)[number];

export type OnPhase = (about: { verb: string; subject: string; phase: Phase; number: number }) => void;

export interface Workspace {
  /** What progress lines name; ids until versions are known. */
  label: string;
  readonly transaction: Transaction;
  readonly staging: Staging;
  readonly enter: (phase: Phase) => void;
}

/**
 * @param prepare everything before the lock; returns undefined when there is nothing to change
 * @param apply everything under the lock; `prepared` is held against the plane once more there
 */
export async function changeSession<P>(
  effects: Effects,
  plane: Plane,
  request: { readonly about: About; readonly wait_ms?: number | undefined; readonly onPhase: OnPhase },
  prepare: (workspace: Workspace) => Promise<P | undefined>,
  apply: (session: WriteSession, workspace: Workspace, prepared: P) => Promise<Committed>,
): Promise<Committed | undefined> {
  const { about, wait_ms, onPhase } = request;
  requireLockable(plane.root);
  const transaction = await Transaction.prepare(effects, plane.root, about);
  const tell = (phase: Phase): void =>
    onPhase({ verb: about.operation, subject: workspace.label, phase, number: PHASES.indexOf(phase) + 1 });
  const workspace: Workspace = {
    label: about.subject,
    transaction,
    staging: new Staging(transaction),
    enter: (phase) => {
      // The journal enters these two itself.
      if (phase !== "activate" && phase !== "health-check") transaction.enterPhase(phase);
      tell(phase);
    },
  };
  let prepared: P | undefined;
  try {
    prepared = await prepare(workspace);
    effects.signal.throwIfAborted();
    if (prepared === undefined) {
      transaction.discard();
      return undefined;
    }
  } catch (error) {
    throw await giveUp(effects, plane, about, transaction, error);
  }
  const found = prepared;
  try {
    const options = { user: about.user, ...(wait_ms === undefined ? {} : { wait_ms }) };
    return await writing(effects, plane, options, (session) => apply(session, workspace, found));
  } catch (error) {
    // What failed inside was undone there; a plane that could not be locked leaves only the folder.
    if (transaction.is_in_plane) throw error;
    throw await giveUp(effects, plane, about, transaction, error);
  }
}
