import { z } from "zod";
import type { TraceReport, WrittenPage } from "../contracts/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import { outputPlace, type Plane, reading, writeOutput } from "../plane/index.ts";
import {
  ask,
  explain,
  hasError,
  installedList,
  inventory,
  mermaidOf,
  planeChart,
  planePage,
  type Question,
  renderInstalled,
  renderInventory,
  renderTrace,
  renderVerify,
  type TraceOptions,
  traceExitCode,
  verifyPlane,
} from "../trace/index.ts";
import { type Context, type Outcome, operation, planeOf } from "./define.ts";
import { make } from "./faults.ts";
import { launcherDigests } from "./launchers.ts";
import { requireOneQuestion } from "./trace-question.ts";

type Traced =
  | { readonly mode: "report"; readonly report: TraceReport }
  | { readonly mode: "inventory"; readonly report: Awaited<ReturnType<typeof inventory>> }
  | { readonly mode: "installed"; readonly report: ReturnType<typeof installedList> }
  | { readonly mode: "verify"; readonly report: Awaited<ReturnType<typeof verifyPlane>> }
  | { readonly mode: "chart"; readonly chart: string; readonly report: TraceReport | undefined }
  | { readonly mode: "page"; readonly html: string; readonly report: WrittenPage | undefined };

const Input = z.strictObject({
  explain: z.string().min(1).optional().meta({
    description:
      "Package, ID@version, spec, framework, artifact, path, digest, ledger entry, checkpoint, transaction or code; the second name of --why and --diff.",
    positional: 0,
  }),
  why: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "With a second id: every path on which this package comes to need that one." }),
  who: z.string().min(1).optional().meta({ description: "Who owns this path, and who let the owner in." }),
  impact: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "What stops working without this package, spec or framework." }),
  diff: z.string().min(1).optional().meta({
    description: "With a second one: what changed between two versions, each VERSION or ID@VERSION.",
  }),
  package: z.string().min(1).optional().meta({ description: "Package of --diff." }),
  text: z.boolean().default(false).meta({ description: "With --diff: show what changed in text files." }),
  at: z.string().min(1).optional().meta({
    description: "Answer as of this time (2026-03-01, 2026-03-01T10:00:00Z) or entry of the package ledger.",
  }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: "With --why: how many paths to list." }),
  all: z.boolean().default(false).meta({
    description: "With --explain: list every dependent, package and file, not the first thousand.",
  }),
  evidence: z.boolean().default(false).meta({ description: "Show where each statement can be looked up." }),
  prove: z
    .boolean()
    .default(false)
    .meta({ description: "Recompute the digest of each piece of evidence, and show it." }),
  mermaid: z
    .boolean()
    .default(false)
    .meta({ description: "Draw dependencies or ownership as a Mermaid flowchart; alone: the whole plane." }),
  html: z
    .boolean()
    .default(false)
    .meta({ description: "Make one page with search that asks no network; alone: the whole plane." }),
  out: z.string().min(1).optional().meta({ description: "File to write the page of --html to." }),
  inventory: z.boolean().default(false).meta({ description: "Count everything in the plane." }),
  installed: z.boolean().default(false).meta({ description: "List installed packages." }),
  verify: z.boolean().default(false).meta({ description: "Run the checks and say which pass." }),
});
type Input = z.output<typeof Input>;

export const trace = operation({
  name: "trace",
  summary:
    "Say what anything in the plane is, whose, why it is here, who allowed it, and whether it is intact.",
  examples: [
    "trace --explain PKG-T1-RUNTIME-001",
    "trace --explain modules/agent_runtime/session.py --json",
    "trace --why PKG-T3-AGENT-001 PKG-T0-EVIDENCE-001",
    "trace --who modules/agent_runtime/session.py",
    "trace --impact PKG-T0-EVIDENCE-001",
    "trace --diff PKG-T1-RUNTIME-001@1.0.0 PKG-T1-RUNTIME-001@1.1.0 --text",
    "trace --explain PKG-T1-RUNTIME-001 --at 2026-03-01",
    "trace --html --out trace.html",
    "trace --inventory",
  ],
  authorised: false,
  input: Input,
  run: async (context, input): Promise<Outcome<Traced>> => {
    requireOneQuestion(input);
    const plane = planeOf(context);
    const { effects } = context;
    if (input.out !== undefined) outputPlace(effects, input.out);
    const options = optionsOf(context, input);
    const answer = await answerOf(context, plane, input, options);
    const report = answer?.result.mode === "report" ? answer.result.report : undefined;
    if (input.html) {
      const html = await reading(effects, plane, () => planePage(effects, plane, options, report));
      const written = input.out === undefined ? undefined : writtenPage(context, input.out, html);
      return { ...answer, result: { mode: "page", html, report: written } };
    }
    if (input.mermaid) {
      const chart =
        report === undefined
          ? await reading(effects, plane, async () => planeChart(effects, plane, options))
          : mermaidOf(report);
      return { ...answer, result: { mode: "chart", chart, report } };
    }
    if (answer === undefined) throw missing(WHAT);
    return answer;
  },
  json: ({ report }) => report,
  text: (result, input) => {
    switch (result.mode) {
      case "report":
        return renderTrace(result.report, { evidence: input.evidence || input.prove });
      case "inventory":
        return renderInventory(result.report);
      case "installed":
        return renderInstalled(result.report);
      case "verify":
        return renderVerify(result.report);
      case "chart":
        return result.chart;
      case "page":
        return result.report === undefined
          ? result.html
          : `Wrote ${result.report.path} (${result.report.size_bytes} bytes)\n`;
      default:
        return result satisfies never;
    }
  },
});

const WHAT =
  "say what to trace: --explain X, --why A B, --who PATH, --impact ID, --diff V1 V2, --at TIME, --inventory, --installed, --verify, --html or --mermaid";

function writtenPage(context: Context, out: string, html: string): WrittenPage {
  const path = writeOutput(context.effects, out, html);
  return { path, size_bytes: Buffer.byteLength(html), sha256: sha256Hex(html) };
}

/** Undefined when nothing in particular was asked. */
async function answerOf(
  { effects }: Context,
  plane: Plane,
  input: Input,
  options: TraceOptions,
): Promise<Outcome<Traced> | undefined> {
  const question = questionOf(input);
  if (question !== undefined) {
    const report = await reading(effects, plane, () => ask(effects, plane, question, options));
    return { result: { mode: "report", report }, exit_code: traceExitCode(report) };
  }
  const subject = input.explain;
  if (subject !== undefined) {
    const report = await reading(effects, plane, () => explain(effects, plane, subject, options));
    return { result: { mode: "report", report }, exit_code: traceExitCode(report) };
  }
  if (input.inventory) {
    const report = await reading(effects, plane, () => inventory(effects, plane, options));
    return { result: { mode: "inventory", report }, exit_code: hasError(report) ? 1 : 0 };
  }
  if (input.installed) {
    const report = await reading(effects, plane, async () => installedList(effects, plane));
    return { result: { mode: "installed", report } };
  }
  if (!input.verify) return undefined;
  const report = await reading(effects, plane, () => verifyPlane(effects, plane, options));
  return { result: { mode: "verify", report }, exit_code: report.passed ? 0 : 1 };
}

const missing = (message: string) => make("INPUT_MISSING", message, { field: "explain", command: "trace" });

const optionsOf = (context: Context, { at, prove, all }: Input): TraceOptions => ({
  launchers: launcherDigests(context),
  prove,
  all,
  ...(at === undefined ? {} : { at }),
});

function questionOf(input: Input): Question | undefined {
  const { why, who, impact, diff, explain: second, at, limit } = input;
  if (why !== undefined) {
    if (second === undefined) throw missing("--why takes two packages: --why A B");
    return { ask: "why", from: why, to: second, limit };
  }
  if (diff !== undefined) return diffOf(diff, second, input);
  if (who !== undefined) return { ask: "who", path: who };
  if (impact !== undefined) return { ask: "impact", subject: impact };
  const alone = second === undefined && !input.inventory && !input.installed && !input.verify;
  return at !== undefined && alone ? { ask: "plane_at" } : undefined;
}

/** Each side is VERSION or ID@VERSION; one id, or --package, serves both. */
function diffOf(first: string, second: string | undefined, input: Input): Question {
  if (second === undefined) throw missing("--diff takes two versions: --diff V1 V2 --package ID");
  const [from, to] = [sideOf(first), sideOf(second)];
  const ids = new Set([input.package, from.id, to.id].filter((id) => id !== undefined));
  const [package_id] = ids;
  if (package_id === undefined)
    throw missing("--diff of two versions needs the package: --package ID, or ID@V1 ID@V2");
  if (ids.size > 1)
    throw missing(`--diff compares versions of one package, not of ${[...ids].join(" and ")}`);
  return { ask: "diff", package_id, from: from.version, to: to.version, text: input.text };
}

function sideOf(text: string): { id: string | undefined; version: string } {
  const at = text.indexOf("@");
  return at < 0 ? { id: undefined, version: text } : { id: text.slice(0, at), version: text.slice(at + 1) };
}
