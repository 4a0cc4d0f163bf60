/** A change that cannot go on: put back what was touched, prove it, and leave a record of phase and reason. */
import type { Effects } from "../effects/index.ts";
import { type About, attemptedFields, type FollowUp, type Transaction } from "../journal/index.ts";
import { Fault } from "../kernel/index.ts";
import { appendFollowUps, PACKAGES_STREAM, type Plane, releaseReserve } from "../plane/index.ts";

/** Phases in which something of the plane may have been touched. */
const TOUCHING = new Set(["activate", "health-check", "commit"]);

/**
 * A refusal made while planning keeps its own code and is recorded as `<OPERATION>_REFUSED`; everything else becomes
 * TRANSACTION_FAILED (exit 6) or INTERRUPTED (130) and is recorded as `ROLLED_BACK`.
 * @returns the fault to throw @throws UNDO_FAILED, UNDO_DIFFERS
 */
export async function giveUp(
  effects: Effects,
  plane: Plane,
  about: About,
  transaction: Transaction,
  error: unknown,
): Promise<Fault> {
  const { phase, id: transaction_id } = transaction;
  const is_refusal =
    error instanceof Fault && !TOUCHING.has(phase) && (error.exit_code !== 5 || isEnvironment(error));
  const fault = is_refusal && !effects.signal.aborted ? error : transaction.failure(error);
  if (isOutOfSpace(error)) releaseReserve(effects, plane.root);
  const paths_compared = transaction.undo();
  const event = fault === error ? `${about.operation.toUpperCase()}_REFUSED` : "ROLLED_BACK";
  const cause_code = fault.details["cause_code"];
  const entry: FollowUp = {
    stream: PACKAGES_STREAM,
    dedupe_key: `${transaction_id}:undone`,
    event_type: event,
    submission_id: about.subject.slice(0, 256),
    decision: fault === error ? "REFUSED" : "ROLLED_BACK",
    reason: (fault === error
      ? fault.message
      : `${about.operation} was undone in ${phase}: ${problemOf(error)}`
    )
      .slice(0, 2000)
      .toWellFormed(),
    metadata: {
      ledger_type: "L-PACKAGE",
      transaction_id,
      operation: about.operation,
      phase,
      code: typeof cause_code === "string" ? cause_code : fault.code,
      codes: codesOf(fault),
      ...attemptedFields(transaction.attempted),
      user: about.user,
      paths_compared,
      timeline: transaction.timeline(),
    },
  };
  transaction.recordUndone(fault.message, [entry]);
  try {
    await appendFollowUps(effects, plane, [entry]);
    transaction.discard();
  } catch {
    // Left for recovery, which appends the entry and removes the folder when the disk allows it.
    transaction.releaseOwner();
  }
  return fault;
}

/** What was found wanting before anything was begun, unlike a step that broke. */
const isEnvironment = ({ code }: Fault): boolean => code === "SPACE_SHORT" || /^(PLANE|PYTHON)_/.test(code);

const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Codes of every problem a refusal lists. */
function codesOf(fault: Fault): string[] {
  const { findings } = fault.details;
  const listed = Array.isArray(findings)
    ? findings.flatMap((one) => (one as { code?: string } | null)?.code ?? [])
    : [];
  return [...new Set([fault.code, ...listed])].sort();
}

function isOutOfSpace(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause)
    if ((one as { code?: unknown }).code === "ENOSPC") return true;
  return false;
}
