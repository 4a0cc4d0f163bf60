/** What becomes of an action that begins: one answer or one code, exactly one entry, nothing left behind, and the next call works. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Effects } from "../../src/effects/index.ts";
import { findPython } from "../../src/python/index.ts";
import { evidenceDigest } from "../../src/runtime/evidence-digest.ts";
import { findRun, type Hosting, listRuns, runAction } from "../../src/runtime/index.ts";
import { takeSlot } from "../../src/runtime/slots.ts";
import { action, copyOfRuns, type RunPlane, runPlane } from "../support/run-plane.ts";

let made: RunPlane;

const NODE_MAIN = `let text = "";
process.stdin.on("data", (chunk) => { text += chunk; });
process.stdin.on("end", () => {
  const { input } = JSON.parse(text);
  console.log(JSON.stringify({ status: "ok", result: { echo: input, node: process.version } }));
});
`;

beforeAll(async () => {
  made = await runPlane(mkdtempSync(join(tmpdir(), "holdfast-test-")));
  await made.provide({
    plugin: {
      permissions: { files: { read: ["data/notes/**"], write: ["data/notes/**"] } },
      actions: [
        action("echo", { permissions: ["files.read:data/notes/**", "files.write:data/notes/**"] }),
        action("count", {
          output: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] },
        }),
        action("tiny", { limits: { output_bytes_max: 64 } }),
      ],
    },
  });
});
afterAll(() => rmSync(dirname(made.root), { recursive: true, force: true }));

/** Entries added by a call. */
async function added<T>(work: () => Promise<T>) {
  const before = made.runs().length;
  const outcome = await work();
  return { outcome, entries: made.runs().slice(before) };
}

test("an action answers, and one entry says so without its contents", async () => {
  const input = { note: "private words", n: 0.1 };
  const { outcome: done, entries } = await added(() => made.act(input, { request_id: "req-1" }));
  expect(done).toMatchObject({
    namespace: "notes",
    action: "echo",
    request_id: "req-1",
    layer: "bubblewrap",
  });
  expect(done.result).toMatchObject({ echo: input, config: {}, request_id: "req-1" });
  expect(done.input_bytes).toBe(Buffer.byteLength(JSON.stringify(input)));
  expect(done.output_bytes).toBe(Buffer.byteLength(JSON.stringify(done.result)));
  expect(entries).toHaveLength(1);
  const [entry] = entries;
  expect(entry).toMatchObject({
    event_type: "plugin.action_invoked",
    submission_id: "notes",
    decision: "DONE",
  });
  expect(entry?.metadata).toMatchObject({
    status: "success",
    request_id: "req-1",
    run_id: done.run_id,
    actor: { kind: "human", id: "admin" },
    user: "admin",
    host: "library",
    package_id: "PKG-T2-NOTES-001",
    version: "1.0.0",
    layer: "bubblewrap",
    input_digest: evidenceDigest(JSON.stringify(input)),
    output_digest: evidenceDigest(JSON.stringify(done.result)),
    limits: { timeout_ms: 15_000, concurrency_max: 1 },
  });
  expect(entry?.metadata["archive_hash"]).toMatch(/^sha256:/);
  expect(JSON.stringify(entry)).not.toContain("private words");
});

test("an agent is recorded as one, beside the user whose token it was", async () => {
  const { entries } = await added(() => made.act({}, { actor: { kind: "agent", id: "planner/2" } }));
  expect(entries[0]?.metadata).toMatchObject({ actor: { kind: "agent", id: "planner/2" }, user: "admin" });
});

describe("an action that goes wrong", () => {
  const flood = "import sys\nwhile True: sys.stdout.write('x' * 65536)";
  const drip = "import sys\nwhile True:\n  print(' ', end='', flush=True); time.sleep(0.02)";
  const cases: [string, string, string, string, object?][] = [
    [
      "a busy loop of 300 ms with 10 ms",
      "plugin_action_timeout",
      "end = time.time() + 0.3\nwhile time.time() < end: pass\nanswer({})",
      "did not end within 10 ms, set by caller",
      { limits: { timeout_ms: 10 } },
    ],
    [
      "a slow drip",
      "plugin_action_timeout",
      drip,
      "did not end within 400 ms",
      { limits: { timeout_ms: 400 } },
    ],
    [
      "input held and nothing said",
      "plugin_action_timeout",
      "time.sleep(30)",
      "400 ms",
      { limits: { timeout_ms: 400 } },
    ],
    ["a flood", "plugin_output_too_large", flood, "more than 262144 bytes"],
    [
      "a result a little too large",
      "plugin_output_too_large",
      "answer('x' * 100)",
      "more than 64 bytes, set by manifest",
      { action: "tiny" },
    ],
    ["prose", "plugin_run_failed", "print('hello')", "did not answer with one JSON object"],
    ["two answers", "plugin_run_failed", "answer(1); answer(2)", "did not answer with one JSON object"],
    ["no answer", "plugin_run_failed", "pass", "ended without an answer"],
    ["a cyclic result", "plugin_run_failed", "a = []; a.append(a); answer(a)", "exited with 1: "],
    ["not a number", "plugin_run_failed", "answer(float('nan'))", "did not answer with one JSON object"],
    ["no UTF-8", "plugin_run_failed", "os.write(1, b'\\xff\\xfe')", "did not answer in UTF-8"],
    [
      "an error of its own",
      "plugin_run_failed",
      "print(json.dumps({'status': 'error', 'error': {'code': 'NO_NOTES', 'message': 'none'}})); sys.exit(1)",
      "answered with the error NO_NOTES: none",
    ],
    [
      "an answer and a bad end",
      "plugin_run_failed",
      "answer({}); sys.stdout.flush(); os._exit(3)",
      'answered "ok" and exited with 3',
    ],
    ["killed by itself", "plugin_run_failed", "os.kill(os.getpid(), 9)", "was ended by signal 9"],
    [
      "a result that does not fit",
      "plugin_run_failed",
      "answer({'n': 'many'})",
      "does not fit its schema: /n must be integer",
      { action: "count" },
    ],
    [
      "an action the entrypoint does not know",
      "plugin_action_not_found",
      "print(json.dumps({'status': 'error', 'error': {'code': 'plugin_action_not_found', 'message': ''}}))",
      "does not know this action",
    ],
    [
      "too much memory",
      "plugin_run_failed",
      "x = bytearray(300 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\ntime.sleep(1); answer({})",
      "memory",
      { limits: { memory_bytes_max: 64 << 20 } },
    ],
  ];

  test.each(cases)("%s: %s", async (_what, code, program, said, more = {}) => {
    const { outcome: failure, entries } = await added(() => made.fails({ code: program }, more));
    expect(failure.code).toBe(code);
    expect(failure.exit_code).toBe(1);
    expect(failure.message).toContain(said);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      event_type: "plugin.action_failed",
      metadata: { status: "failure", code, run_id: failure.details["run_id"] },
    });
  });

  test("what it said is told to the caller and kept in its log, and is not in the ledger", async () => {
    const { outcome: failure, entries } = await added(() =>
      made.fails({ code: "sys.stderr.write('of the input\\n'); sys.exit(2)" }),
    );
    expect(failure.message).toContain("of the input");
    expect(JSON.stringify(entries)).not.toContain("of the input");
    const log = findRun(made.effects, made.plane, String(failure.details["run_id"]));
    expect(log).toMatchObject({ outcome: "failure", code: "plugin_run_failed", text: "of the input\n" });
  });

  test("what it was denied is in the entry", async () => {
    const { entries } = await added(() => made.fails({ code: "open('/etc/hostname')" }));
    expect(entries[0]?.metadata["denials"]).toEqual([
      expect.objectContaining({ rule: "files.read", subject: "/etc/hostname" }),
    ]);
    expect(entries[0]?.metadata).not.toHaveProperty("denials_more");
  });

  test("what it was denied beyond a number is counted in the entry", async () => {
    const code = `
for number in range(100):
    try: open(f"/etc/{number}")
    except OSError: pass
answer({})`;
    const { entries } = await added(() => made.act({ code }));
    expect(entries[0]?.metadata["denials"]).toHaveLength(64);
    expect(entries[0]?.metadata["denials_more"]).toBe(36);
  });

  test("long ones are counted sooner: a line of the ledger is bounded", async () => {
    const code = `
for number in range(64):
    try: open(f"/etc/{number}" + "\\U0001f511" * 200)
    except OSError: pass
answer({})`;
    const { entries } = await added(() => made.act({ code }));
    const { denials, denials_more } = entries[0]?.metadata ?? {};
    if (!Array.isArray(denials)) throw new Error("no denials");
    expect(denials.length).toBeGreaterThan(10);
    expect(Buffer.byteLength(JSON.stringify(denials))).toBeLessThan(25_000);
    expect(denials_more).toBe(64 - denials.length);
  });

  test("after all of it the next call works", async () => {
    expect((await made.act({ ok: true })).result).toMatchObject({ echo: { ok: true } });
  });
});

test("a timed-out action and all it started are dead at once and have no effect afterwards", async () => {
  const mark = join(made.root, "data/notes/late");
  const code = `
for delay in (0.6, 0.9):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(delay)
            open(${JSON.stringify(mark)}, "w").write("late")
            os._exit(0)
        time.sleep(30)
time.sleep(30)`;
  const from = performance.now();
  const failure = await made.fails({ code }, { limits: { timeout_ms: 300 } });
  // Slot, checks and the interpreter's start count too; the machine may be busy.
  expect(performance.now() - from).toBeLessThan(300 + 2000);
  expect(failure.code).toBe("plugin_action_timeout");
  await new Promise((resolve) => setTimeout(resolve, 1200));
  expect(() => readFileSync(mark)).toThrow("ENOENT");
});

test("a file changed while it ran makes the run a failure", async () => {
  const plane = copyOfRuns(made);
  const file = join(plane.root, "modules/notes/main.py");
  const before = readFileSync(file);
  const running = plane.fails({ code: "time.sleep(0.5); answer({})" });
  await new Promise((resolve) => setTimeout(resolve, 250));
  writeFileSync(file, "print('other')\n");
  expect((await running).message).toContain("its files changed while it ran");
  writeFileSync(file, before);
  expect((await plane.act({})).result).toMatchObject({ echo: {} });
});

test("one runs and three are refused at a limit of one; a limit of two lets two", async () => {
  const code = "time.sleep(0.6); answer({})";
  const before = made.runs().length;
  const all = await Promise.allSettled([1, 2, 3, 4].map(() => made.act({ code })));
  expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const codes = all.flatMap((one) =>
    one.status === "rejected" ? [(one.reason as { code: string }).code] : [],
  );
  expect(codes).toEqual(Array(3).fill("plugin_concurrency_limited"));
  const types = made
    .runs()
    .slice(before)
    .map(({ event_type }) => event_type);
  expect(types.toSorted()).toEqual(["plugin.action_invoked", ...Array(3).fill("plugin.action_refused")]);
});

test("an interpreter is asked once: who finds it learns what it needs", async () => {
  const asked: string[] = [];
  const { subprocess } = made.effects;
  const effects: Effects = {
    ...made.effects,
    subprocess: {
      ...subprocess,
      run: (request) => {
        asked.push(request.argv.join(" "));
        return subprocess.run(request);
      },
    },
  };
  const hosting: Hosting = {
    interpreter: () => findPython(effects),
    accepts_weaker: () => false,
  };
  const request = { namespace: "notes", action: "echo", host: "library", token: made.token } as const;
  // Whatever has to be proven first.
  await runAction(effects, made.plane, { ...request, input: {} }, hosting);
  asked.splice(0);
  const again: Hosting = { ...hosting };
  const done = await runAction(effects, made.plane, { ...request, input: { n: 1 } }, again);
  expect(done.result).toMatchObject({ echo: { n: 1 } });
  expect(asked).toHaveLength(1);
});

test("who asks for fewer at once also counts the runs of others", async () => {
  const of = (most: number) => takeSlot(made.effects, made.plane, "counted", most);
  const [one, two, three] = [await of(3), await of(3), await of(3)];
  expect([one?.number, two?.number, three?.number]).toEqual([0, 1, 2]);
  expect(await of(3)).toBeUndefined();
  one?.release();
  expect(await of(1)).toBeUndefined();
  expect(await of(2)).toBeUndefined();
  two?.release();
  const again = await of(2);
  expect(again?.number).toBe(0);
  again?.release();
  three?.release();
});

test("a run whose host was killed is recorded by the next, once", async () => {
  const plane = copyOfRuns(made);
  const done = await plane.act({});
  const facts = plane.ended("invoked").at(-1)?.metadata ?? {};
  const slot = await takeSlot(plane.effects, plane.plane, "notes", 1);
  slot?.note({ facts: { ...facts, run_id: `RUN-${"0".repeat(32)}`, dedupe_key: null } });
  slot?.release();
  await plane.act({});
  const cut = plane.ended("failed").filter(({ metadata }) => metadata["run_id"] === `RUN-${"0".repeat(32)}`);
  expect(cut.map(({ metadata }) => metadata["code"])).toEqual(["plugin_run_failed"]);
  // One that had been recorded already, before its note was taken back.
  const late = await takeSlot(plane.effects, plane.plane, "notes", 1);
  late?.note({ facts, end: { duration_ms: 1, layer: "bubblewrap" } } as never);
  late?.release();
  await plane.act({});
  expect(plane.runs().filter(({ metadata }) => metadata["run_id"] === done.run_id)).toHaveLength(1);
});

test("a stopped command records its run and tells why", async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("stopped by SIGINT")), 400);
  const before = made.runs().length;
  await expect(
    made.act({ code: "time.sleep(30)" }, {}, { ...made.effects, signal: stop.signal }),
  ).rejects.toThrow("stopped by SIGINT");
  const types = made
    .runs()
    .slice(before)
    .map(({ event_type }) => event_type);
  expect(types).toEqual(["plugin.action_failed"]);
  expect((await made.act({})).result).toMatchObject({ echo: {} });
});

test("logs: newest first, the oldest go, an unknown run is told", async () => {
  const runs = listRuns(made.effects, made.plane);
  expect(runs.length).toBeGreaterThan(10);
  expect(runs.map(({ started_at }) => started_at)).toEqual(
    runs
      .map(({ started_at }) => started_at)
      .toSorted()
      .toReversed(),
  );
  expect(() => findRun(made.effects, made.plane, "RUN-1")).toThrow("no run");
  expect(readdirSync(join(made.root, ".holdfast/state/run/notes/logs")).length).toBeLessThanOrEqual(50);
});

test("a plugin in Node runs the same way", async () => {
  const plane = await runPlane();
  await plane.provide({
    plugin: { runtime: "node", entrypoint: "main.mjs" },
    files: { "main.mjs": NODE_MAIN },
  });
  expect((await plane.act({ a: 1 })).result).toEqual({ echo: { a: 1 }, node: process.version });
});
