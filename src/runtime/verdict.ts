/** From what became of a plugin's process to a result or to the one code that says why there is none. */
import type { Effects } from "../effects/index.ts";
import type { Details, Fault } from "../kernel/index.ts";
import { lastWords } from "../sandbox/index.ts";
import type { Begun, Ended } from "./begun.ts";
import { type Answer, readAnswer, UNKNOWN_ACTION } from "./exchange.ts";
import { make } from "./faults.ts";
import { changedSince } from "./installed-code.ts";
import { schemaOf } from "./schemas.ts";

export type Good = Extract<Answer, { kind: "ok" }>;

/** @returns plugin_action_timeout, plugin_output_too_large, plugin_action_not_found or plugin_run_failed where there is no result */
export async function judgeEnded(
  { fs }: Pick<Effects, "fs">,
  begun: Begun,
  ended: Ended,
): Promise<Good | Fault> {
  const { prepared } = begun;
  const early = judgeEnding(begun, ended);
  if (early !== undefined) return early;
  const changed = changedSince(fs, prepared.code);
  if (changed !== undefined) return failed(begun, "its files changed while it ran", { path: changed });
  const answer = readAnswer(ended.stdout, ended.call_id);
  if (answer.kind === "garbage") return failedWith(begun, ended, answer.problem);
  if (answer.kind === "refused") return refusedBy(begun, answer);
  if (ended.exit_code !== 0 && ended.exit_code !== null)
    return failed(begun, `answered "ok" and exited with ${ended.exit_code}`);
  const { output_bytes_max } = prepared.limits;
  if (answer.result_bytes > output_bytes_max.value) return tooLarge(begun);
  return (await unfitting(begun, answer)) ?? answer;
}

function judgeEnding(begun: Begun, ended: Ended): Fault | undefined {
  const { limits } = begun.prepared;
  if (ended.thrown !== undefined) {
    return failed(begun, `was stopped: ${lastWords(ended.thrown.message)}`);
  }
  if (ended.how === "timed_out") {
    const { value, set_by } = limits.timeout_ms;
    return make(
      "plugin_action_timeout",
      `${named(begun)} did not end within ${value} ms, set by ${set_by}; it and all it started were killed`,
      { ...who(begun), timeout_ms: value, set_by },
    );
  }
  if (ended.how === "output_too_large") return tooLarge(begun);
  if (ended.how === "memory_exceeded") {
    const { value, set_by } = limits.memory_bytes_max;
    return failed(begun, `needed more than ${value} bytes of memory, set by ${set_by}`, {
      limit: "memory_bytes_max",
    });
  }
  if (ended.how === "broker_exceeded") return overspent(begun, ended);
  if (ended.how === "stopped") return failedWith(begun, ended, "was killed");
  return undefined;
}

/** By the broker's own count: what the agent reports of itself is among the denials too. */
function overspent(begun: Begun, { resources, denials }: Ended): Fault {
  const { exceeded = "tokens" } = (resources ?? {}) as { exceeded?: "tokens" | "cost" };
  const found = denials.find((one) => isOf(one, exceeded)) as { subject?: string } | undefined;
  const what = exceeded === "tokens" ? "tokens" : "cost units";
  const how = found?.subject === undefined ? "" : ` (${found.subject})`;
  return failed(begun, `was ended: it asks for more ${what} than it was granted${how}`, {
    limit: exceeded === "tokens" ? "tokens_max" : "cost_units_max",
    rule: exceeded,
  });
}

const isOf = (denial: unknown, rule: string): boolean => {
  const { rule: found, seen_by } = denial as { rule?: unknown; seen_by?: unknown };
  return found === rule && seen_by === "broker";
};

function tooLarge(begun: Begun): Fault {
  const { value, set_by } = begun.prepared.limits.output_bytes_max;
  return make(
    "plugin_output_too_large",
    `${named(begun)} answered with more than ${value} bytes, set by ${set_by}`,
    {
      ...who(begun),
      output_bytes_max: value,
      set_by,
    },
  );
}

function refusedBy(begun: Begun, { code, message }: Extract<Answer, { kind: "refused" }>): Fault {
  const shown = (text: string, most: number): string => lastWords(begun.redactor.text(text), most);
  if (UNKNOWN_ACTION.has(code))
    return make(
      "plugin_action_not_found",
      `${named(begun)}: the entrypoint does not know this action`,
      who(begun),
    );
  const plugin_code = shown(code, 64);
  return failed(begun, `answered with the error ${plugin_code || "without a code"}`, {
    plugin_code,
    said: shown(message, 300),
  });
}

async function unfitting(begun: Begun, { result }: Good): Promise<Fault | undefined> {
  const schema = await schemaOf(begun.prepared.action, "output");
  const issues = schema.validate(result);
  const [first] = issues;
  if (first === undefined) return undefined;
  // A schema's own words, and names of fields the plugin made up.
  const shown = (text: string): string => lastWords(begun.redactor.text(text), 200);
  return failed(begun, "answered with a result that does not fit its schema", {
    said: shown(`${first.pointer} ${first.message}`),
    pointer: shown(first.pointer),
    problems: issues.slice(0, 20).map(({ pointer, message }) => shown(`${pointer} ${message}`)),
  });
}

/** With how it ended, and with what it last wrote. */
function failedWith(begun: Begun, { exit_code, stderr }: Ended, problem: string): Fault {
  const code = exit_code === null || exit_code === 0 ? "" : ` and ${endingOf(exit_code)}`;
  return failed(begun, `${problem}${code}`, { said: lastWords(begun.redactor.pieceOf(stderr), 300) });
}

/** A jail reports a signal as a shell does. */
const endingOf = (exit_code: number): string =>
  exit_code > 128 && exit_code <= 192 ? `was ended by signal ${exit_code - 128}` : `exited with ${exit_code}`;

const who = ({ facts }: Begun) => ({
  namespace: facts.namespace,
  action: facts.action,
  run_id: facts.run_id,
  request_id: facts.request_id,
});
const named = ({ facts }: Begun): string => `${facts.namespace} ${facts.action}`;

/** What it said is told to the caller alone: it may hold pieces of the input, and a ledger keeps everything for ever. */
export function failed(
  begun: Begun,
  problem: string,
  details: Details & { readonly said?: string } = {},
): Fault {
  const said = details.said === undefined || details.said === "" ? "" : `: ${details.said}`;
  return make("plugin_run_failed", `${named(begun)} ${problem}${said}`, {
    ...details,
    ...who(begun),
    problem,
  });
}

/** The message as the ledger keeps it. */
export function recordedMessage(begun: Begun, { code, message, details }: Fault): string {
  const { problem } = details;
  return code === "plugin_run_failed" && typeof problem === "string" ? `${named(begun)} ${problem}` : message;
}
