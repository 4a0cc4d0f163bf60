/** Disable: nothing of the plugin runs any more; its files and what was granted stay. */
import type { Effects } from "../../effects/index.ts";
import { EVENTS, standingOf } from "../../grants/index.ts";
import type { Plane } from "../../plane/index.ts";
import { refuseToken } from "../refuse.ts";
import {
  changePlugin,
  enterPlugin,
  type PluginChange,
  type PluginRequest,
  requireTransition,
} from "./change-plugin.ts";
import { disabledRecord, unsealed } from "./records.ts";

/** @throws PLUGIN_NOT_FOUND, PLUGIN_TRANSITION, PLUGIN_RECORD_DAMAGED, AUTH_*, TRANSACTION_FAILED */
export async function disablePlugin(
  effects: Effects,
  plane: Plane,
  request: PluginRequest & { readonly reason: string },
): Promise<PluginChange> {
  refuseToken(request.token, { reason: request.reason });
  const { plugin, actor } = await enterPlugin(effects, plane, request, "plugin_disable");
  const { namespace } = plugin.record;
  const about = { namespace, operation: "plugin_disable", actor, wait_ms: request.wait_ms };
  return changePlugin(effects, plane, about, (found) => {
    const { state } = found.record;
    if (!requireTransition(namespace, state, "disable")) return undefined;
    // What ended by itself keeps its own reason, which says more.
    const lapsed = state === "enabled" ? standingOf(effects, plane, found).reason : undefined;
    const now = new Date(effects.clock.now_ms()).toISOString();
    const record = disabledRecord(unsealed(found), lapsed ?? request.reason, now);
    return { record, previous_state: state, event: EVENTS.disable };
  });
}
