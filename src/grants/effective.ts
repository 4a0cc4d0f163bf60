/** The state a plugin is really in: an approval that ended disables it before anybody writes that down. Pure. */
import type { ElevationApproval, PluginRecord, PluginState } from "../contracts/index.ts";
import type { Asked } from "./asked.ts";
import { isCovered } from "./scopes.ts";

export interface Effective {
  readonly state: PluginState;
  readonly reason?: string;
}

/** Why an approval does not count now. */
export type Lapse = "approval_expired" | "approver_revoked" | "approval_missing";

export interface Judges {
  readonly now_ms: number;
  /** Whether the approver's token was revoked, or they lost the role. */
  readonly isRevoked: (approval: ElevationApproval) => boolean;
}

const DAY_MS = 86_400_000;

export function lapseOf(approval: ElevationApproval, { now_ms, isRevoked }: Judges): Lapse | undefined {
  // A clock that stands well before it was given would make it last for ever.
  if (now_ms >= Date.parse(approval.expires_at) || now_ms < Date.parse(approval.approved_at) - DAY_MS)
    return "approval_expired";
  return isRevoked(approval) ? "approver_revoked" : undefined;
}

export interface Approved {
  /** Scopes above the profile that no approval covers now, each with the reason. */
  readonly missing: readonly { readonly scope: string; readonly why: Lapse }[];
  /** Approvals in force that cover at least one of them. */
  readonly by: readonly ElevationApproval[];
}

/** @param enabler who enables, or enabled, it: nobody approves what they enable themselves */
export function approvedScopes(
  asked: Pick<Asked, "above" | "package_id">,
  approvals: readonly ElevationApproval[],
  enabler: string,
  judges: Judges,
): Approved {
  const own = approvals.filter((one) => one.package_id === asked.package_id && one.approved_by !== enabler);
  const in_force = own.filter((one) => lapseOf(one, judges) === undefined);
  const missing = asked.above
    .filter((scope) => !in_force.some(({ scopes }) => isCovered(scope, scopes)))
    .map((scope) => {
      const lapsed = own.findLast(({ scopes }) => isCovered(scope, scopes));
      return { scope, why: (lapsed && lapseOf(lapsed, judges)) ?? ("approval_missing" as const) };
    });
  const by = in_force.filter(({ scopes }) => asked.above.some((scope) => isCovered(scope, scopes)));
  return { missing, by };
}

export function effectiveOf(record: PluginRecord, asked: Asked, judges: Judges): Effective {
  const { state, reason, grant, approvals } = record;
  if (state !== "enabled") return reason === undefined ? { state } : { state, reason };
  if (grant === null) return { state: "disabled", reason: "grant_missing" };
  const [missing] = approvedScopes(asked, approvals, grant.granted_by, judges).missing;
  return missing === undefined ? { state } : { state: "disabled", reason: missing.why };
}
