/** Who answers the tools of a plane, for people: what is declared, who may call it, and what is missing. Asks nobody over the network. */
import type { BrokerTool, HttpTool } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { type Plugin, partsOf, readPlugin, readPlugins, standingOf } from "../../grants/index.ts";
import { compareCodePoints, sortedBy } from "../../kernel/index.ts";
import type { Plane } from "../../plane/index.ts";
import { secretFor } from "./http-tool.ts";
import { type Declared, readBrokerConfig } from "./read-config.ts";

type Needs = Pick<Effects, "fs" | "host" | "clock" | "databases">;

export interface ToolReport {
  readonly tool: string;
  readonly kind: BrokerTool["kind"] | null;
  /** Address without its query, or plugin and action; null where nobody is declared. */
  readonly answered_by: string | null;
  /** What a call costs, for people. */
  readonly price: string | null;
  /** Namespaces of the agents that may call it. */
  readonly granted_to: readonly string[];
  /** Why a call would not be answered. */
  readonly problems: readonly string[];
}

export interface BrokerReport {
  /** `sha256:` of config/broker.toml; null where there is none. */
  readonly digest: string | null;
  readonly depth_max: number;
  readonly tools: readonly ToolReport[];
}

/** Declared tools, and tools that are granted and not declared. @throws BROKER_CONFIG_INVALID, PLUGIN_RECORD_DAMAGED */
export async function checkBroker(effects: Needs, plane: Plane): Promise<BrokerReport> {
  const declared = await readBrokerConfig(effects, plane);
  const granted = grantedTools(effects, plane);
  const names = [...new Set([...Object.keys(declared.config.tools), ...granted.keys()])];
  const tools = names
    .toSorted(compareCodePoints)
    .map((tool) => reportOn(effects, plane, declared, tool, granted.get(tool) ?? []));
  return { digest: declared.digest, depth_max: declared.config.depth_max, tools };
}

/** Of the tools that one run may call. */
export const reportOnTools = (
  effects: Needs,
  plane: Plane,
  declared: Declared,
  tools: readonly string[],
  namespace: string,
): ToolReport[] => tools.map((tool) => reportOn(effects, plane, declared, tool, [namespace]));

function grantedTools(effects: Needs, plane: Plane): Map<string, string[]> {
  const granted = new Map<string, string[]>();
  for (const plugin of sortedBy(readPlugins(effects, plane), ({ record }) => record.namespace)) {
    if (plugin.asked.kind !== "agent") continue;
    for (const scope of plugin.record.grant?.scopes ?? []) {
      const parts = partsOf(scope);
      if (parts?.kind !== "tool") continue;
      granted.set(parts.value, [...(granted.get(parts.value) ?? []), plugin.record.namespace]);
    }
  }
  return granted;
}

function reportOn(
  effects: Needs,
  plane: Plane,
  { config }: Declared,
  tool: string,
  granted_to: readonly string[],
): ToolReport {
  const found = Object.hasOwn(config.tools, tool) ? config.tools[tool] : undefined;
  if (found === undefined) {
    const problems = ["nobody answers it: config/broker.toml does not declare it"];
    return { tool, kind: null, answered_by: null, price: null, granted_to, problems };
  }
  const problems =
    found.kind === "http" ? httpProblems(effects, plane, found) : actionProblems(effects, plane, found);
  return {
    tool,
    kind: found.kind,
    answered_by: answererOf(found),
    price: priceOf(found),
    granted_to,
    problems,
  };
}

/** A query may hold what nobody is to read. */
function answererOf(tool: BrokerTool): string {
  if (tool.kind === "action") return `${tool.namespace} ${tool.action}`;
  const { origin, pathname } = new URL(tool.url);
  return `${origin}${pathname}`;
}

function priceOf(tool: BrokerTool): string {
  const each = `${tool.cost_units_per_call} cost units a call`;
  if (tool.kind === "action") return `${each} and what the action takes`;
  const by_token =
    tool.cost_units_per_1000_tokens === 0 ? "" : ` and ${tool.cost_units_per_1000_tokens} per 1,000 tokens`;
  const tokens =
    tool.tokens_per_call === undefined
      ? `tokens at ${tool.tokens_at}`
      : `${tool.tokens_per_call} tokens a call`;
  return `${each}${by_token}, ${tokens}`;
}

function httpProblems(effects: Needs, plane: Plane, tool: HttpTool): string[] {
  const secret = secretFor(effects, plane, tool);
  return "problem" in secret ? [`its secret cannot be had: ${secret.problem}`] : [];
}

function actionProblems(
  effects: Needs,
  plane: Plane,
  { namespace, action }: Extract<BrokerTool, { kind: "action" }>,
): string[] {
  const plugin: Plugin | undefined = readPlugin(effects, plane, namespace);
  if (plugin === undefined) return [`no plugin is called ${namespace}`];
  const { state } = standingOf(effects, plane, plugin);
  const actions = plugin.manifest.plugin?.actions ?? [];
  return [
    ...(state === "enabled" ? [] : [`${namespace} is ${state}`]),
    ...(actions.some(({ id }) => id === action) ? [] : [`${namespace} has no action ${action}`]),
  ];
}
