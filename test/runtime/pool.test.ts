/** Warm workers: the same codes and entries as with a process for each call, and no worker that is not as it was approved. */
import { appendFileSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { disablePlugin } from "../../src/lifecycle/index.ts";
import { living, poolOf } from "../support/action-pool.ts";
import { action, copyOfRuns, MAIN_PY, type RunPlane, runPlane } from "../support/run-plane.ts";
import { writeTree } from "../support/tree.ts";

let made: RunPlane;

beforeAll(async () => {
  made = await runPlane(mkdtempSync(join(tmpdir(), "holdfast-test-")));
  await made.provide({
    plugin: {
      requires: ["workers"],
      permissions: { files: { forbidden: ["data/notes/secret*"] } },
      actions: [action("echo"), action("tiny", { limits: { output_bytes_max: 64 } })],
    },
  });
  await made.packPlugin({
    version: "1.1.0",
    plugin: { requires: ["workers"], actions: [action("echo")] },
    files: { "main.py": MAIN_PY.replace('"echo": given', '"echo": "newer"') },
  });
});
afterAll(() => rmSync(dirname(made.root), { recursive: true, force: true }));

const pid = ({ result }: { readonly result: unknown }): number => (result as { pid: number }).pid;

test("one worker serves many calls, each with its own entry, answer and id", async () => {
  const { pool, run } = poolOf(made);
  const before = made.runs().length;
  const calls = [await run({ n: 1 }), await run({ n: 2 }), await run({ n: 3 })];
  expect(calls.map(({ result }) => (result as { echo: unknown }).echo)).toEqual([
    { n: 1 },
    { n: 2 },
    { n: 3 },
  ]);
  expect(new Set(calls.map(pid)).size).toBe(1);
  expect(pool.resting_count).toBe(1);
  const entries = made.runs().slice(before);
  expect(entries.map(({ event_type }) => event_type)).toEqual(Array(3).fill("plugin.action_invoked"));
  expect(entries.map(({ metadata }) => metadata["run_id"])).toEqual(calls.map(({ run_id }) => run_id));
  expect(entries[2]?.metadata["resources"]).toMatchObject({ is_warm: true, calls: 3 });
  expect(living(made).length).toBeGreaterThan(0);
  await pool.stop();
  expect(living(made)).toEqual([]);
});

test("what is hidden is hidden from a worker too that was started before it was there", async () => {
  const plane = copyOfRuns(made);
  const { run } = poolOf(plane);
  const data = `${plane.root}/data/notes`;
  // Past the tripwire, which is no wall.
  const code = `
import ctypes
seen = []
for name in ("/secret1", "/secret2"):
    fd = ctypes.CDLL(None).open((${JSON.stringify(data)} + name).encode(), 0)
    seen.append("nothing" if fd < 0 else os.read(fd, 9).decode())
answer({"seen": seen, "pid": os.getpid()})`;
  await run({});
  writeTree(plane.root, { "data/notes/secret1": "1" });
  const hidden = { seen: ["nothing", "nothing"] };
  expect((await run({ code })).result).toMatchObject(hidden);
  expect((await run({ code })).resources).toMatchObject({ calls: 2 });
  writeTree(plane.root, { newer: "newer", "data/notes/secret2": "2" });
  renameSync(`${plane.root}/newer`, `${data}/secret1`);
  expect((await run({ code })).result).toMatchObject(hidden);
});

test("each call of a worker is metered by itself, also the one that ends it", async () => {
  const { run, fails } = poolOf(made);
  await run({});
  const busy =
    "x = bytearray(32 << 20); t = time.process_time()\nwhile time.process_time() - t < 0.08: pass\ndel x\nanswer({})";
  const used = [await run({}), await run({ code: busy }), await run({})].map(
    ({ resources }) => resources as { cpu_ms: number; peak_memory_bytes: number },
  );
  for (const one of used) expect(one).toMatchObject({ memory_measured: "sampled", cpu_measured: "sampled" });
  const [before, during, after] = used;
  expect(during?.cpu_ms).toBeGreaterThanOrEqual(80);
  expect(during?.cpu_ms).toBeLessThan(1000);
  expect(before?.cpu_ms).toBeLessThan(40);
  expect(after?.cpu_ms).toBeLessThan(40);
  expect((during?.peak_memory_bytes ?? 0) - (before?.peak_memory_bytes ?? 0)).toBeGreaterThan(30 << 20);
  expect((during?.peak_memory_bytes ?? 0) - (after?.peak_memory_bytes ?? 0)).toBeGreaterThan(30 << 20);
  const { entries } = await fails({ code: "time.sleep(9)" }, { limits: { timeout_ms: 200 } });
  expect(entries[0]?.metadata["resources"]).toMatchObject({
    is_warm: true,
    cpu_ms: expect.any(Number),
    peak_memory_bytes: expect.any(Number),
  });
});

test("each call of a worker tells what it was denied, also where another was denied the same", async () => {
  const { run } = poolOf(made);
  const code = "\ntry: open('/etc/hostname')\nexcept OSError: pass\nanswer({})";
  const denied = expect.objectContaining({ rule: "files.read", subject: "/etc/hostname" });
  for (const expected of [[denied], [denied], []]) {
    const done = await run(expected.length === 0 ? {} : { code });
    expect(done.denials).toEqual(expected);
    expect(made.runs().at(-1)?.metadata["denials"] ?? []).toEqual(expected);
  }
});

describe("a worker that", () => {
  const tag = "{'id': request['id'], ";
  const cases: [string, string, string, string, object?][] = [
    ["dies in a call", "os._exit(1)", "plugin_run_failed", "ended without an answer and exited with 1"],
    [
      "answers garbage",
      "print('hello', flush=True)",
      "plugin_run_failed",
      "did not answer with one JSON object",
    ],
    [
      "answers another call",
      "print(json.dumps({'id': 'x', 'status': 'ok'}), flush=True)",
      "plugin_run_failed",
      "answered another call",
    ],
    ["answers a cyclic value", "a = []; a.append(a); answer(a)", "plugin_run_failed", "exited with 1"],
    [
      "answers with an error",
      `print(json.dumps(${tag}'status': 'error', 'error': {'code': 'X'}}), flush=True)`,
      "plugin_run_failed",
      "the error X",
    ],
    [
      "answers too much",
      "answer('x' * 100)",
      "plugin_output_too_large",
      "more than 64 bytes",
      { action: "tiny" },
    ],
    ["floods", "while True: sys.stdout.write('x' * 65536)", "plugin_output_too_large", "more than 262144"],
    [
      "drips",
      "while True: print(' ', end='', flush=True); time.sleep(0.02)",
      "plugin_action_timeout",
      "300 ms",
      { limits: { timeout_ms: 300 } },
    ],
    ["does not answer", "time.sleep(30)", "plugin_action_timeout", "300 ms", { limits: { timeout_ms: 300 } }],
  ];
  test.each(cases)(
    "%s is ended, with one entry, and the next call gets another",
    async (...[, code, expected, said, more = {}]) => {
      const { run, fails, pool } = poolOf(made);
      const first = pid(await run({}));
      const { code: found, message, entries } = await fails({ code }, more);
      expect(found).toBe(expected);
      expect(message).toContain(said);
      expect(entries.map(({ event_type }) => event_type)).toEqual(["plugin.action_failed"]);
      expect(pool.resting_count).toBe(0);
      expect(living(made)).toEqual([]);
      const next = await run({});
      expect(next.result).toMatchObject({ echo: {} });
      expect(first).toBeGreaterThan(0);
    },
  );

  test("dies between calls is not asked again", async () => {
    const { run, pool } = poolOf(made);
    await run({ code: "import threading; threading.Timer(0.1, lambda: os._exit(0)).start(); answer({})" });
    await new Promise((resolve) => setTimeout(resolve, 400));
    const before = made.runs().length;
    expect((await run({})).result).toMatchObject({ echo: {} });
    expect(made.runs().length).toBe(before + 1);
    expect(pool.resting_count).toBe(1);
  });

  test("speaks unasked is ended: it would pass for the next answer", async () => {
    const { run, pool } = poolOf(made);
    const forged = "{'id': 'x', 'status': 'ok', 'result': {'echo': 'forged'}}";
    await run({
      code: `import threading; threading.Timer(0.1, lambda: print(json.dumps(${forged}), flush=True)).start(); answer({})`,
    });
    await new Promise((resolve) => setTimeout(resolve, 400));
    const next = await run({});
    expect(next.result).toMatchObject({ echo: {} });
    expect(next.resources).toMatchObject({ calls: 1 });
    expect(pool.resting_count).toBe(1);
  });
});

describe("recycled", () => {
  test("after so many calls", async () => {
    const { run } = poolOf(made, { calls_max: 2 });
    const calls = [await run({}), await run({}), await run({})];
    expect(calls.map(({ resources }) => (resources as { calls: number }).calls)).toEqual([1, 2, 1]);
  });

  test("when nobody asks for it", async () => {
    const { run, pool } = poolOf(made, { idle_ms: 100 });
    await run({});
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(pool.resting_count).toBe(0);
    expect(living(made)).toEqual([]);
  });

  test("when its files are not as they were: an edit is refused and nothing stays warm", async () => {
    const plane = copyOfRuns(made);
    const { run, fails, pool } = poolOf(plane);
    await run({});
    appendFileSync(join(plane.root, "modules/notes/main.py"), "# edited\n");
    const { code, entries } = await fails({});
    expect(code).toBe("PLUGIN_FILE_REFUSED");
    expect(entries.map(({ event_type }) => event_type)).toEqual(["plugin.action_refused"]);
    expect(pool.resting_count).toBe(0);
    expect(living(plane)).toEqual([]);
  });

  test("when another version was installed: the newer code answers", async () => {
    const plane = copyOfRuns(made);
    const { run } = poolOf(plane);
    expect((await run({})).result).toMatchObject({ echo: {} });
    await plane.update(["PKG-T2-NOTES-001"]);
    await plane.enable().catch(() => undefined);
    const { result } = await run({});
    expect(result).toMatchObject({ echo: "newer" });
    expect(plane.runs().at(-1)?.metadata["version"]).toBe("1.1.0");
  });

  test("when it is disabled", async () => {
    const plane = copyOfRuns(made);
    const { run, fails, pool } = poolOf(plane);
    await run({});
    await disablePlugin(plane.effects, plane.plane, { name: "notes", reason: "enough", token: plane.token });
    expect((await fails({})).code).toBe("plugin_not_enabled");
    expect(pool.resting_count).toBe(0);
  });
});

test("calls at once count against the same limit as elsewhere", async () => {
  const { run } = poolOf(made);
  const all = await Promise.allSettled([1, 2, 3, 4].map(() => run({ code: "time.sleep(0.4); answer({})" })));
  expect(all.map(({ status }) => status).toSorted()).toEqual(["fulfilled", ...Array(3).fill("rejected")]);
  const codes = all.flatMap((one) =>
    one.status === "rejected" ? [(one.reason as { code: string }).code] : [],
  );
  expect(codes).toEqual(Array(3).fill("plugin_concurrency_limited"));
});
