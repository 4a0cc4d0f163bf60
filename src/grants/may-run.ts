/** The one question before anything of a plugin runs. */

import type { Scope } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Plane } from "../plane/index.ts";
import { judgesOf } from "./approvers.ts";
import { type Effective, effectiveOf } from "./effective.ts";
import { make } from "./faults.ts";
import { requirePolicy } from "./policy-read.ts";
import { type Plugin, type RecordEffects, requirePlugin } from "./record.ts";
import { isCovered, isForbidden } from "./scopes.ts";

export interface Runnable extends Plugin {
  /** What it may touch now: what its manifest asks for, as far as the grant covers it, and what it forbids itself. */
  readonly scopes: readonly Scope[];
}

/** @throws PLUGIN_NOT_FOUND, PLUGIN_NOT_ENABLED, PLUGIN_RECORD_DAMAGED, PLUGIN_POLICY_DENIED, POLICY_*, AUTH_SECRET_* */
export async function mayRun(effects: RecordEffects, plane: Plane, namespace: string): Promise<Runnable> {
  const plugin = requirePlugin(effects, plane, namespace);
  const { state, reason = "" } = standingOf(effects, plane, plugin);
  const { grant } = plugin.record;
  if (state !== "enabled" || grant === null)
    throw make(
      "PLUGIN_NOT_ENABLED",
      `${namespace} is ${state}${reason === "" ? "" : ` (${reason})`}, so nothing of it runs`,
      { namespace, state, reason },
    );
  await requirePolicy(effects, plane, plugin.asked);
  const scopes = plugin.asked.scopes.filter((scope) => isForbidden(scope) || isCovered(scope, grant.scopes));
  return { ...plugin, scopes: [...new Set([...scopes, ...grant.scopes.filter(isForbidden)])] };
}

export const standingOf = (
  effects: Pick<Effects, "fs" | "host" | "clock">,
  plane: Plane,
  { record, asked }: Plugin,
): Effective => effectiveOf(record, asked, judgesOf(effects, plane));
