/** Review: plugins whose approval ended are written down as what they already are, disabled. One transaction, one event each. */
import type { Effects } from "../../effects/index.ts";
import { EVENTS, type Plugin, readPlugins, sealKey, standingOf } from "../../grants/index.ts";
import { authorise, type Plane, writing } from "../../plane/index.ts";
import { transact } from "../transact.ts";
import { disabledRecord, unsealed } from "./records.ts";
import { stageRecord } from "./stage-record.ts";

export interface ReviewResult {
  /** Plugins looked at. */
  readonly reviewed: number;
  readonly disabled: readonly { readonly namespace: string; readonly reason: string }[];
  readonly transaction_id: string | null;
}

/** @throws PLUGIN_RECORD_DAMAGED, AUTH_*, TRANSACTION_FAILED */
export async function reviewPlugins(
  effects: Effects,
  plane: Plane,
  { token, wait_ms }: { readonly token: string | undefined; readonly wait_ms?: number | undefined },
): Promise<ReviewResult> {
  const { user } = await authorise(effects, plane, token, { action: "plugin_disable" });
  const waits = wait_ms === undefined ? {} : { wait_ms };
  return writing(effects, plane, { user, ...waits }, async (session) => {
    const plugins = readPlugins(effects, plane);
    const lapsed = plugins.flatMap((plugin): { plugin: Plugin; reason: string }[] => {
      const { state, reason } = standingOf(effects, plane, plugin);
      return state === plugin.record.state || reason === undefined ? [] : [{ plugin, reason }];
    });
    const disabled = lapsed.map(({ plugin, reason }) => ({ namespace: plugin.record.namespace, reason }));
    if (lapsed.length === 0) return { reviewed: plugins.length, disabled, transaction_id: null };
    const subject = disabled
      .map(({ namespace }) => namespace)
      .join(" ")
      .slice(0, 256);
    const about = { operation: "plugin_review", subject, user };
    const key = sealKey(effects, plane);
    const { transaction_id } = await transact<object>(effects, session, about, async (transaction) => {
      const now = new Date(effects.clock.now_ms()).toISOString();
      const entries = lapsed.map(({ plugin, reason }) =>
        stageRecord(transaction, key, {
          record: disabledRecord(unsealed(plugin), reason, now),
          previous_state: plugin.record.state,
          before_digest: plugin.record_digest,
          event: EVENTS.disable,
          user,
        }),
      );
      return { registries: [], entries, result: {} };
    });
    return { reviewed: plugins.length, disabled, transaction_id };
  });
}
