import { z } from "zod";
import { findRun, listRuns, type RunHead, type RunLog } from "../runtime/index.ts";
import { type Outcome, operation, planeOf } from "./define.ts";

export const logs = operation({
  name: "logs",
  summary: "Show the newest runs of plugins, or what one of them wrote to stderr; secrets are taken out.",
  examples: ["pkg logs", "pkg logs notes", "pkg logs notes --run RUN-0123456789abcdef0123456789abcdef"],
  authorised: false,
  input: z.strictObject({
    namespace: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .meta({ description: "Namespace of a plugin.", positional: 0 }),
    run: z
      .string()
      .regex(/^RUN-[0-9a-f]{32}$/, "must look like RUN- and 32 hex digits")
      .optional()
      .meta({ description: "Id of the run whose log is shown." }),
    limit: z.coerce.number().int().min(1).max(1000).default(20).meta({ description: "How many to list." }),
  }),
  run: async (context, { namespace, run: run_id, limit }): Promise<Outcome<Shown>> => {
    const plane = planeOf(context);
    if (run_id !== undefined) return { result: { log: findRun(context.effects, plane, run_id, namespace) } };
    const runs = listRuns(context.effects, plane, namespace);
    return { result: { runs: runs.slice(0, limit), total: runs.length } };
  },
  text: (result) => ("log" in result ? logText(result.log) : listText(result.runs, result.total)),
});

type Shown = { readonly log: RunLog } | { readonly runs: readonly RunHead[]; readonly total: number };

const headLine = ({ started_at, run_id, namespace, action, duration_ms, code, layer }: RunHead): string =>
  `${started_at}  ${run_id}  ${namespace} ${action}  ${code ?? "done"}  ${duration_ms} ms  ${layer}`;

function spentLines({ spent }: RunHead): string {
  if (spent === undefined) return "";
  const tools = Object.entries(spent.tools ?? {}).map(
    ([tool, { calls, failed, tokens, cost_units, problem }]) =>
      `  ${tool}: ${calls} call(s), ${tokens} tokens, ${cost_units} cost units${failed === 0 ? "" : `; ${failed} failed, the last with ${problem ?? "no code"}`}\n`,
  );
  return `spent ${spent.tokens} tokens, ${spent.cost_units} cost units\n${tools.join("")}`;
}

function logText(log: RunLog): string {
  const why = log.message === "" ? "" : `${log.message}\n`;
  const cut = log.is_cut ? "… what it wrote before is not kept\n" : "";
  return `${headLine(log)}\n${why}${spentLines(log)}${cut}${log.text}${log.text.endsWith("\n") || log.text === "" ? "" : "\n"}`;
}

const listText = (runs: readonly RunHead[], total: number): string =>
  total === 0
    ? "No run has a log.\n"
    : `${runs.map((one) => `${headLine(one)}\n`).join("")}${runs.length} of ${total} shown\n`;
