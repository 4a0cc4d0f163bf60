/** The broker of a plane: answers what `config/broker.toml` declares, for one run. */
import type { Effects } from "../../effects/index.ts";
import { BROKER_PATH, type Plane } from "../../plane/index.ts";
import type { Broker, BrokerCall, Brokered } from "../../sandbox/index.ts";
import { type AskingRun, callActionTool, type RunOther } from "./action-tool.ts";
import { callHttpTool } from "./http-tool.ts";
import { leastOf } from "./price.ts";
import type { Declared } from "./read-config.ts";
import { toolError, UNSPENT } from "./tool-errors.ts";

export function declaredBroker(
  effects: Effects,
  plane: Plane,
  { config }: Declared,
  { asking, run }: { readonly asking: AskingRun; readonly run: RunOther },
): Broker {
  const toolOf = (name: string) => (Object.hasOwn(config.tools, name) ? config.tools[name] : undefined);
  return {
    atLeast: (name) => {
      const tool = toolOf(name);
      return tool === undefined ? UNSPENT : leastOf(tool);
    },
    call: async (call: BrokerCall): Promise<Brokered> => {
      const tool = toolOf(call.tool);
      if (tool === undefined) return undeclared(call.tool);
      if (tool.kind === "http") return callHttpTool(effects, plane, tool, call);
      return callActionTool(effects, asking, { tool, run, depth_max: config.depth_max }, call);
    },
  };
}

const undeclared = (tool: string): Brokered =>
  toolError(
    "tool_unavailable",
    `${tool} is granted, but nobody answers it on this plane`,
    UNSPENT,
    `Declare [tools.${tool.includes(".") ? `"${tool}"` : tool}] in ${BROKER_PATH}, then run "pkg broker check".`,
  );
