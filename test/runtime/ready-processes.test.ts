/** Processes that stand ready before a call: the same answers, codes and entries, and none that is not as it was approved. */
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configurePlugin, disablePlugin } from "../../src/lifecycle/index.ts";
import type { RunResult } from "../../src/runtime/index.ts";
import { living, poolOf, untilReady } from "../support/action-pool.ts";
import { action, copyOfRuns, MAIN_PY, type RunPlane, runPlane } from "../support/run-plane.ts";
import { writeTree } from "../support/tree.ts";

let made: RunPlane;

const PLUGIN = {
  kind: "integration",
  capability: ["actions", "config"],
  permissions: { environment: ["NOTES_MODE"] },
  actions: [action("echo", { permissions: ["environment:NOTES_MODE"] })],
  config: {
    schema: { type: "object", properties: { retries: { type: "integer" } } },
    defaults: { retries: 3 },
  },
};

beforeAll(async () => {
  made = await runPlane(mkdtempSync(join(tmpdir(), "holdfast-test-")));
  await made.provide({ plugin: PLUGIN });
  await made.packPlugin({
    version: "1.1.0",
    plugin: PLUGIN,
    files: { "main.py": MAIN_PY.replace('"echo": given', '"echo": "newer"') },
  });
});
afterAll(() => rmSync(dirname(made.root), { recursive: true, force: true }));

/** Asks who answers it. */
const AGENT_PY = MAIN_PY.replace(
  "def serve(line):",
  `import socket
def ask(tool, given):
    lines = socket.socket(fileno=int(os.environ["HOLDFAST_BROKER_FD"])).makefile("rw")
    lines.write(json.dumps({"id": 1, "tool": tool, "input": given}) + "\\n")
    lines.flush()
    return json.loads(lines.readline() or "null")
def serve(line):`,
);
const AGENT = {
  namespace: "agent",
  kind: "agent",
  // Others with this are kept warm.
  requires: ["workers"],
  permissions: { tools: ["notes.echo"], tokens_max: 10, cost_units_max: 3 },
  actions: [
    action("ask", { permissions: ["tool:notes.echo", "tokens:10", "cost:3"] }),
    action("turn", { turn: { outputs: ["output/<session_id>/answer.txt"] } }),
  ],
};
const BROKER = `[tools."notes.echo"]
kind = "action"
namespace = "notes"
action = "echo"
cost_units_per_call = 2
`;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const wasAhead = ({ resources }: RunResult): boolean =>
  (resources as { started_ahead?: boolean }).started_ahead === true;

test("a plugin that is called again finds its next process started, each call with one of its own and its own entry", async () => {
  const { pool, run } = poolOf(made);
  const before = made.runs().length;
  const calls: RunResult[] = [];
  for (let n = 0; n < 4; n++) {
    calls.push(await run({ n }));
    await untilReady(pool, n === 0 ? 0 : 1);
  }
  expect(calls.map(wasAhead)).toEqual([false, false, true, true]);
  expect(calls.map(({ result }) => (result as { echo: unknown }).echo)).toEqual(
    [0, 1, 2, 3].map((n) => ({ n })),
  );
  const entries = made.runs().slice(before);
  expect(entries.map(({ event_type }) => event_type)).toEqual(Array(4).fill("plugin.action_invoked"));
  expect(entries.map(({ metadata }) => metadata["run_id"])).toEqual(calls.map(({ run_id }) => run_id));
  expect(entries[2]?.metadata["resources"]).toMatchObject({ started_ahead: true });
  expect(entries[1]?.metadata["resources"]).not.toHaveProperty("started_ahead");
  await expect.poll(() => living(made).length).toBeGreaterThan(0);
  await pool.stop();
  expect([pool.ready_count, living(made)]).toEqual([0, []]);
});

test("what is of one call is told with the call: input, configuration, limits", async () => {
  const plane = copyOfRuns(made);
  const { run, fails, readied, pool } = poolOf(plane);
  await readied();
  await configurePlugin(plane.effects, plane.plane, {
    name: "notes",
    token: plane.token,
    dry_run: false,
    assignments: [{ key: "retries", text: "7" }],
  });
  const { result } = await run({});
  expect(result).toMatchObject({ config: { retries: 7 } });
  await untilReady(pool, 1);
  expect(await fails({ code: "while True: pass" }, { limits: { timeout_ms: 100 } })).toMatchObject({
    code: "plugin_action_timeout",
    entries: [{ event_type: "plugin.action_failed" }],
  });
  expect(plane.runs().at(-1)?.metadata["resources"]).toMatchObject({ started_ahead: true });
  await untilReady(pool, 1);
  expect(await fails({ code: "os._exit(3)" })).toMatchObject({
    code: "plugin_run_failed",
    entries: [{ event_type: "plugin.action_failed" }],
  });
  await untilReady(pool, 1);
  expect(
    await fails({ code: "sys.stdout.write('x' * (1 << 20))" }, { limits: { output_bytes_max: 100 } }),
  ).toMatchObject({
    code: "plugin_output_too_large",
    entries: [{ event_type: "plugin.action_failed" }],
  });
});

test("one that would be shown something else is not used: files, values, limits", async () => {
  const plane = copyOfRuns(made);
  const { run, readied, host } = poolOf(plane, { ready_max: 1 }, { NOTES_MODE: "one" });
  const data = `${plane.root}/data/notes`;
  const read = { code: `answer({'read': open(${JSON.stringify(`${data}/a`)}).read()})` };
  await readied();
  writeFileSync(`${data}/a`, "written later");
  const same = await run(read);
  expect([wasAhead(same), same.result]).toEqual([true, { read: "written later" }]);
  await readied();
  renameSync(data, `${data}.before`);
  writeTree(plane.root, { "data/notes/a": "another folder" });
  const other_folder = await run(read);
  expect([wasAhead(other_folder), other_folder.result]).toEqual([false, { read: "another folder" }]);
  await readied();
  Object.assign(host.env, { NOTES_MODE: "two" });
  const other = await run({ code: "answer({'mode': os.environ['NOTES_MODE']})" });
  expect([wasAhead(other), other.result]).toEqual([false, { mode: "two" }]);
  await readied();
  const smaller = await run({}, { limits: { memory_bytes_max: 64 << 20 } });
  expect(wasAhead(smaller)).toBe(false);
});

test("when its files are not as they were an edit is refused and nothing stands ready", async () => {
  const plane = copyOfRuns(made);
  const { pool, fails, readied } = poolOf(plane);
  await readied();
  appendFileSync(join(plane.root, "modules/notes/main.py"), "# edited\n");
  expect(await fails({})).toMatchObject({
    code: "PLUGIN_FILE_REFUSED",
    entries: [{ event_type: "plugin.action_refused" }],
  });
  expect([pool.ready_count, living(plane)]).toEqual([0, []]);
});

test("nor does one that was still being started when the plugin was refused", async () => {
  const plane = copyOfRuns(made);
  const { programs } = plane.effects;
  let is_slow = false;
  const start: typeof programs.start = async (request) => {
    if (is_slow) await pause(300);
    return programs.start(request);
  };
  const slow = { ...plane, effects: { ...plane.effects, programs: { ...programs, start } } };
  const { pool, run, fails } = poolOf(slow);
  await run({});
  is_slow = true;
  await run({});
  appendFileSync(join(plane.root, "modules/notes/main.py"), "# edited\n");
  expect((await fails({})).code).toBe("PLUGIN_FILE_REFUSED");
  await pause(400);
  expect([pool.ready_count, living(plane)]).toEqual([0, []]);
});

test("when another version was installed the newer code answers", async () => {
  const plane = copyOfRuns(made);
  const { run, readied } = poolOf(plane);
  await readied();
  await plane.update(["PKG-T2-NOTES-001"]);
  await plane.enable().catch(() => undefined);
  const newer = await run({});
  expect([wasAhead(newer), newer.result]).toEqual([false, expect.objectContaining({ echo: "newer" })]);
});

test("when it is disabled nothing stands ready", async () => {
  const plane = copyOfRuns(made);
  const { pool, fails, readied } = poolOf(plane);
  await readied();
  await disablePlugin(plane.effects, plane.plane, { name: "notes", reason: "enough", token: plane.token });
  expect((await fails({})).code).toBe("plugin_not_enabled");
  expect([pool.ready_count, living(plane)]).toEqual([0, []]);
});

test("one that was killed meanwhile is not used", async () => {
  const { run, readied } = poolOf(made);
  await readied();
  await expect.poll(() => living(made).length).toBeGreaterThan(0);
  for (const pid of living(made)) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It went with the first of them.
    }
  }
  await expect.poll(() => living(made)).toEqual([]);
  await pause(200);
  const next = await run({});
  expect([wasAhead(next), next.result]).toEqual([false, expect.objectContaining({ echo: {} })]);
});

test.each([
  {
    asked: { action: "ask" },
    code: 'answer(ask("notes.echo", {"n": 1}))',
    spent: { cost_units: 2, tools: { "notes.echo": { calls: 1, failed: 0 } } },
  },
  {
    asked: { action: "turn", session: "SES-1" },
    code: 'open(request["turn"]["outputs"][0], "w").close(); answer({})',
    spent: { cost_units: 0 },
  },
])("no process of an agent is started ahead, or kept for the next call: $asked.action", async (one) => {
  const plane = copyOfRuns(made);
  await plane.packPlugin({
    id: "PKG-T2-AGENT-001",
    target: "modules/agent",
    plugin: AGENT,
    files: { "main.py": AGENT_PY },
  });
  await plane.install(["PKG-T2-AGENT-001"]);
  await plane.enable("agent");
  writeTree(plane.root, { "config/broker.toml": BROKER });
  const { pool, run } = poolOf(plane);
  for (let call = 0; call < 3; call++) {
    const done = await run({ code: one.code }, { namespace: "agent", ...one.asked });
    // What it may spend is of this call alone, and so is who answers it.
    expect(done.resources).toMatchObject(one.spent);
    expect(wasAhead(done)).toBe(false);
  }
  await pause(300);
  expect([pool.ready_count, pool.resting_count, living(plane, "agent")]).toEqual([0, 0, []]);
});

test("none stands ready for one call alone, where none is wanted, or for longer than it may", async () => {
  const once = poolOf(made);
  await once.run({});
  await pause(300);
  expect([once.pool.ready_count, living(made)]).toEqual([0, []]);
  const none = poolOf(made, { ready_max: 0 });
  for (let call = 0; call < 3; call++) expect(wasAhead(await none.run({}))).toBe(false);
  await pause(200);
  expect([none.pool.ready_count, living(made)]).toEqual([0, []]);
  const short = poolOf(made, { idle_ms: 600 });
  await short.readied();
  await untilReady(short.pool, 0);
  await pause(200);
  expect(living(made)).toEqual([]);
});

test("callers at once each have their own, and no more stand ready than may", async () => {
  const copy = copyOfRuns(made);
  const config = { ...copy.plane.config, run: { concurrency_max: 8, plugins: {} } };
  const plane: RunPlane = { ...copy, plane: { ...copy.plane, config } };
  const { pool, run } = poolOf(plane, { ready_max: 3 });
  const before = plane.runs().length;
  const most: number[] = [];
  const pids: number[] = [];
  for (let round = 0; round < 4; round++) {
    const done = await Promise.all(
      Array.from({ length: 6 }, (_, n) => run({ code: `answer({"n": ${n}, "pid": os.getpid()})` })),
    );
    expect(done.map(({ result }) => (result as { n: number }).n)).toEqual([0, 1, 2, 3, 4, 5]);
    pids.push(...done.filter(wasAhead).map(({ result }) => (result as { pid: number }).pid));
    await untilReady(pool, round === 0 ? pool.ready_count : 3);
    most.push(pool.ready_count);
  }
  expect(Math.max(...most)).toBe(3);
  expect(pids.length).toBeGreaterThanOrEqual(6);
  expect(
    plane
      .runs()
      .slice(before)
      .map(({ event_type }) => event_type),
  ).toEqual(Array(24).fill("plugin.action_invoked"));
  await pool.stop();
  expect(living(plane)).toEqual([]);
});
