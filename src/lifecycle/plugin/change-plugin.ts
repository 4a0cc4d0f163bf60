/** The one way the state of a plugin changes where no files do: looked at again under the lock, one transaction, one event. */
import type { AuthAction, PluginState } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import {
  type Command,
  findPlugin,
  judgeTransition,
  makeGrantFault,
  type Plugin,
  type Standing,
  sealKey,
} from "../../grants/index.ts";
import type { Transaction } from "../../journal/index.ts";
import { authorise, type Plane, reading, writing } from "../../plane/index.ts";
import { refuseToken } from "../refuse.ts";
import { transact } from "../transact.ts";
import { type RecordChange, stageRecord } from "./stage-record.ts";

export interface PluginRequest {
  /** Namespace, or the id of its package. */
  readonly name: string;
  readonly token: string | undefined;
  readonly wait_ms?: number | undefined;
}

export interface PluginChange {
  readonly namespace: string;
  readonly package_id: string;
  readonly version: string;
  readonly previous_state: Standing;
  readonly state: PluginState;
  readonly reason: string | null;
  /** False when it was so already: nothing was written. */
  readonly changed: boolean;
  readonly transaction_id: string | null;
  readonly generation: number | null;
}

export interface Actor {
  readonly user: string;
  readonly token_id?: string;
}

/** What is to be written; undefined leaves everything as it is. */
export type Decide = (
  plugin: Plugin,
  actor: Actor,
  transaction_id: string,
) => Omit<RecordChange, "user" | "before_digest"> | undefined;

/** Who acts on which plugin, if they may. @throws PLUGIN_NOT_FOUND, PLUGIN_RECORD_DAMAGED, AUTH_* */
export async function enterPlugin(
  effects: Effects,
  plane: Plane,
  { name, token }: PluginRequest,
  action: AuthAction,
): Promise<{ readonly plugin: Plugin; readonly actor: Actor }> {
  refuseToken(token, { name });
  const plugin = await reading(effects, plane, async () => findPlugin(effects, plane, name));
  const { package_id, tier } = plugin.manifest;
  const { user, token_id } = await authorise(effects, plane, token, {
    action,
    package_ids: [package_id],
    tiers: [tier],
  });
  return { plugin, actor: token_id === undefined ? { user } : { user, token_id } };
}

/** @param stageMore puts further files of the same transaction */
export async function changePlugin(
  effects: Effects,
  plane: Plane,
  {
    namespace,
    operation,
    actor,
    wait_ms,
  }: {
    readonly namespace: string;
    readonly operation: string;
    readonly actor: Actor;
    readonly wait_ms?: number | undefined;
  },
  decide: Decide,
  stageMore: (transaction: Transaction) => void = () => undefined,
): Promise<PluginChange> {
  const { user } = actor;
  const waits = wait_ms === undefined ? {} : { wait_ms };
  return writing(effects, plane, { user, ...waits }, async (session) => {
    const plugin = findPlugin(effects, plane, namespace);
    const probe = decide(plugin, actor, "");
    if (probe === undefined) return unchanged(plugin);
    const key = sealKey(effects, plane);
    const about = { operation, subject: namespace, user };
    const done = await transact(effects, session, about, async (transaction) => {
      const change = decide(plugin, actor, transaction.id) ?? probe;
      const full = { ...change, user, before_digest: plugin.record_digest };
      stageMore(transaction);
      const entry = stageRecord(transaction, key, full);
      return { registries: [], entries: [entry], result: { change } };
    });
    const { record, previous_state } = done.change;
    const { package_id, version, state, reason = null } = record;
    const { transaction_id, generation } = done;
    return {
      namespace,
      package_id,
      version,
      previous_state,
      state,
      reason,
      changed: true,
      transaction_id,
      generation,
    };
  });
}

export function unchanged({ record }: Plugin): PluginChange {
  const { namespace, package_id, version, state, reason = null } = record;
  return {
    namespace,
    package_id,
    version,
    previous_state: state,
    state,
    reason,
    changed: false,
    transaction_id: null,
    generation: null,
  };
}

/** @returns whether there is anything to change @throws PLUGIN_TRANSITION */
export function requireTransition(namespace: string, from: PluginState, command: Command): boolean {
  const judged = judgeTransition(from, command);
  if (judged.kind !== "forbidden") return judged.kind === "change";
  throw makeGrantFault(
    "PLUGIN_TRANSITION",
    `${namespace} is ${from}, and from there no plugin becomes ${judged.to}`,
    { namespace, from, to: judged.to, command: `${judged.instead} ${namespace}` },
  );
}
