/** What a plugin may touch now: what it asks for, as far as the operator granted it and the policy lets it. */
import type { PluginAction, Scope } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import {
  covers,
  inWords,
  isCovered,
  type Plugin,
  type Ruled,
  turnScopes,
  whyPolicy,
} from "../grants/index.ts";
import type { Plane } from "../plane/index.ts";
import { make } from "./faults.ts";

export interface EffectiveScopes {
  readonly allowed: readonly Scope[];
  /** Denied to itself by the plugin, or by the operator. */
  readonly forbidden: readonly Scope[];
  /** Rules that deny something to the plugin. */
  readonly denials: readonly Ruled[];
}

const isForbidden = (scope: Scope): boolean => scope.startsWith("files.forbidden:");

/** @throws POLICY_* when the policy cannot be used */
export async function effectiveScopes(
  effects: Pick<Effects, "fs">,
  plane: Plane,
  { record, asked }: Plugin,
): Promise<EffectiveScopes> {
  const granted = record.grant?.scopes ?? [];
  const denials = (await whyPolicy(effects, plane, asked)).filter(({ allowed }) => !allowed);
  const denied = new Set(denials.map((one) => scopeOf(one.asked)));
  return {
    allowed: asked.scopes.filter(
      (scope) => !isForbidden(scope) && !denied.has(scope) && isCovered(scope, granted),
    ),
    forbidden: [...new Set([...asked.scopes, ...granted].filter(isForbidden))],
    denials,
  };
}

/** `elevated:SCOPE` denies the scope; a kind or runtime denies everything. */
const scopeOf = (asked: string): string => asked.replace(/^elevated:/, "");
const deniesAll = ({ asked }: Ruled): boolean => /^(kind|runtime):/.test(asked);

/**
 * The scopes one action runs with: those it needs, narrower than those of the plugin.
 * @throws plugin_permission_denied
 */
export function requireScopes(plugin: Plugin, action: PluginAction, effective: EffectiveScopes): Scope[] {
  const { namespace, package_id } = plugin.record;
  const refuse = (scope: string, why: string, command: string) =>
    make("plugin_permission_denied", `${namespace} ${action.id} needs ${words(scope)}: ${why}`, {
      namespace,
      action: action.id,
      scope,
      why,
      command,
    });
  const byPolicy = (one: Ruled) =>
    refuse(
      one.asked,
      `line ${one.rule?.line ?? 1} of config/policy.toml (${one.rule?.layer ?? ""}) denies it`,
      `pkg policy why ${package_id}`,
    );
  const whole = effective.denials.find(deniesAll);
  if (whole !== undefined) throw byPolicy(whole);
  for (const scope of [...action.permissions, ...turnScopes(action)]) {
    if (isForbidden(scope)) continue;
    if (isCovered(scope, effective.allowed)) continue;
    const ruled = effective.denials.find((one) => covers(scopeOf(one.asked), scope));
    if (ruled !== undefined) throw byPolicy(ruled);
    const is_asked = isCovered(scope, plugin.asked.scopes);
    throw refuse(
      scope,
      is_asked ? "nobody granted it" : "the plugin does not ask for it",
      is_asked ? `pkg plugin enable ${namespace}` : `pkg plugin inspect ${namespace}`,
    );
  }
  return [...new Set([...action.permissions, ...effective.forbidden])];
}

const words = (scope: string): string => inWords(scope);
