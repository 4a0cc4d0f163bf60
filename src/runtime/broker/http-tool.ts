/** One call of a tool that is an endpoint over HTTP: posted as JSON, bounded both ways, and metered by what comes back. */
import type { HttpTool } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import type { Plane } from "../../plane/index.ts";
import type { BrokerCall, Brokered, Spent } from "../../sandbox/index.ts";
import { redactorOf } from "../redact.ts";
import { type Resolved, resolveSecret } from "../secret-reference.ts";
import { valueAt } from "./json-pointer.ts";
import { costOf } from "./price.ts";
import { toolError, UNSPENT } from "./tool-errors.ts";

type Needs = Pick<Effects, "fs" | "host" | "network">;

/** Before a connection stands nothing was sent. */
const NOT_CONNECTED =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ERR_TLS_.*|CERT_.*|.*_SELF_SIGNED_.*|SELF_SIGNED_.*|UNABLE_TO_.*)$/;

export async function callHttpTool(
  effects: Needs,
  plane: Plane,
  tool: HttpTool,
  call: BrokerCall,
): Promise<Brokered> {
  const secret = secretFor(effects, plane, tool);
  if ("problem" in secret)
    return toolError(
      "tool_unavailable",
      `${call.tool} cannot be asked: its secret cannot be had`,
      UNSPENT,
      `Run "pkg broker check" to see where it is looked for.`,
    );
  const body = bodyOf(tool, call);
  if (body === undefined) return toolError("tool_input_invalid", `${call.tool} takes a JSON object`, UNSPENT);
  if (body.length > tool.request_bytes_max)
    return toolError(
      "tool_input_too_large",
      `the input of ${call.tool} has ${body.length} bytes; ${tool.request_bytes_max} are allowed`,
      UNSPENT,
    );
  return exchange(effects, tool, call, body, secret.value);
}

/** An empty value where none is wanted. */
export const secretFor = (
  effects: Pick<Effects, "fs" | "host">,
  plane: Plane,
  { secret }: HttpTool,
): Resolved => {
  if (secret?.env !== undefined) return resolveSecret(effects, plane, { env: secret.env });
  if (secret?.file !== undefined) return resolveSecret(effects, plane, { file: secret.file });
  return { value: "" };
};

/** Undefined for what is no object where members are to be set. */
function bodyOf({ set, tokens_left_at }: HttpTool, { input, left }: BrokerCall): Buffer | undefined {
  if (Object.keys(set).length === 0 && tokens_left_at === undefined)
    return Buffer.from(JSON.stringify(input ?? null));
  if (typeof input !== "object" || input === null || Array.isArray(input)) return undefined;
  const own = new Map<string, unknown>([...Object.entries(input), ...Object.entries(set)]);
  if (tokens_left_at !== undefined) {
    const asked = own.get(tokens_left_at);
    const is_less = typeof asked === "number" && Number.isSafeInteger(asked) && asked > 0;
    own.set(tokens_left_at, is_less ? Math.min(asked, left.tokens) : left.tokens);
  }
  // Built of entries: a member called __proto__ stays a member.
  return Buffer.from(JSON.stringify(Object.fromEntries(own)));
}

async function exchange(
  { network }: Needs,
  tool: HttpTool,
  { tool: name, signal }: BrokerCall,
  body: Uint8Array,
  secret: string,
): Promise<Brokered> {
  // What was sent and not answered to its end may have been done, and nobody knows what it took.
  const unknown = spentOf(tool, undefined);
  try {
    const { url, timeout_ms } = tool;
    const reply = await network.post({ url, headers: headersOf(tool, secret), body, timeout_ms, signal });
    try {
      const text = await readUpTo(reply.body, tool.response_bytes_max);
      if (text === undefined)
        return toolError(
          "tool_output_too_large",
          `${name} answered with more than ${tool.response_bytes_max} bytes`,
          unknown,
        );
      return answerOf(tool, name, reply.status, redactorOf([secret]).text(text));
    } finally {
      reply.close();
    }
  } catch (error) {
    const { code = "" } = error as { code?: string };
    if (NOT_CONNECTED.test(code))
      return toolError("tool_unavailable", `${name} cannot be reached (${code})`, UNSPENT);
    if (code === "ETIMEDOUT")
      return toolError("tool_timeout", `${name} did not answer within ${tool.timeout_ms} ms`, unknown);
    return toolError("tool_failed", `${name} broke off before its answer was complete`, unknown);
  }
}

const headersOf = ({ headers, secret }: HttpTool, value: string): Record<string, string> => ({
  "content-type": "application/json",
  accept: "application/json",
  "user-agent": "holdfast",
  ...headers,
  ...(secret === undefined ? {} : { [secret.header]: `${secret.prefix}${value}` }),
});

async function readUpTo(body: AsyncIterable<Uint8Array>, bytes_max: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytes_max) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function answerOf(tool: HttpTool, name: string, status: number, text: string): Brokered {
  const answer = parsed(text);
  const tokens = answer === undefined ? undefined : tokensIn(tool, answer.value);
  if (status < 200 || status > 299) {
    // The endpoint is the operator's: where it says that it did not do it, it took what it says it took.
    return toolError("tool_failed", `${name} answered with status ${status}`, spentOf(tool, tokens ?? 0));
  }
  const spent = spentOf(tool, tokens);
  if (answer === undefined) return toolError("tool_failed", `${name} did not answer with JSON`, spent);
  const result = valueAt(answer.value, tool.result_at);
  if (result === undefined)
    return toolError("tool_failed", `${name} answered without what the agent is to get`, spent);
  return { ...spent, result };
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function tokensIn({ tokens_at }: HttpTool, answer: unknown): number | undefined {
  const found = tokens_at === undefined ? undefined : valueAt(answer, tokens_at);
  return typeof found === "number" && Number.isSafeInteger(found) && found >= 0 ? found : undefined;
}

/** A number that is left out is not known. */
function spentOf(
  tool: HttpTool,
  counted: number | undefined,
): { readonly [unit in keyof Spent]?: number | undefined } {
  const tokens = tool.tokens_per_call ?? counted;
  return { tokens, cost_units: costOf(tool, tokens) };
}
