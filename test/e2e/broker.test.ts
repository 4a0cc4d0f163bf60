/** Agents and their tools through the real program: endpoints over real HTTP, actions of other plugins, ceilings, secrets. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePlane, type PlaneUnderTest, REPOSITORY, startProgram } from "../support/cli.ts";
import { type ModelServer, modelServer } from "../support/model-server.ts";

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
