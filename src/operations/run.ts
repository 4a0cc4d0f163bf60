import { z } from "zod";
import { isApproved } from "../lifecycle/index.ts";
import { absolute, type Plane } from "../plane/index.ts";
import { findPython } from "../python/index.ts";
import {
  accept,
  askAhead,
  type Explained,
  explainRun,
  type Hosting,
  inputFileBytes,
  inputTextBytesMax,
  type Limits,
  limitLines,
  parseInputText,
  type RunRequest,
  type RunResult,
  runAction,
  type Wishes,
} from "../runtime/index.ts";
import { type Context, type Outcome, operation, planeOf } from "./define.ts";

const limit = (description: string) =>
  z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional().meta({ description });

export const run = operation({
  name: "run",
  summary:
    "Run an action of an enabled plugin behind the sandbox, within limits that can only be lowered here: a higher one is refused.",
  examples: [
    "pkg run notes echo --explain",
    `pkg run notes echo --input '{"text":"hello"}'`,
    "pkg run notes echo --input @request.json --timeout-ms 2000 --json",
  ],
  authorised: true,
  input: z.strictObject({
    namespace: z.string().min(1).max(128).meta({ description: "Namespace of the plugin.", positional: 0 }),
    action: z.string().min(1).max(64).meta({ description: "What it is asked to do.", positional: 1 }),
    input: z.string().default("{}").meta({
      description: "JSON; @FILE reads a file, - reads standard input.",
    }),
    timeout_ms: limit("Milliseconds until it and all it started are killed."),
    max_input_bytes: limit("Bytes the input may have."),
    max_output_bytes: limit("Bytes the result may have."),
    max_memory_bytes: limit("Memory of all its processes together."),
    max_processes: limit("Processes and threads at once."),
    max_concurrency: limit("Runs of this plugin at once, over all processes of this host."),
    session: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .meta({ description: "Of a turn of an agent: the session it continues; a new one otherwise." }),
    request_id: z.string().min(1).max(128).optional().meta({ description: "Your own name for this call." }),
    actor_kind: z.string().default("human").meta({ description: "Who asks: human or agent." }),
    actor_id: z.string().min(1).max(128).optional().meta({
      description: "Name of the actor; default: the user of the token. An agent has to be named.",
    }),
    explain: z.boolean().default(false).meta({ description: "Show what it may touch, and run nothing." }),
    dry_run: z.boolean().default(false).meta({ description: "Do every check, and run nothing." }),
  }),
  run: async (context, input): Promise<Outcome<Result>> => {
    const plane = planeOf(context);
    const { namespace, action } = input;
    const wishes: Wishes = {
      timeout_ms: input.timeout_ms,
      input_bytes_max: input.max_input_bytes,
      output_bytes_max: input.max_output_bytes,
      memory_bytes_max: input.max_memory_bytes,
      processes_max: input.max_processes,
      concurrency_max: input.max_concurrency,
    };
    if (input.explain) {
      const explained = await explainRun(
        context.effects,
        plane,
        { namespace, action, wishes },
        hostingOf(context, plane),
      );
      return { result: { explained }, exit_code: explained.would_run ? 0 : 1 };
    }
    const hosting = hostingOf(context, plane);
    // Most plugins are in Python, and their interpreter takes as long to find as all the checks.
    if (!input.dry_run) askAhead(context.effects, plane, hosting, "python");
    const request: RunRequest = {
      namespace,
      action,
      input: await readInput(context, plane, input),
      limits: wishes,
      actor: { kind: input.actor_kind, id: input.actor_id },
      request_id: input.request_id,
      session: input.session,
      host: "cli",
      token: context.token,
    };
    if (!input.dry_run)
      return {
        result: { done: await runAction(context.effects, plane, request, hosting) },
      };
    const { limits, scopes } = await accept(context.effects, plane, request);
    return { result: { checked: { namespace, action, dry_run: true, limits, scopes } } };
  },
  text: (result) => textOf(result),
  json: (result) =>
    "done" in result ? result.done : "explained" in result ? result.explained : result.checked,
});

type Result =
  | { readonly done: RunResult }
  | { readonly explained: Explained }
  | {
      readonly checked: {
        readonly namespace: string;
        readonly action: string;
        readonly dry_run: true;
        readonly limits: Limits;
        readonly scopes: readonly string[];
      };
    };

function textOf(result: Result): string {
  if ("explained" in result) return explainedText(result.explained);
  if ("checked" in result) {
    const { namespace, action, limits } = result.checked;
    return `${namespace} ${action} would run; nothing was run.\n${limitLines(limits)
      .map((line) => `  ${line}\n`)
      .join("")}`;
  }
  const { done } = result;
  const turn =
    done.turn === undefined
      ? ""
      : `turn ${done.turn.turn_number} of session ${done.turn.session_id} wrote ${done.turn.writes.map(({ path }) => path).join(", ")}\n`;
  return `${JSON.stringify(done.result, null, 2)}\n${done.run_id}: ${done.duration_ms} ms behind ${wallWords(done.layer)}, recorded as ${done.event_id}\n${turn}`;
}

const wallWords = (layer: string): string =>
  layer === "namespaces" ? `${layer}, a weaker layer accepted by run-without-bubblewrap` : layer;

function explainedText(one: Explained): string {
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
  const { environment } = one;
  return [
    `${one.namespace} ${one.action}: ${one.title} (${one.package_id} ${one.version}, ${one.kind}, ${one.runtime}, ${one.state})`,
    ...section("may", one.may),
    ...section("variables of yours", [
      ...environment.given,
      ...environment.unset.map((name) => `${name} (not set)`),
      ...environment.withheld.map((name) => `${name} (never handed on)`),
    ]),
    ...section("secrets of its configuration", one.secrets),
    ...section(
      "tools",
      one.tools.map(({ tool, answered_by, price, problems }) =>
        [`${tool}: ${answered_by ?? "nobody"}`, ...(price === null ? [] : [price]), ...problems].join("; "),
      ),
    ),
    ...section("limits", limitLines(one.limits)),
    ...section("wall", [one.layer === null ? "none holds on this machine" : wallWords(one.layer)]),
    ...section(
      "it would be refused",
      one.problems.map(({ message, code }) => `${message} [${code}]`),
    ),
    one.would_run ? "It would run." : "It would not run.",
    "",
  ].join("\n");
}

/** @throws plugin_input_too_large, plugin_input_invalid */
async function readInput(
  { effects, readInput: readPiped }: Context,
  plane: Plane,
  {
    namespace,
    action,
    input: word,
  }: { readonly namespace: string; readonly action: string; readonly input: string },
): Promise<unknown> {
  const about = { namespace, action };
  if (word === "-") return parseInputText(await readPiped(inputTextBytesMax(plane, about)), plane, about);
  if (!word.startsWith("@")) return parseInputText(Buffer.from(word), plane, about);
  const path = absolute(effects.host.cwd, word.slice(1));
  return parseInputText(inputFileBytes(effects, path, plane, about), plane, about);
}

const hostingOf = ({ effects, files }: Context, plane: Plane): Hosting => ({
  interpreter: async (runtime) => (runtime === "node" ? files.node : findPython(effects, {})),
  accepts_weaker: () => isApproved(effects, plane, "run-without-bubblewrap"),
});
