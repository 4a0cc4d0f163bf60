import { z } from "zod";
import { BROKER_PATH } from "../plane/index.ts";
import { type BrokerReport, checkBroker, type ToolReport } from "../runtime/index.ts";
import { operation, planeOf } from "./define.ts";

export const brokerCheck = operation({
  name: "broker check",
  summary:
    "Say who answers the tools of agents: what config/broker.toml declares, which agents were granted it, and what is missing.",
  examples: ["pkg broker check", "pkg broker check --json"],
  authorised: false,
  input: z.strictObject({}),
  run: async (context) => {
    const report = await checkBroker(context.effects, planeOf(context));
    const broken = report.tools.filter(({ problems }) => problems.length > 0).length;
    return {
      result: { path: BROKER_PATH, ...report, broken },
      exit_code: broken === 0 ? 0 : 1,
    };
  },
  text: textOf,
});

type Result = BrokerReport & { readonly path: string; readonly broken: number };

function textOf({ path, digest, tools, broken }: Result): string {
  if (tools.length === 0)
    return digest === null
      ? `There is no ${path}, and no agent was granted a tool.\n`
      : `${path} declares no tool, and no agent was granted one.\n`;
  const verdict =
    broken === 0
      ? `All ${tools.length} tool(s) can be asked.\n`
      : `${broken} of ${tools.length} tool(s) would not answer. Correct ${path} and run "pkg broker check".\n`;
  return `${tools.map(toolLines).join("")}${verdict}`;
}

const toolLines = ({ tool, kind, answered_by, price, granted_to, problems }: ToolReport): string =>
  [
    `${tool}: ${kind === null ? "nobody" : `${kind} ${answered_by}`}`,
    ...(price === null ? [] : [`  ${price}`]),
    `  granted to ${granted_to.length === 0 ? "no agent" : granted_to.join(", ")}`,
    ...problems.map((problem) => `  PROBLEM: ${problem}`),
    "",
  ].join("\n");
