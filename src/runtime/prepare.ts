/** Everything that is asked before anything of a plugin runs, in this order; the first problem is the answer. */
import type { PluginAction, Scope } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { type Plugin, standingOf } from "../grants/index.ts";
import { nearest } from "../kernel/index.ts";
import { authorise, type Plane } from "../plane/index.ts";
import { type Actor, requireActor } from "./actor.ts";
import { effectiveScopes, requireScopes } from "./effective-scopes.ts";
import { jsonBytes } from "./exchange.ts";
import { make } from "./faults.ts";
import { type InstalledCode, installedCode } from "./installed-code.ts";
import { requireKnown } from "./known-plugin.ts";
import { type Limits, limitsOf, type Wishes } from "./limits.ts";
import { schemaOf } from "./schemas.ts";

export interface Asking {
  readonly namespace: string;
  readonly action: string;
  /** A JSON value. */
  readonly input: unknown;
  readonly wishes: Wishes;
  readonly actor: { readonly kind: string; readonly id?: string | undefined };
  readonly token: string | undefined;
}

/** An invocation that may begin. */
export interface Prepared {
  readonly plugin: Plugin;
  readonly action: PluginAction;
  /** What the run may touch: what its action needs, and what the plugin forbids itself. */
  readonly scopes: readonly Scope[];
  readonly limits: Limits;
  readonly code: InstalledCode;
  readonly actor: Actor;
  readonly user: string;
  readonly input: unknown;
  readonly input_bytes: number;
}

/**
 * @throws AUTH_*, plugin_not_found, plugin_not_enabled, plugin_action_not_declared, plugin_permission_denied,
 * plugin_entrypoint_missing, invalid_actor_kind, plugin_limit_*, plugin_input_too_large, plugin_input_invalid, and what reading
 * records, policy, receipt and files throws
 */
export async function prepare(effects: Effects, plane: Plane, asking: Asking): Promise<Prepared> {
  const { namespace, input } = asking;
  const looked = lookUp(effects, plane, namespace);
  const { user } = await authorise(effects, plane, asking.token, {
    action: "run",
    ...("plugin" in looked
      ? { package_ids: [looked.plugin.record.package_id], tiers: [looked.plugin.manifest.tier] }
      : {}),
  });
  if ("problem" in looked) throw looked.problem;
  const { plugin } = looked;
  requireEnabled(effects, plane, plugin);
  const action = declaredAction(plugin, asking.action);
  const scopes = requireScopes(plugin, action, await effectiveScopes(effects, plane, plugin));
  const code = installedCode(effects, plane, plugin);
  const actor = requireActor(asking.actor, user);
  const limits = limitsOf(plane.config.run, {
    namespace,
    action: action.id,
    declared: action.limits,
    wishes: asking.wishes,
  });
  const input_bytes = requireSmall(asking, limits);
  await requireInput(namespace, action, input);
  return { plugin, action, scopes, limits, code, actor, user, input, input_bytes };
}

type Looked = { readonly plugin: Plugin } | { readonly problem: unknown };

/** What is wrong with a plugin is told to those only who may run it. */
function lookUp(effects: Effects, plane: Plane, namespace: string): Looked {
  try {
    return { plugin: requireKnown(effects, plane, namespace) };
  } catch (problem) {
    return { problem };
  }
}

/** @throws plugin_not_enabled */
export function requireEnabled(
  effects: Pick<Effects, "fs" | "host" | "clock">,
  plane: Plane,
  plugin: Plugin,
): void {
  const { namespace, grant } = plugin.record;
  const { state, reason = "" } = standingOf(effects, plane, plugin);
  if (state === "enabled" && grant !== null) return;
  const why = reason === "" ? "" : ` (${reason})`;
  throw make("plugin_not_enabled", `${namespace} is ${state}${why}, so nothing of it runs`, {
    namespace,
    state,
    reason,
    command: wayToEnabled(namespace, state, reason),
  });
}

function wayToEnabled(namespace: string, state: string, reason: string): string {
  if (state === "registered") return `pkg plugin install ${namespace}`;
  if (reason.startsWith("appro")) return `pkg plugin approve ${namespace} --reason REASON --days 30`;
  return `pkg plugin enable ${namespace}`;
}

/** @throws plugin_action_not_declared */
export function declaredAction({ record, manifest }: Plugin, id: string): PluginAction {
  const actions = manifest.plugin?.actions ?? [];
  const action = actions.find((one) => one.id === id);
  if (action !== undefined) return action;
  const shown = id.slice(0, 64);
  throw make("plugin_action_not_declared", `${record.namespace} has no action ${JSON.stringify(shown)}`, {
    namespace: record.namespace,
    action: shown,
    near: nearest(
      shown,
      actions.map((one) => one.id),
    ),
  });
}

function requireSmall({ namespace, action, input }: Asking, { input_bytes_max }: Limits): number {
  const bytes = jsonBytes(input);
  if (bytes === undefined)
    throw make("plugin_input_invalid", "the input cannot be written as JSON", {
      namespace,
      action,
      pointer: "/",
      problems: ["/ cannot be written as JSON"],
    });
  const { value, set_by } = input_bytes_max;
  if (bytes > value) throw inputTooLarge(namespace, action, bytes, { value, set_by });
  return bytes;
}

/** Also for who reads an input and stops before its end. */
export const inputTooLarge = (
  namespace: string,
  action: string,
  bytes: number,
  { value, set_by }: { readonly value: number; readonly set_by: string },
) =>
  make("plugin_input_too_large", `the input has ${bytes} bytes; ${value} are allowed, set by ${set_by}`, {
    namespace,
    action,
    input_bytes_max: value,
    set_by,
  });

async function requireInput(namespace: string, action: PluginAction, input: unknown): Promise<void> {
  const schema = await schemaOf(action, "input");
  const issues = schema.validate(input);
  const [first] = issues;
  if (first === undefined) return;
  throw make(
    "plugin_input_invalid",
    `the input of ${namespace} ${action.id}: ${first.pointer} ${first.message}`,
    {
      namespace,
      action: action.id,
      pointer: first.pointer,
      problems: issues.map(({ pointer, message }) => `${pointer} ${message}`),
    },
  );
}
