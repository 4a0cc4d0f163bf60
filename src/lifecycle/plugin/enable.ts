/** Enable: the difference to what was granted is shown, somebody agrees to exactly that, and it becomes the grant. */
import semver from "semver";
import type { ElevationApproval, Grant } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import {
  approvedScopes,
  checkPluginPlace,
  differenceOf,
  EVENTS,
  type Judges,
  judgesOf,
  makeGrantFault,
  openPluginFile,
  type Plugin,
  policyDenials,
  standingOf,
} from "../../grants/index.ts";
import type { Fault } from "../../kernel/index.ts";
import { type Plane, reading } from "../../plane/index.ts";
import { refuseAll, refuseToken } from "../refuse.ts";
import {
  type Actor,
  changePlugin,
  enterPlugin,
  type PluginChange,
  type PluginRequest,
  requireTransition,
  unchanged,
} from "./change-plugin.ts";
import { askFor, requireConsent, type Shown, shownFor } from "./consent.ts";
import { enabledRecord, unsealed } from "./records.ts";

export interface EnableRequest extends PluginRequest {
  /** Digest of what was shown. */
  readonly yes?: string | undefined;
  /** Binds the grant to the very archive. */
  readonly pin: boolean;
  /** Versions the grant holds for; default: the major version as it is. */
  readonly versions?: string | undefined;
  readonly dry_run: boolean;
}

export interface EnableResult extends PluginChange {
  readonly dry_run: boolean;
  readonly shown: readonly string[];
  /** Null when it was enabled already. */
  readonly shown_digest: string | null;
  /** Agrees to exactly what was shown; null when it was enabled already, and while an approval is missing. */
  readonly command: string | null;
  /** Of a dry run: the approval that is missing. What is shown changes with it. */
  readonly missing: Fault | null;
}

/**
 * @throws PLUGIN_NOT_FOUND, PLUGIN_TRANSITION, PLUGIN_CONSENT_NEEDED, PLUGIN_CONSENT_STALE, PLUGIN_APPROVAL_MISSING,
 * PLUGIN_APPROVAL_SELF, PLUGIN_POLICY_DENIED, PLUGIN_FILE_REFUSED, PLUGIN_ROOT_UNTRUSTED, POLICY_*, AUTH_*, TRANSACTION_FAILED
 */
export async function enablePlugin(
  effects: Effects,
  plane: Plane,
  request: EnableRequest,
): Promise<EnableResult> {
  const { yes, versions } = request;
  refuseToken(request.token, { yes, versions });
  const { plugin, actor } = await enterPlugin(effects, plane, request, "plugin_enable");
  const { namespace } = plugin.record;
  const from = standingOf(effects, plane, plugin).state;
  if (!requireTransition(namespace, from, "enable"))
    return { ...unchanged(plugin), ...NOTHING_TO_SHOW, dry_run: request.dry_run };
  refuseAll([
    ...checkPluginPlace(plane, plugin.manifest),
    ...(await reading(effects, plane, async () => policyDenials(effects, plane, plugin.asked))),
  ]);
  const plan = planEnable(effects, plane, plugin, actor, request);
  const { lines: shown, digest: shown_digest } = plan.shown;
  const command = commandOf(namespace, request);
  const answer = {
    dry_run: request.dry_run,
    shown,
    shown_digest,
    command: plan.missing === null ? `${command} --yes ${shown_digest}` : null,
    missing: plan.missing,
  };
  if (request.dry_run)
    return { ...unchanged(plugin), ...(plan.missing === null ? { state: "enabled" } : {}), ...answer };
  requireApproved(plan);
  const agreed = yes ?? (plan.shown.needs_consent ? await askFor(effects, plan.shown) : undefined);
  requireConsent(namespace, plan.shown, { yes: agreed, command });
  const about = { namespace, operation: "plugin_enable", actor, wait_ms: request.wait_ms };
  const done = await changePlugin(effects, plane, about, (found, _actor, transaction_id) => {
    const state = standingOf(effects, plane, found);
    if (!requireTransition(namespace, state.state, "enable")) return undefined;
    const now_plan = planEnable(effects, plane, found, actor, request);
    requireApproved(now_plan);
    requireConsent(namespace, now_plan.shown, { yes: agreed ?? plan.shown.digest, command });
    const now = new Date(effects.clock.now_ms()).toISOString();
    const grant: Grant = {
      ...now_plan.grant,
      // A grant is named by its transaction, which is made of chance.
      grant_id: grantId(effects),
      granted_at: now,
      transaction_id,
    };
    return {
      record: enabledRecord(unsealed(found), grant, now),
      previous_state: state.state,
      event: EVENTS.enable,
      metadata: { shown: now_plan.shown.lines.map((line) => line.slice(0, 300)).slice(0, 100), shown_digest },
    };
  });
  return { ...done, ...answer };
}

const grantId = ({ random }: Pick<Effects, "random">): string => `GRANT-${random.hex(16)}`;

const NOTHING_TO_SHOW = { shown: [], shown_digest: null, command: null, missing: null };

interface EnablePlan {
  readonly shown: Shown;
  /** Why what is above the profile is not approved. */
  readonly missing: Fault | null;
  readonly grant: Omit<Grant, "grant_id" | "granted_at" | "transaction_id">;
}

/** What must hold whoever approves, and the grant that would be. Reads only. */
function planEnable(
  effects: Effects,
  plane: Plane,
  plugin: Plugin,
  { user }: Actor,
  { pin, versions }: Pick<EnableRequest, "pin" | "versions">,
): EnablePlan {
  const { record, asked, manifest } = plugin;
  const { namespace, package_id, grant, archive_hash, manifest_hash } = record;
  const { by: approvals, missing } = approvalsFor(plugin, user, judgesOf(effects, plane));
  const { entrypoint } = manifest.plugin ?? {};
  if (entrypoint !== undefined) openPluginFile(effects, plane, plugin, entrypoint).handle.close();
  const held = grant !== null && grant.archive_hash !== null && grant.archive_hash === archive_hash;
  const pinned_to = pin || held ? archive_hash : null;
  const version_range = versions ?? rangeOf(grant, record.version);
  const difference = differenceOf(grant, asked, archive_hash);
  const shown = shownFor({
    asked,
    manifest_hash,
    difference,
    approvals,
    version_range,
    pinned_to,
    unpins: pinned_to === null ? (grant?.archive_hash ?? null) : null,
  });
  const { kind, capability, runtime, scopes } = asked;
  return {
    shown,
    missing,
    grant: {
      namespace,
      package_id,
      version_range,
      archive_hash: pinned_to,
      kind,
      capability: [...capability],
      runtime,
      entrypoint: asked.entrypoint,
      scopes: [...scopes],
      granted_by: user,
      shown_digest: shown.digest,
    },
  };
}

/** The versions granted before, where they hold this one; else its major version. */
function rangeOf(grant: Grant | null, version: string): string {
  if (grant !== null && semver.satisfies(version, grant.version_range, { includePrerelease: true }))
    return grant.version_range;
  return `${semver.major(version)}.x`;
}

/** @throws PLUGIN_APPROVAL_MISSING, PLUGIN_APPROVAL_SELF */
function requireApproved({ missing }: EnablePlan): void {
  if (missing !== null) throw missing;
}

function approvalsFor(
  { record, asked }: Plugin,
  user: string,
  judges: Judges,
): { by: readonly ElevationApproval[]; missing: Fault | null } {
  const { missing, by } = approvedScopes(asked, record.approvals, user, judges);
  const [first] = missing;
  if (first === undefined) return { by, missing: null };
  const { namespace, approvals } = record;
  const own = approvedScopes(asked, approvals, "", judges).missing.length === 0;
  if (own)
    return {
      by,
      missing: makeGrantFault("PLUGIN_APPROVAL_SELF", `${user} approved what they would enable`, {
        namespace,
        user,
      }),
    };
  const scopes = missing.map(({ scope }) => scope);
  return {
    by,
    missing: makeGrantFault(
      "PLUGIN_APPROVAL_MISSING",
      `${namespace} asks for ${scopes.join(", ")}, which nobody approves now (${first.why})`,
      { namespace, scopes, why: first.why },
    ),
  };
}

function commandOf(namespace: string, { pin, versions }: EnableRequest): string {
  return [
    `pkg plugin enable ${namespace}`,
    ...(pin ? ["--pin"] : []),
    ...(versions === undefined ? [] : [`--versions '${versions}'`]),
  ].join(" ");
}
