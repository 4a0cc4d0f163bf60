/** Agents and their tools through the real program: endpoints over real HTTP, actions of other plugins, ceilings, secrets. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePlane, type PlaneUnderTest, REPOSITORY, startProgram } from "../support/cli.ts";
import { type ModelServer, modelServer, says } from "../support/model-server.ts";

const KEY = "sk-live-0123456789abcdefXYZ";
const TEXT = '{"text":"One.\\n\\nTwo."}';
let plane: PlaneUnderTest;
let model: ModelServer;

const http = (more = ""): string => `[tools.complete]
kind = "http"
url = "${model.url}"
tokens_at = "/usage/total_tokens"
cost_units_per_call = 1
${more}
[tools.complete.secret]
env = "MODEL_KEY"
`;
const declare = (text: string): void => writeFileSync(join(plane.root, "config/broker.toml"), text);

async function pkg(args: readonly string[], env: Record<string, string> = { MODEL_KEY: KEY }) {
  const started = startProgram("pkg", args, { cwd: plane.root, env: { ...plane.env, ...env } });
  const done = await started.ended;
  return { ...done, json: () => JSON.parse(done.stdout) };
}
const summarise = (...more: string[]) =>
  pkg(["run", "example.summary", "summarise", "--input", TEXT, "--json", ...more]);

// oxlint-disable-next-line typescript/no-explicit-any -- a test reads whatever it expects
function runs(): any[] {
  return readFileSync(join(plane.root, "ledger/runs.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function provide(source: string, id: string, namespace: string): void {
  expect(plane.pkg("pack", "--src", source).stderr).toBe("");
  expect(plane.pkg("install", id).status).toBe(0);
  const { shown_digest } = plane.pkg("plugin", "enable", namespace, "--dry-run", "--json").json();
  expect(plane.pkg("plugin", "enable", namespace, "--yes", shown_digest).status).toBe(0);
}

beforeAll(async () => {
  plane = makePlane({ folder: mkdtempSync(join(tmpdir(), "holdfast-test-")) });
  model = await modelServer();
  provide(join(REPOSITORY, "modules/example_summary"), "PKG-T3-SUMMARY-001", "example.summary");
}, 60_000);
afterAll(async () => {
  await model.close();
  rmSync(dirname(plane.root), { recursive: true, force: true });
});

test("nobody is declared: the agent learns that its tool is not there, and what to do", async () => {
  const done = await summarise();
  expect(done.json().error).toMatchObject({
    code: "plugin_run_failed",
    details: { plugin_code: "broker_refused" },
  });
  expect(done.json().error.message).toContain("tool_unavailable");
  expect(runs().at(-1)?.metadata).toMatchObject({
    resources: { tokens: 0, tools: { complete: { calls: 1, failed: 1, problem: "tool_unavailable" } } },
  });
});

test("an endpoint answers, and what it took is in the ledger and in the log", async () => {
  declare(http('set = { model = "small" }\nheaders = { "x-team" = "docs" }'));
  const done = await summarise();
  expect(done.json()).toMatchObject({ result: { summary: "s3", calls: 3 } });
  expect(model.asked).toHaveLength(3);
  expect(model.asked[0]?.body).toEqual({ prompt: "Summarise in one sentence:\nOne.", model: "small" });
  expect(model.asked[0]?.headers).toMatchObject({ authorization: `Bearer ${KEY}`, "x-team": "docs" });
  const { metadata } = runs().at(-1);
  expect(metadata).toMatchObject({
    status: "success",
    resources: {
      tokens: 30,
      cost_units: 3,
      tools: { complete: { calls: 3, failed: 0, tokens: 30, cost_units: 3 } },
    },
  });
  expect(metadata.broker_config).toMatch(/^sha256:/);
  const log = await pkg(["logs", "example.summary", "--run", metadata.run_id]);
  expect(log.stdout).toContain("spent 30 tokens, 3 cost units");
  expect(log.stdout).toContain("complete: 3 call(s), 30 tokens, 3 cost units");
});

test("a ceiling ends the run at once, and says which", async () => {
  declare(http());
  model.answer = (_, reply) => says(reply, { text: "s", usage: { total_tokens: 3000 } });
  model.asked.length = 0;
  const done = await summarise();
  expect(done.status).toBe(1);
  expect(done.json().error).toMatchObject({
    code: "plugin_run_failed",
    details: { limit: "tokens_max", rule: "tokens" },
  });
  expect(model.asked).toHaveLength(2);
  expect(runs().at(-1)?.metadata).toMatchObject({ resources: { exceeded: "tokens", tokens: 6000 } });
});

test("a tool can be an action of another plugin; the check and --explain say who answers", async () => {
  expect(plane.pkg("new", "modules/completer", "--kind", "node", "--runtime", "python").status).toBe(0);
  provide("modules/completer", "PKG-T3-COMPLETER-001", "completer");
  const action = '[tools.complete]\nkind = "action"\nnamespace = "completer"\naction = ';
  declare(`${action}"greet"\n`);
  expect((await pkg(["broker", "check"])).stdout).toContain("complete: action completer greet");
  const explained = await summarise("--explain");
  expect(explained.json().tools).toMatchObject([{ tool: "complete", kind: "action", problems: [] }]);
  // It takes a name and no prompt, so it is refused like any call that does not fit.
  expect((await summarise()).json().error.message).toContain("tool_input_invalid");
  expect(runs().at(-2)).toMatchObject({
    event_type: "plugin.action_refused",
    submission_id: "completer",
    metadata: { code: "plugin_input_invalid" },
  });
  declare(`${action}"none"\n`);
  const check = await pkg(["broker", "check", "--json"]);
  expect([check.status, check.json().broken]).toEqual([1, 1]);
});

test("the key is nowhere: not in the plane, not in what was said", async () => {
  declare(http("timeout_ms = 2000"));
  model.answer = ({ headers }, reply) =>
    says(reply, { text: `${headers.authorization}`, usage: { total_tokens: 1 } });
  const echoed = await summarise();
  model.answer = ({ headers }, reply) => says(reply, { error: `${headers.authorization}` }, 500);
  const failed = await summarise();
  expect(echoed.json().result.summary).toBe("Bearer [secret]");
  for (const { stdout, stderr } of [echoed, failed]) expect(stdout + stderr).not.toContain(KEY);
  expect(spawnSync("grep", ["-rlF", KEY, dirname(plane.root)], { encoding: "utf8" }).stdout).toBe("");
});
