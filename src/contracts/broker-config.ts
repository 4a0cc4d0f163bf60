/** `config/broker.toml`: who answers the tools of agents, and what a call of each costs. Only the operator writes it. */
import { z } from "zod";
import { Namespace, ToolName } from "./plugin.ts";

/** Of actions that call tools that are actions; without a bound two agents could call each other for ever. */
export const BROKER_DEPTH_MAX = 3;
const DEPTH_CEILING = 8;

const Price = z.int().min(0).max(1_000_000_000);

/** JSON pointer (RFC 6901) into what the endpoint answers; empty for all of it. */
const Pointer = z
  .string()
  .max(256)
  .regex(/^(\/([^~/]|~[01])*)*$/, "must be a JSON pointer such as /usage/total_tokens");

const HeaderName = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "must be a header's name in lower case");
/** Of the connection and of the message itself: ours to set. */
const OURS = new Set(["host", "content-length", "transfer-encoding", "connection", "content-encoding"]);
const OwnHeader = HeaderName.refine((name) => !OURS.has(name), "is set by the broker itself");
const HeaderText = z
  .string()
  .max(1024)
  .regex(/^[\x20-\x7e]*$/, "must be printable ASCII");

const ToolSecret = z
  .strictObject({
    env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable")
      .optional()
      .describe("Environment variable of the caller that holds it."),
    file: z.string().min(1).max(1024).optional().describe("File outside the plane that holds it, mode 0600."),
    header: OwnHeader.default("authorization").describe("Header it is sent in."),
    prefix: HeaderText.default("Bearer ").describe("Text before it in the header."),
  })
  .refine(({ env, file }) => (env === undefined) !== (file === undefined), "needs either env or file");

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function urlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return "must be a URL such as https://api.example.org/v1/complete";
  const { protocol, username, password, hash } = new URL(text);
  if (protocol !== "https:" && protocol !== "http:") return "must begin with https:// or http://";
  if (username !== "" || password !== "" || hash !== "") return "must hold no user, password or fragment";
  return undefined;
}

const isPlain = (url: string): boolean => {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !LOOPBACK.test(hostname);
};

const HttpTool = z
  .strictObject({
    kind: z.literal("http").describe("Answered by an endpoint over HTTP: the input is posted to it as JSON."),
    url: z
      .string()
      .max(2048)
      .superRefine((text, context) => {
        const message = urlProblem(text);
        if (message !== undefined) context.addIssue({ code: "custom", message });
      })
      .describe("Where it is posted to; redirects are not followed."),
    headers: z
      .record(OwnHeader, HeaderText)
      .default({})
      .describe("Sent with every call. Secrets have their own."),
    secret: ToolSecret.optional().describe(
      "A key of the endpoint's, by reference; never shown to the agent.",
    ),
    set: z
      .record(z.string().max(128), z.json())
      .default({})
      .describe("Members put over those of the input, such as the model; the agent cannot change them."),
    tokens_left_at: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe("Member of the request that is cut to the tokens left, such as max_tokens."),
    timeout_ms: z.int().min(1).max(3_600_000).default(30_000).describe("Until the whole answer is there."),
    request_bytes_max: z.int().min(1).max(16_777_216).default(262_144).describe("Bytes of one request."),
    response_bytes_max: z.int().min(1).max(16_777_216).default(1_048_576).describe("Bytes of one answer."),
    result_at: Pointer.default("").describe("Part of the answer that the agent gets."),
    tokens_at: Pointer.optional().describe("Where in the answer the tokens of the call are."),
    tokens_per_call: Price.optional().describe("Tokens of each call, for an endpoint that does not say."),
    cost_units_per_1000_tokens: Price.default(0).describe("Price by tokens, rounded up for each call."),
    cost_units_per_call: Price.default(0).describe("Price of each call."),
  })
  .superRefine(({ tokens_at, tokens_per_call, url, secret }, context) => {
    if ((tokens_at === undefined) === (tokens_per_call === undefined))
      context.addIssue({ code: "custom", message: "needs either tokens_at or tokens_per_call" });
    if (secret !== undefined && urlProblem(url) === undefined && isPlain(url))
      context.addIssue({
        code: "custom",
        path: ["url"],
        message: "must begin with https:// where a secret is sent to another machine",
      });
  });
export type HttpTool = z.output<typeof HttpTool>;

const ActionTool = z.strictObject({
  kind: z
    .literal("action")
    .describe("Answered by an action of another plugin, with that plugin's own grant."),
  namespace: Namespace.describe("Namespace of the plugin."),
  action: ToolName.describe("What it is asked to do; the input of the tool is the input of the action."),
  cost_units_per_call: Price.default(0).describe("Price of each call, beside what the action itself spends."),
});
export type ActionTool = z.output<typeof ActionTool>;

export const BrokerTool = z.discriminatedUnion("kind", [HttpTool, ActionTool]);
export type BrokerTool = z.output<typeof BrokerTool>;

export const BrokerConfig = z
  .strictObject({
    depth_max: z
      .int()
      .min(1)
      .max(DEPTH_CEILING)
      .default(BROKER_DEPTH_MAX)
      .describe("How deep runs may call runs: 1 for tools that call no tools."),
    tools: z
      .record(ToolName, BrokerTool)
      .default({})
      .describe("By the name an agent calls them by, the one in its permission tool:NAME."),
  })
  .meta({ id: "BrokerConfig", title: "Tools of agents" });
export type BrokerConfig = z.output<typeof BrokerConfig>;
