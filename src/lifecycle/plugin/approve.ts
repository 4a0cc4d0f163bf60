/** A second person stands for what a plugin may do above the profile of its kind: with a reason, and for a time. */
import type { ElevationApproval } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { EVENTS, makeGrantFault, type Plugin, standingOf, type UnsealedRecord } from "../../grants/index.ts";
import type { Plane } from "../../plane/index.ts";
import { refuseToken } from "../refuse.ts";
import {
  type Actor,
  changePlugin,
  enterPlugin,
  type PluginChange,
  type PluginRequest,
} from "./change-plugin.ts";
import { disabledRecord, unsealed } from "./records.ts";

export interface ApproveRequest extends PluginRequest {
  readonly reason: string;
  /** A day or a time, ISO 8601; or a number of days from now. */
  readonly expires?: string | undefined;
  readonly days?: number | undefined;
}

export interface ApproveResult extends PluginChange {
  readonly approval: ElevationApproval;
}

const DAY_MS = 86_400_000;
const DAYS_MAX = 366;
/** Approvals of others that ended so long ago are kept by the ledger alone. */
const ENDED_DAYS = 30;

/** @throws PLUGIN_NOT_FOUND, PLUGIN_APPROVAL_NEEDLESS, PLUGIN_APPROVAL_SELF, PLUGIN_APPROVAL_DATE, AUTH_*, TRANSACTION_FAILED */
export async function approvePlugin(
  effects: Effects,
  plane: Plane,
  request: ApproveRequest,
): Promise<ApproveResult> {
  refuseToken(request.token, { reason: request.reason, expires: request.expires });
  const { plugin, actor } = await enterPlugin(effects, plane, request, "plugin_approve");
  const { namespace } = plugin.record;
  const expires_at = endOf(effects, namespace, request);
  const approval_id = `APPROVAL-${effects.random.hex(16)}`;
  let approval: ElevationApproval | undefined;
  const about = { namespace, operation: "plugin_approve", actor, wait_ms: request.wait_ms };
  const done = await changePlugin(effects, plane, about, (found, _actor, transaction_id) => {
    requireOther(found, actor);
    const now_ms = effects.clock.now_ms();
    const given: ElevationApproval = {
      approval_id,
      namespace,
      package_id: found.record.package_id,
      scopes: [...found.asked.above],
      reason: request.reason,
      approved_by: actor.user,
      ...(actor.token_id === undefined ? {} : { token_id: actor.token_id }),
      approved_at: new Date(now_ms).toISOString(),
      expires_at,
      transaction_id,
    };
    approval = given;
    return {
      record: { ...lapsed(effects, plane, found), approvals: [...kept(found, actor, now_ms), given] },
      previous_state: found.record.state,
      event: EVENTS.approve,
      metadata: { approval_id, scopes: given.scopes, approval_reason: request.reason, expires_at },
    };
  });
  if (approval === undefined) throw new Error("an approval always changes the record");
  return { ...done, approval };
}

/** An approval that comes too late enables nothing by itself. */
function lapsed(effects: Effects, plane: Plane, plugin: Plugin): UnsealedRecord {
  const { state, reason } = standingOf(effects, plane, plugin);
  const record = unsealed(plugin);
  if (plugin.record.state === state || reason === undefined) return record;
  return disabledRecord(record, reason, new Date(effects.clock.now_ms()).toISOString());
}

function requireOther({ record, asked }: Plugin, { user }: Actor): void {
  const { namespace, grant, state } = record;
  if (asked.above.length === 0)
    throw makeGrantFault("PLUGIN_APPROVAL_NEEDLESS", `${namespace} asks for nothing above its profile`, {
      namespace,
    });
  if (state === "enabled" && grant?.granted_by === user)
    throw makeGrantFault("PLUGIN_APPROVAL_SELF", `${user} enabled ${namespace}, so another has to approve`, {
      namespace,
      user,
    });
}

const kept = ({ record }: Plugin, { user }: Actor, now_ms: number): ElevationApproval[] =>
  record.approvals.filter(
    ({ approved_by, expires_at }) =>
      approved_by !== user && Date.parse(expires_at) > now_ms - ENDED_DAYS * DAY_MS,
  );

/** @throws PLUGIN_APPROVAL_DATE */
function endOf(
  { clock }: Pick<Effects, "clock">,
  namespace: string,
  { expires, days }: Pick<ApproveRequest, "expires" | "days">,
): string {
  const now_ms = clock.now_ms();
  const end_ms = expires === undefined ? now_ms + (days ?? Number.NaN) * DAY_MS : Date.parse(expires);
  const is_sound = (expires === undefined) !== (days === undefined) && Number.isFinite(end_ms);
  if (is_sound && end_ms > now_ms && end_ms <= now_ms + DAYS_MAX * DAY_MS)
    return new Date(end_ms).toISOString();
  const value = (expires ?? String(days ?? "")).slice(0, 40);
  throw makeGrantFault(
    "PLUGIN_APPROVAL_DATE",
    `an approval ends on a day within a year, given by --expires or --days, not ${JSON.stringify(value)}`,
    { namespace, value },
  );
}
