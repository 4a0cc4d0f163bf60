/** A plane with two agents and a plugin they may ask, and a model on this machine. Made before the tests, by whoever runs them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { runAction } from "../../src/runtime/index.ts";
import { type ModelServer, modelServer, says } from "../support/model-server.ts";
import { action, HOSTING, MAIN_PY, type RunPlane, runPlane } from "../support/run-plane.ts";

export const KEY = "sk-live-0123456789abcdefXYZ";
const AGENT_PY = MAIN_PY.replace(
  "def serve(line):",
  `import socket
lines = socket.socket(fileno=int(os.environ["HOLDFAST_BROKER_FD"])).makefile("rw")
def raw(tool, given):
    lines.write(json.dumps({"id": 1, "tool": tool, "input": given}) + "\\n")
    lines.flush()
    reply = json.loads(lines.readline() or '{"error": {"code": "no_answer"}}')
    return reply.get("result") if "result" in reply else reply["error"]["code"]
def ask(tool, **given):
    return raw(tool, given)
def say(value):
    print(json.dumps({"status": "ok", "result": {"got": value}}), flush=True)
def serve(line):`,
);
const TOOLS = ["complete", "notes.echo", "self.ask", "undeclared"];
const GRANT = { tools: TOOLS, tokens_max: 100, cost_units_max: 20 };
const SCOPES = [...TOOLS.map((tool) => `tool:${tool}`), "tokens:100", "cost:20"];

export let made: RunPlane;
export let model: ModelServer;

export const http = (more = "", url = model.url): string => `[tools.complete]
kind = "http"
url = "${url}"
${/tokens_(at|per_call)/.test(more) ? "" : 'tokens_at = "/usage/total_tokens"'}
${more}
`;
export const WITH_SECRET = `timeout_ms = 5000\n[tools.complete.secret]\nenv = "MODEL_KEY"`;
export const ACTIONS = `[tools."notes.echo"]
kind = "action"
namespace = "notes"
action = "echo"
cost_units_per_call = 2
[tools."self.ask"]
kind = "action"
namespace = "second"
action = "echo"
`;
export const declare = (text: string): void => writeFileSync(join(made.root, "config/broker.toml"), text);

export const effects = () => {
  const base = nodeEffects();
  const own = made.effects.host.env;
  return {
    ...made.effects,
    network: base.network,
    host: { ...made.effects.host, env: { ...own, MODEL_KEY: KEY } },
  };
};

/** Result, or code and message. */
export async function agent(code: string, namespace = "agent", more = {}): Promise<unknown> {
  const request = {
    namespace,
    action: "echo",
    input: { code },
    host: "library" as const,
    token: made.token,
    ...more,
  };
  return runAction(effects(), made.plane, request, HOSTING).then(
    ({ result }) => (result as { got: unknown }).got,
    ({ code: failed, message }: { code: string; message: string }) => `${failed}: ${message}`,
  );
}
export const added = (before: number) =>
  made
    .runs()
    .slice(before)
    .map(({ metadata }) => metadata);
export const last = () =>
  made.runs().at(-1)?.metadata as Record<string, never> & { resources: Record<string, unknown> };

async function provide(name: string, id: string, kind: string, main: string): Promise<void> {
  const section =
    kind === "agent"
      ? { permissions: GRANT, actions: [action("echo", { permissions: SCOPES })] }
      : { permissions: {}, actions: [action("echo")] };
  await made.packPlugin({
    id,
    target: `modules/${name}`,
    plugin: { namespace: name, kind, ...section },
    files: { "main.py": main },
  });
  await made.install([id]);
  await made.enable(name);
}

beforeAll(async () => {
  made = await runPlane(mkdtempSync(join(tmpdir(), "holdfast-test-")));
  model = await modelServer();
  await provide("agent", "PKG-T2-AGENT-001", "agent", AGENT_PY);
  await provide("second", "PKG-T2-SECOND-001", "agent", AGENT_PY);
  await provide("notes", "PKG-T2-NOTES-001", "node", MAIN_PY);
}, 60_000);
afterAll(async () => {
  await model.close();
  rmSync(dirname(made.root), { recursive: true, force: true });
});
export const usual = (reply: Parameters<ModelServer["answer"]>[1]): void =>
  says(reply, { text: "done", usage: { total_tokens: 10 } });
beforeEach(() => {
  model.asked.length = 0;
  model.answer = (_, reply) => usual(reply);
});
