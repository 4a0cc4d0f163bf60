/** Recorded approvals of a weaker protection, with a reason and an end. What is not approved is refused (design, principle 6). */
import type { Effects } from "../effects/index.ts";
import { prettyJson } from "../kernel/index.ts";
import { readEntries } from "../ledger/index.ts";
import {
  APPROVALS_PATH,
  authorise,
  GOVERNANCE_STREAM,
  type Plane,
  planeStream,
  writing,
} from "../plane/index.ts";
import { make } from "./faults.ts";
import { transact } from "./transact.ts";

/**
 * `health-without-jail`: health checks may run where no jail works. `run-without-bubblewrap`: plugins may run behind the next
 * layer where bubblewrap is missing or does not keep a promise.
 */
export const APPROVABLE = ["health-without-jail", "run-without-bubblewrap"] as const;
export type Approvable = (typeof APPROVABLE)[number];

export interface Approval {
  readonly subject: Approvable;
  readonly reason: string;
  readonly approved_by: string;
  /** ISO 8601 in UTC, like `expires_at`. */
  readonly approved_at: string;
  readonly expires_at: string;
  readonly transaction_id: string;
}

const DAY_MS = 86_400_000;

/** @param request.days 0 takes the approval back @throws AUTH_* */
export async function approve(
  effects: Effects,
  plane: Plane,
  request: {
    readonly subject: Approvable;
    readonly reason: string;
    readonly days: number;
    readonly token: string | undefined;
    readonly wait_ms?: number | undefined;
  },
): Promise<{ readonly approvals: readonly Approval[]; readonly transaction_id: string }> {
  const { subject, reason, days } = request;
  const { user } = await authorise(effects, plane, request.token, { action: "auth_admin" });
  const waits = request.wait_ms === undefined ? {} : { wait_ms: request.wait_ms };
  return writing(effects, plane, { user, ...waits }, (session) =>
    transact(effects, session, { operation: "approve", subject, user }, async (transaction) => {
      const now_ms = effects.clock.now_ms();
      const approval: Approval = {
        subject,
        reason,
        approved_by: user,
        approved_at: new Date(now_ms).toISOString(),
        expires_at: new Date(now_ms + days * DAY_MS).toISOString(),
        transaction_id: transaction.id,
      };
      const others = readApprovals(effects, plane).filter((one) => one.subject !== subject);
      const approvals = days === 0 ? others : [...others, approval];
      transaction.put(APPROVALS_PATH, { bytes: Buffer.from(prettyJson(approvals as never)), mode: 0o644 });
      const entry = {
        stream: GOVERNANCE_STREAM,
        event_type: "approval",
        submission_id: subject,
        decision: days === 0 ? "WITHDRAWN" : "APPROVED",
        reason,
        metadata: { user, expires_at: approval.expires_at, days },
      };
      return { registries: [], entries: [entry], result: { approvals } };
    }),
  );
}

/** In force now: written down, not expired, and recorded in the ledger by the very transaction it names. */
export function isApproved(
  effects: Pick<Effects, "fs" | "clock">,
  plane: Plane,
  subject: Approvable,
): boolean {
  const approval = readApprovals(effects, plane).find((one) => one.subject === subject);
  if (approval === undefined) return false;
  const now_ms = effects.clock.now_ms();
  // A clock that stands well before it was given would make it last for ever.
  if (now_ms >= Date.parse(approval.expires_at) || now_ms < Date.parse(approval.approved_at) - DAY_MS)
    return false;
  for (const { entry } of readEntries(effects.fs, planeStream(plane, GOVERNANCE_STREAM))) {
    if (
      entry?.event_type === "approval" &&
      entry.submission_id === subject &&
      entry.decision === "APPROVED" &&
      entry.metadata["transaction_id"] === approval.transaction_id &&
      entry.metadata["expires_at"] === approval.expires_at
    )
      return true;
  }
  return false;
}

/** @throws MEMORY_DAMAGED */
function readApprovals({ fs }: Pick<Effects, "fs">, plane: Plane): Approval[] {
  const path = `${plane.root}/${APPROVALS_PATH}`;
  if (fs.stat(path) === undefined) return [];
  let value: unknown;
  try {
    value = JSON.parse(fs.readText(path));
  } catch {
    value = undefined;
  }
  if (
    Array.isArray(value) &&
    value.every((one: Partial<Approval> | null) => typeof one?.expires_at === "string")
  )
    return value as Approval[];
  throw make("MEMORY_DAMAGED", `${APPROVALS_PATH} is not a list of approvals`, { path: APPROVALS_PATH });
}
