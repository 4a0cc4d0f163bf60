/** What answers an agent, what is counted, and what ends it: endpoints over real HTTP, and actions of other plugins. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkBroker, explainRun, findRun } from "../../src/runtime/index.ts";
import { type ModelServer, says } from "../support/model-server.ts";
import { HOSTING } from "../support/run-plane.ts";
import {
  ACTIONS,
  added,
  agent,
  declare,
  effects,
  http,
  KEY,
  last,
  made,
  model,
  usual,
  WITH_SECRET,
} from "./broker-scene.ts";

function anEndpoint(): void {
  test("gets the input and the key; the agent gets the part that is named, and never the key", async () => {
    declare(
      http(`result_at = "/text"\ntokens_left_at = "max_tokens"\nset = { model = "small" }\n${WITH_SECRET}`),
    );
    model.answer = (_, reply) => says(reply, { text: `key ${KEY}`, usage: { total_tokens: 10 } });
    const asks = 'say([ask("complete", model="large", max_tokens=30), ask("complete", max_tokens=500)])';
    expect(await agent(asks)).toEqual(["key [secret]", "key [secret]"]);
    expect(model.asked.map(({ body }) => body)).toEqual([
      { model: "small", max_tokens: 30 },
      { model: "small", max_tokens: 90 },
    ]);
    expect(model.asked[0]?.headers["authorization"]).toBe(`Bearer ${KEY}`);
    expect(readFileSync(join(made.root, "ledger/runs.jsonl"), "utf8")).not.toContain(KEY);
  });

  const PRICED = "cost_units_per_call = 3";
  const NO_SECRET = '[tools.complete.secret]\nenv = "NO_SUCH"';
  const failing: [string, string, string, string, object][] = [
    ["is not there", PRICED, 'ask("complete")', "tool_unavailable", { tokens: 0, cost_units: 0 }],
    ["says that it did not do it", PRICED, 'ask("complete")', "tool_failed", { tokens: 0, cost_units: 3 }],
    [
      "gets too much",
      "request_bytes_max = 8",
      'ask("complete", a="b")',
      "tool_input_too_large",
      { tokens: 0 },
    ],
    ["gets no object", 'set = { model = "x" }', 'raw("complete", [1])', "tool_input_invalid", { tokens: 0 }],
    ["has no result", `result_at = "/none"\n${PRICED}`, 'ask("complete")', "tool_failed", { tokens: 10 }],
    ["has no secret", NO_SECRET, 'ask("complete")', "tool_unavailable", { tokens: 0 }],
  ];
  for (const [what, more, asks, code, spent] of failing)
    test(`that ${what} fails with a code the agent can act on`, async () => {
      declare(http(more, what === "is not there" ? "http://127.0.0.1:1/" : model.url));
      if (what.startsWith("says")) model.answer = (_, reply) => says(reply, { error: "busy" }, 503);
      expect(await agent(`say(${asks})`)).toBe(code);
      expect(last().resources).toMatchObject({
        ...spent,
        tools: { complete: { calls: 1, failed: 1, problem: code } },
      });
    });

  test("does not lead elsewhere: a redirect is an answer that failed", async () => {
    declare(http(WITH_SECRET));
    model.answer = ({ url }, reply) => {
      if (url === "/elsewhere") usual(reply);
      reply.writeHead(307, { location: "/elsewhere" });
      reply.end();
    };
    expect(await agent('say(ask("complete"))')).toBe("tool_failed");
    expect(model.asked).toHaveLength(1);
  });
}

function aCeiling(): void {
  test("of tokens ends the run at once, with what was spent in its record and its log", async () => {
    declare(http("cost_units_per_1000_tokens = 100"));
    model.answer = (_, reply) => says(reply, { usage: { total_tokens: 45 } });
    const failed = await agent(
      'ask("complete"); ask("complete"); ask("complete"); time.sleep(30); say("never")',
    );
    expect(failed).toMatch(/^plugin_run_failed: .*more tokens than it was granted \(135 of 100\)/);
    expect(model.asked).toHaveLength(3);
    expect(last()).toMatchObject({
      status: "failure",
      code: "plugin_run_failed",
      denials: [{ rule: "tokens", subject: "135 of 100", seen_by: "broker" }],
      resources: {
        exceeded: "tokens",
        tokens: 135,
        cost_units: 15,
        tools: { complete: { calls: 3, failed: 0, tokens: 135, cost_units: 15 } },
      },
    });
    expect(last()["duration_ms"]).toBeLessThan(5000);
    const { spent } = findRun(made.effects, made.plane, String(last()["run_id"]));
    expect(spent).toMatchObject({ tokens: 135, cost_units: 15, tools: { complete: { calls: 3 } } });
  });

  test("of cost is looked at before a call: what it costs at least has to be left", async () => {
    declare(http("cost_units_per_call = 8"));
    const failed = await agent('ask("complete"); ask("complete"); ask("complete"); say("never")');
    expect(failed).toContain("more cost units than it was granted");
    expect(failed).toContain("(complete takes 8 at least, and 4 of 20 are left)");
    expect(model.asked).toHaveLength(2);
    expect(last().resources).toMatchObject({ exceeded: "cost", cost_units: 16, tokens: 20 });
  });

  const unmetered: [string, string, ModelServer["answer"], string][] = [
    ["an answer without its meter", "", (_, reply) => says(reply, { text: "free" }), ""],
    ["a meter that is no number", "", (_, reply) => says(reply, { usage: { total_tokens: "7" } }), ""],
    ["a meter below nothing", "", (_, reply) => says(reply, { usage: { total_tokens: -7 } }), ""],
    ["what is no JSON", "", (_, reply) => says(reply, "hello"), "tool_failed"],
    ["an answer that does not end in time", "timeout_ms = 300", () => undefined, "tool_timeout"],
    ["an answer that breaks off", "", (_, reply) => reply.destroy(), "tool_failed"],
    ["an answer too long", "response_bytes_max = 10", (_, reply) => usual(reply), "tool_output_too_large"],
  ];
  for (const [what, more, answer, problem] of unmetered)
    test(`counts as all that is left where nobody knows: ${what}`, async () => {
      declare(http(more));
      model.answer = answer;
      const failed = await agent('ask("complete"); say("never")');
      expect(failed).toContain("complete did not say how many it took, which counts as all of 100");
      expect(last().resources).toMatchObject({ exceeded: "tokens", tokens: 100 });
      if (problem !== "") expect(last().resources).toMatchObject({ tools: { complete: { problem } } });
    });

  test("where a call has a fixed price, an answer that breaks off costs that and no more", async () => {
    declare(http("tokens_per_call = 5\ncost_units_per_call = 1"));
    model.answer = (_, reply) => reply.destroy();
    expect(await agent('say([ask("complete"), ask("complete")])')).toEqual(["tool_failed", "tool_failed"]);
    expect(last().resources).toMatchObject({ tokens: 10, cost_units: 2 });
  });

  test("a run that ends meanwhile calls its call off", async () => {
    declare(http());
    let is_closed = false;
    model.answer = (_, reply) =>
      void reply.on("close", () => {
        is_closed = true;
      });
    const limits = { timeout_ms: 600 };
    expect(await agent('ask("complete"); say("never")', "agent", { limits })).toMatch(
      /^plugin_action_timeout/,
    );
    await expect.poll(() => is_closed).toBe(true);
    expect(last().resources).toMatchObject({ tokens: 100, tools: { complete: { calls: 1, failed: 1 } } });
  });
}

function anotherPlugin(): void {
  test("is a run of its own, with its own entry that names the run that asked", async () => {
    declare(ACTIONS);
    const before = made.runs().length;
    const request = { request_id: "req-7" };
    expect(await agent('say(ask("notes.echo", n=1)["echo"])', "agent", request)).toEqual({ n: 1 });
    const [child, parent] = added(before);
    expect(child).toMatchObject({
      namespace: "notes",
      status: "success",
      actor: { kind: "agent", id: "agent" },
      user: "admin",
      parent_run_id: parent?.["run_id"],
      parent_request_id: "req-7",
      depth: 1,
    });
    expect(parent).toMatchObject({
      namespace: "agent",
      request_id: "req-7",
      resources: { tokens: 0, cost_units: 2, tools: { "notes.echo": { calls: 1, cost_units: 2 } } },
    });
  });

  test("fails with a code and without what it said, and is refused where it may not run", async () => {
    declare(ACTIONS);
    const boom = `say(ask("notes.echo", code="sys.stderr.write('inner words'); sys.exit(3)"))`;
    expect(await agent(boom)).toBe("tool_failed");
    declare(ACTIONS.replace('action = "echo"\ncost', 'action = "gone"\ncost'));
    expect(await agent('say(ask("notes.echo"))')).toBe("tool_unavailable");
  });

  test("spends no more than is left of the run that asked, and that run pays for it", async () => {
    declare(http("cost_units_per_call = 4") + ACTIONS);
    const inner = "say([ask('complete'), ask('complete')])";
    const outer = `ask("complete"); say(ask("self.ask", code="${inner}")["got"][1]["text"])`;
    expect(await agent(outer)).toBe("done");
    expect(last().resources).toMatchObject({
      tokens: 30,
      cost_units: 12,
      tools: { "self.ask": { calls: 1, tokens: 20, cost_units: 8 } },
    });
    model.answer = (_, reply) => says(reply, { usage: { total_tokens: 60 } });
    // 60 are spent, 40 are left: the inner run is ended by its first call, and the outer one with it.
    const before = made.runs().length;
    expect(await agent(outer)).toMatch(/^plugin_run_failed: agent .*more tokens.*\(120 of 100\)/);
    const [child, parent] = added(before);
    expect(child).toMatchObject({ namespace: "second", resources: { exceeded: "tokens", tokens: 60 } });
    expect(parent).toMatchObject({ namespace: "agent", resources: { exceeded: "tokens", tokens: 120 } });
  });

  test("agents cannot call each other for ever", async () => {
    const both = ACTIONS.replace('namespace = "notes"', 'namespace = "agent"');
    const inner = "say(ask('notes.echo', code='say(1)'))";
    const outer = `say(ask("self.ask", code="${inner}")["got"])`;
    declare(both);
    // The first is still running, and one at once is its limit.
    expect(await agent(outer)).toBe("tool_unavailable");
    declare(`depth_max = 1\n${both}`);
    expect(await agent(outer)).toBe("tool_too_deep");
  });
}

function whatIsDeclared(): void {
  test("nobody answers a tool that is granted and not declared; what is not granted is denied", async () => {
    declare(http());
    expect(await agent('say([ask("undeclared"), ask("other")])')).toEqual([
      "tool_unavailable",
      "tool_not_granted",
    ]);
    expect(last()["denials"]).toEqual([
      { rule: "tool", subject: "other", scope: "tool:other", seen_by: "broker" },
    ]);
  });

  test("the check names what would not answer, and --explain who answers what", async () => {
    const one = http(WITH_SECRET.replace("MODEL_KEY", "NO_SUCH"), `${model.url}?key=of-the-query`);
    declare(one + ACTIONS.replace('"second"', '"nobody"'));
    const { tools } = await checkBroker(effects(), made.plane);
    expect(tools.map(({ tool, problems }) => [tool, ...problems])).toEqual([
      ["complete", "its secret cannot be had: NO_SUCH is not set in the environment"],
      ["notes.echo"],
      ["self.ask", "no plugin is called nobody"],
      ["undeclared", "nobody answers it: config/broker.toml does not declare it"],
    ]);
    expect(tools[0]).toMatchObject({ answered_by: model.url, granted_to: ["agent", "second"] });
    const asking = { namespace: "agent", action: "echo", wishes: {} };
    const explained = await explainRun(effects(), made.plane, asking, HOSTING);
    expect(explained.tools).toHaveLength(4);
    expect(JSON.stringify([explained, tools])).not.toContain("of-the-query");
    declare("[tools]\ncomplete = 1\n");
    const { problems, would_run } = await explainRun(effects(), made.plane, asking, HOSTING);
    expect([would_run, problems.map(({ code }) => code)]).toEqual([false, ["BROKER_CONFIG_INVALID"]]);
  });

  const HTTP = '[tools.a]\nkind = "http"\n';
  const wrong: [string, string, string][] = [
    ["no TOML", "[tools.a\nx", "line 1"],
    ["a kind nobody knows", '[tools.a]\nkind = "magic"', "line 2"],
    ["no meter", `${HTTP}url = "https://a.example"`, "needs either tokens_at or tokens_per_call"],
    [
      "a key sent in the clear",
      `${HTTP}url = "http://a.example"\ntokens_per_call = 1\nsecret = { env = "K" }`,
      "line 3, column 7: /tools/a/url must begin with https://",
    ],
    [
      "a key in the address",
      `${HTTP}url = "https://u:p@a.example"\ntokens_per_call = 1`,
      "must hold no user",
    ],
    [
      "a header of the connection",
      `${HTTP}url = "https://a.example"\ntokens_per_call = 1\nheaders = { host = "b" }`,
      "line 5",
    ],
    ["a key nobody knows", "deep = 2", "/deep is not a known field"],
  ];
  for (const [what, text, says_so] of wrong)
    test(`a file with ${what} is refused with its line, and no agent runs`, async () => {
      declare(text);
      const failed = await agent("say(1)");
      expect(failed).toMatch(/^BROKER_CONFIG_INVALID: config\/broker\.toml/);
      expect(failed).toContain(says_so);
      expect(failed).not.toContain("u:p");
      expect(made.ended("refused").at(-1)?.metadata["code"]).toBe("BROKER_CONFIG_INVALID");
    });
}

export function brokerAnswers(): void {
  describe("an endpoint", () => {
    anEndpoint();
  });
  describe("a ceiling", () => {
    aCeiling();
  });
  describe("an action of another plugin", () => {
    anotherPlugin();
  });
  describe("what is declared", () => {
    whatIsDeclared();
  });
}
