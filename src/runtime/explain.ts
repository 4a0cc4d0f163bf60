/** What one action may touch and who says so, without running anything of it. */
import type { PluginAction } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { inWords, type Plugin, secretKeys, standingOf } from "../grants/index.ts";
import { Fault, type FaultJson } from "../kernel/index.ts";
import { type Plane, reading } from "../plane/index.ts";
import { profileFor, type SandboxProfile } from "../sandbox/index.ts";
import { readBrokerConfig } from "./broker/read-config.ts";
import { reportOnTools, type ToolReport } from "./broker/tool-reports.ts";
import { effectiveScopes, requireScopes } from "./effective-scopes.ts";
import { environmentFor } from "./environment.ts";
import type { Hosting } from "./hosting.ts";
import { installedCode } from "./installed-code.ts";
import { requireKnown } from "./known-plugin.ts";
import { LIMIT_NAMES, type LimitName, type Limits, limitsOf, type Wishes } from "./limits.ts";
import { declaredAction, requireEnabled } from "./prepare.ts";
import { profileOfTurn } from "./turn/turn-profile.ts";
import { wallFor } from "./wall.ts";

export interface Explained {
  readonly namespace: string;
  readonly action: string;
  readonly title: string;
  readonly package_id: string;
  readonly version: string;
  readonly state: string;
  readonly kind: string;
  readonly runtime: string;
  /** Plane-relative. */
  readonly entrypoint: string;
  /** Of the installed files; null where they are not as they were installed. */
  readonly code_digest: string | null;
  readonly would_run: boolean;
  /** Why not, in the order in which a run would meet them. */
  readonly problems: readonly FaultJson[];
  /** One line each, for people. */
  readonly may: readonly string[];
  readonly profile: SandboxProfile;
  /** Variables of the caller's that it would see. */
  readonly environment: {
    readonly given: readonly string[];
    readonly withheld: readonly string[];
    readonly unset: readonly string[];
  };
  /** Settings that are secrets: handed to it when it runs, never shown. */
  readonly secrets: readonly string[];
  readonly limits: Limits;
  /** Of an agent: who answers each tool it may call. */
  readonly tools: readonly ToolReport[];
  /** The wall it would run behind; null where none holds. */
  readonly layer: string | null;
}

/** @throws plugin_not_found, plugin_action_not_declared, plugin_limit_*, and what cannot be read of the plane */
export async function explainRun(
  effects: Effects,
  plane: Plane,
  asking: { readonly namespace: string; readonly action: string; readonly wishes: Wishes },
  hosting: Hosting,
): Promise<Explained> {
  const { namespace, wishes } = asking;
  const seen = await reading(effects, plane, async () => look(effects, plane, namespace, asking.action));
  const { plugin, action, problems, scopes, code_digest } = seen;
  const { kind, runtime, root, entrypoint, package_id, version } = plugin.asked;
  const limits = limitsOf(plane.config.run, {
    namespace,
    action: action.id,
    declared: action.limits,
    wishes,
  });
  const wall = await wallFor(effects, plane, hosting, plugin).catch((error: unknown) => {
    if (!(error instanceof Fault)) throw error;
    return error;
  });
  const outputs = action.turn?.outputs.map((path) => ({ path }));
  const profile = profileOfTurn(profileFor({ kind, runtime, namespace, root, scopes }), outputs);
  const tools = await toolsOf(effects, plane, profile, namespace);
  const all = [...problems, ...[wall, tools].filter((one) => one instanceof Fault)];
  const { values, withheld, unset } = environmentFor(scopes, effects.host.env);
  const schema = plugin.manifest.plugin?.config?.schema;
  return {
    namespace,
    action: action.id,
    title: action.title,
    package_id,
    version,
    state: standingOf(effects, plane, plugin).state,
    kind,
    runtime,
    entrypoint,
    code_digest,
    would_run: all.length === 0,
    problems: all.map((one) => one.toJSON()),
    may: mayLines(profile, scopes),
    profile,
    environment: { given: Object.keys(values), withheld, unset },
    secrets: schema === undefined ? [] : [...secretKeys(schema)],
    limits,
    tools: tools instanceof Fault ? [] : tools,
    layer: wall instanceof Fault ? null : wall.wall.layer,
  };
}

async function toolsOf(
  effects: Effects,
  plane: Plane,
  { broker }: SandboxProfile,
  namespace: string,
): Promise<ToolReport[] | Fault> {
  if (broker === undefined) return [];
  try {
    return reportOnTools(effects, plane, await readBrokerConfig(effects, plane), broker.tools, namespace);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

interface Seen {
  readonly plugin: Plugin;
  readonly action: PluginAction;
  readonly scopes: readonly string[];
  readonly code_digest: string | null;
  readonly problems: readonly Fault[];
}

async function look(effects: Effects, plane: Plane, namespace: string, id: string): Promise<Seen> {
  const plugin = requireKnown(effects, plane, namespace);
  const action = declaredAction(plugin, id);
  const problems: Fault[] = [];
  const noting = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      problems.push(error);
      return undefined;
    }
  };
  noting(() => requireEnabled(effects, plane, plugin));
  const effective = await effectiveScopes(effects, plane, plugin);
  const scopes = noting(() => requireScopes(plugin, action, effective)) ?? action.permissions;
  const code_digest = noting(() => installedCode(effects, plane, plugin).digest) ?? null;
  return { plugin, action, scopes, code_digest, problems };
}

function mayLines(profile: SandboxProfile, scopes: readonly string[]): string[] {
  const { files, domains, broker, subprocess } = profile;
  const others = scopes.filter((scope) => !/^(files\.|network:|subprocess)/.test(scope));
  return [
    ...files.read.map((glob) => `read: ${glob}`),
    ...files.write.map((glob) => `write: ${glob}`),
    ...files.hidden.map((glob) => `never: ${glob}`),
    ...(domains.length === 0 ? ["network: none"] : domains.map((domain) => `network: ${domain}`)),
    ...(subprocess ? ["subprocess: programs of its own, behind the same wall"] : []),
    ...(broker === undefined
      ? []
      : [`broker: up to ${broker.tokens_max} tokens, ${broker.cost_units_max} units`]),
    ...others.map((scope) => inWords(scope)),
  ];
}

/** One line each: `timeout_ms 15000 (default)`. */
export const limitLines = (limits: Limits): string[] =>
  LIMIT_NAMES.map((name: LimitName) => {
    const { value, set_by, cut_from } = limits[name];
    return `${name} ${value} (${set_by}${cut_from === undefined ? "" : `; the manifest asks for ${cut_from}`})`;
  });
