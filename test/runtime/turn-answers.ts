/** Turns of agents: what a hostile one can write, what is recorded and by whom. */
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { explainRun, type RunResult, runAction } from "../../src/runtime/index.ts";
import { takeSlot } from "../../src/runtime/slots.ts";
import { action, HOSTING, MAIN_PY, type RunPlane, runPlane } from "../support/run-plane.ts";
import { picture, writeTree } from "../support/tree.ts";

const OUTPUT = "output/<session_id>/answer.txt";
const PROLOGUE = `def output():
    return os.path.join(os.getcwd(), request["turn"]["outputs"][0])
def write(path, text="x"):
    with open(path, "w") as file:
        file.write(text)
def tried(*works):
    said = []
    for work in works:
        try:
            work()
            said.append("done")
        except OSError as error:
            said.append(type(error).__name__)
    return said
`;

let made: RunPlane;

interface Failed {
  readonly code: string;
  readonly message: string;
  readonly details: Record<string, unknown>;
}

async function turn(code: string, more: object = {}): Promise<RunResult> {
  const input = { code: PROLOGUE + code };
  const request = { namespace: "agent", action: "turn", input, host: "library" as const, token: made.token };
  return runAction(made.effects, made.plane, { ...request, ...more }, HOSTING);
}
const fails = (code: string, more: object = {}): Promise<Failed> =>
  turn(code, more).then(
    () => Promise.reject(new Error("it did not fail")),
    (error: Failed) => error,
  );

interface Entry {
  readonly event_type: string;
  readonly decision: string;
  readonly reason: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads whatever it expects
  readonly metadata: any;
}
const ledger = (session: string, name: "exec" | "evidence"): Entry[] =>
  readFileSync(join(made.root, `planes/ho1/sessions/${session}/ledger/${name}.jsonl`), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Entry);

const tree = () => picture(made.root, (path) => /^(\.holdfast\/|ledger\/runs)/.test(path));

/** Paths that are there, gone or other than before, but for the session's own ledgers. */
function changesSince(before: Record<string, string>, session: string): string[] {
  const after = tree();
  const own = `planes/ho1/sessions/${session}/`;
  return Object.keys({ ...before, ...after }).filter(
    (path) => after[path] !== before[path] && !path.startsWith(own),
  );
}

export function turnAnswers(): void {
  beforeAll(async () => {
    made = await runPlane(mkdtempSync(join(tmpdir(), "holdfast-test-")));
    await made.packPlugin({
      id: "PKG-T3-AGENT-001",
      target: "modules/agent",
      plugin: {
        namespace: "agent",
        kind: "agent",
        actions: [action("turn", { turn: { outputs: [OUTPUT] } }), action("echo")],
        permissions: { files: { write: ["data/agent/**"] } },
      },
      files: { "main.py": MAIN_PY },
    });
    await made.install(["PKG-T3-AGENT-001"]);
    await made.enable("agent");
    writeTree(made.root, { "output/SES-other/answer.txt": "theirs" });
  }, 60_000);
  afterAll(() => rmSync(dirname(made.root), { recursive: true, force: true }));

  written();
  lost();
  hostile();
  refused();
}

function written(): void {
  test("a turn writes what it declared, and both ledgers of its session say so", async () => {
    const more = { session: "SES-1", request_id: "req-1" };
    const done = await turn('write(output(), "hello"); answer({"told": request["turn"]})', more);
    expect(done.result).toEqual({
      told: { session_id: "SES-1", turn_number: 1, outputs: ["output/SES-1/answer.txt"] },
    });
    expect(readFileSync(join(made.root, "output/SES-1/answer.txt"), "utf8")).toBe("hello");
    const [write] = done.turn?.writes ?? [];
    expect(write).toMatchObject({ path: "output/SES-1/answer.txt", size: 5 });
    expect(ledger("SES-1", "exec")).toMatchObject([
      {
        event_type: "agent_turn",
        decision: "ok",
        reason: "",
        metadata: { turn_number: 1, run_id: done.run_id },
      },
    ]);
    expect(ledger("SES-1", "evidence")).toMatchObject([
      { event_type: "turn_evidence", metadata: { declared_writes: [write], enforced_by: "bubblewrap" } },
    ]);
    const { metadata } = made.runs().at(-1) ?? {};
    expect(metadata).toMatchObject({ session_id: "SES-1", turn_number: 1, turn_entries: done.turn?.entries });
    const again = await turn("write(output()); answer({})", { session: "SES-1" });
    expect(again.turn?.turn_number).toBe(2);
    expect((await turn("write(output()); answer({})")).turn?.session_id).toMatch(/^SES-\d{8}-[0-9a-f]{8}$/);
  });

  test("--explain shows the output before, and the operator was asked for it", async () => {
    const asking = { namespace: "agent", action: "turn", wishes: {} };
    const { profile, would_run } = await explainRun(made.effects, made.plane, asking, HOSTING);
    expect([would_run, profile.files.write]).toEqual([true, [OUTPUT]]);
    expect(made.record("agent")["grant"]).toMatchObject({
      scopes: expect.arrayContaining([`files.write:${OUTPUT}`]),
    });
  });

  test("what it declared and did not write is an error, and leaves nothing behind", async () => {
    const before = tree();
    const failed = await fails("answer({})", { session: "SES-2" });
    expect(failed).toMatchObject({
      code: "plugin_run_failed",
      details: { turn_error: "WRITE_SURFACE_MISMATCH" },
    });
    expect(ledger("SES-2", "exec").at(-1)).toMatchObject({
      decision: "error",
      reason: "WRITE_SURFACE_MISMATCH",
    });
    expect(ledger("SES-2", "evidence")[0]?.metadata).toMatchObject({
      declared_writes: [],
      missing_writes: ["output/SES-2/answer.txt"],
    });
    expect(existsSync(join(made.root, "output/SES-2/answer.txt"))).toBe(false);
    expect(changesSince(before, "SES-2")).toEqual(["output/SES-2/"]);
  });

  test("a turn that is killed is recorded in its session too", async () => {
    const failed = await fails("write(output()); time.sleep(30)", {
      session: "SES-3",
      limits: { timeout_ms: 500 },
    });
    expect(failed.code).toBe("plugin_action_timeout");
    expect(ledger("SES-3", "exec").at(-1)).toMatchObject({
      decision: "error",
      reason: "plugin_action_timeout",
    });
    expect(ledger("SES-3", "evidence")[0]?.metadata.declared_writes).toHaveLength(1);
  });
}

function lost(): void {
  test("a turn whose host was killed is recorded by the next run, once", async () => {
    const done = await turn("write(output()); answer({})", { session: "SES-10" });
    const { metadata } = made.runs().at(-1) ?? {};
    const run_id = `RUN-${"a".repeat(32)}`;
    const facts = { ...metadata, run_id, turn_number: 2 } as never;
    const slot = await takeSlot(made.effects, made.plane, "agent", 1);
    slot?.note({ facts });
    slot?.release();
    const next = await turn("write(output()); answer({})", { session: "SES-10" });
    expect([done.turn?.turn_number, next.turn?.turn_number]).toEqual([1, 3]);
    expect(ledger("SES-10", "exec").map((one) => [one.decision, one.metadata.turn_number])).toEqual([
      ["ok", 1],
      ["error", 2],
      ["ok", 3],
    ]);
  });
}

function hostile(): void {
  const WHERE = `root = os.getcwd()
places = ["output/SES-4/more.txt", "output/SES-other/answer.txt", "output/SES-other/new.txt", "ledger/runs.jsonl",
  "ledger/governance.jsonl", "planes/ho1/sessions/SES-1/ledger/exec.jsonl", "planes/ho1/sessions/SES-4/ledger/exec.jsonl",
  "planes/ho1/sessions/SES-4/ledger/evil.jsonl", "config/plane.toml", "config/broker.toml", "registries/evil.csv",
  "modules/agent/main.py", "modules/evil.py", "data/agent/state.txt", ".holdfast/state/evil", "evil.txt"]
paths = [os.path.join(root, place) for place in places]
`;

  test("one that tries to write elsewhere is refused everywhere, and each refusal is recorded", async () => {
    const before = tree();
    const attempts = `${WHERE}write(output(), "mine")
works = [(lambda path=path: write(path)) for path in paths]
works += [lambda: os.remove(output()), lambda: os.rename(output(), paths[0]), lambda: os.link(output(), paths[0]),
  lambda: os.symlink(paths[3], paths[0]), lambda: os.mkdir(os.path.join(root, "output/SES-evil"))]
answer({"said": tried(*works)})
`;
    const failed = await fails(attempts, { session: "SES-4" });
    expect(failed).toMatchObject({
      code: "plugin_run_failed",
      details: { turn_error: "CAPABILITY_VIOLATION" },
    });
    expect(changesSince(before, "SES-4")).toEqual(["output/SES-4/", "output/SES-4/answer.txt"]);
    expect(readFileSync(join(made.root, "output/SES-4/answer.txt"), "utf8")).toBe("mine");
    const violations = ledger("SES-4", "exec").filter(
      ({ event_type }) => event_type === "capability_violation",
    );
    const paths = violations.map(({ metadata }) => metadata.violation.path as string);
    for (const place of ["output/SES-other/answer.txt", "ledger/governance.jsonl", "config/broker.toml"])
      expect(paths).toContain(join(made.root, place));
    expect(violations.length).toBeGreaterThan(15);
    expect(ledger("SES-4", "exec").at(-1)).toMatchObject({
      decision: "error",
      reason: "CAPABILITY_VIOLATION",
    });
    expect(made.runs().at(-1)?.metadata).toMatchObject({ status: "failure", session_id: "SES-4" });
  });

  test("one that gets around the tripwire meets the wall: nothing of the plane is there to be written", async () => {
    const before = tree();
    const natively = `${WHERE}import ctypes
libc = ctypes.CDLL(None, use_errno=True)
said = [libc.open(path.encode(), os.O_WRONLY | os.O_CREAT, 0o644) for path in paths]
said += [libc.unlink(output().encode()), libc.rename(output().encode(), paths[0].encode()),
  libc.link(output().encode(), paths[0].encode()), libc.symlink(paths[3].encode(), paths[0].encode()),
  libc.mkdir(os.path.join(root, "output/SES-evil").encode(), 0o755)]
write(output(), "mine")
answer({"said": sorted(set(said))})
`;
    const done = await turn(natively, { session: "SES-5" });
    expect(done.result).toEqual({ said: [-1] });
    expect(changesSince(before, "SES-5")).toEqual(["output/SES-5/", "output/SES-5/answer.txt"]);
    expect(ledger("SES-5", "exec").map(({ event_type }) => event_type)).toEqual(["agent_turn"]);
  });

  test("in an action that is no turn it may write its own data and no output", async () => {
    const outside = await turn(
      `answer({"said": tried(lambda: write("data/agent/a.txt"), lambda: write("output/SES-1/answer.txt"))})`,
      {
        action: "echo",
      },
    );
    expect(outside.result).toEqual({ said: ["done", "PermissionError"] });
  });
}

function refused(): void {
  const NOTHING = "write(output()); answer({})";
  const bad: [string, object, string][] = [
    ["a session that is no name", { session: "../x" }, "plugin_input_invalid"],
    ["a session of an action that is no turn", { session: "SES-1", action: "echo" }, "plugin_input_invalid"],
  ];
  for (const [what, more, code] of bad)
    test(`refused before anything runs: ${what}`, async () => {
      expect((await fails(NOTHING, more)).code).toBe(code);
      expect(made.ended("refused").at(-1)?.metadata["code"]).toBe(code);
    });

  test("an output that is a link, or another name of a file, is not written through", async () => {
    mkdirSync(join(made.root, "output/SES-6"));
    mkdirSync(join(made.root, "output/SES-7"));
    symlinkSync(join(made.root, "config/plane.toml"), join(made.root, "output/SES-6/answer.txt"));
    linkSync(join(made.root, "output/SES-other/answer.txt"), join(made.root, "output/SES-7/answer.txt"));
    symlinkSync(join(made.root, "output/SES-other"), join(made.root, "output/SES-8"));
    for (const session of ["SES-6", "SES-7", "SES-8"])
      expect((await fails(NOTHING, { session })).code).toBe("plugin_permission_denied");
    expect(readFileSync(join(made.root, "output/SES-other/answer.txt"), "utf8")).toBe("theirs");
    // Nothing holds the session after that.
    rmSync(join(made.root, "output/SES-6/answer.txt"));
    expect((await turn(NOTHING, { session: "SES-6" })).turn?.turn_number).toBe(1);
  });

  test("one turn of a session at a time", async () => {
    await turn(NOTHING, { session: "SES-9" });
    const path = join(made.root, "planes/ho1/sessions/SES-9/ledger/turn.lock");
    const lock = await made.effects.locks.acquire(path, { wait_ms: 0 });
    expect((await fails(NOTHING, { session: "SES-9" })).message).toContain("another turn of the session");
    lock?.release();
    expect((await turn(NOTHING, { session: "SES-9" })).turn?.turn_number).toBe(2);
  });

  test("the policy, and the capabilities of the package, have the last word about outputs", async () => {
    writeFileSync(
      join(made.root, "config/policy.toml"),
      '[plane.permissions]\ndeny = ["files.write:output/**"]\n',
    );
    expect(await fails(NOTHING)).toMatchObject({ code: "plugin_permission_denied" });
    rmSync(join(made.root, "config/policy.toml"));
    const id = "PKG-T3-NARROW-001";
    const section = {
      namespace: "narrow",
      kind: "agent",
      capability: ["actions"],
      runtime: "python",
      entrypoint: "main.py",
      actions: [action("turn", { turn: { outputs: [OUTPUT] } })],
    };
    const holdfast = { id, version: "1.0.0", target: "modules/narrow", plugin: section };
    const capabilities = { read: [], write: ["output/<session_id>/other.txt"], execute: [], forbidden: [] };
    writeTree(made.root, {
      "src/narrow/package.json": JSON.stringify({ holdfast: { ...holdfast, capabilities } }),
      "src/narrow/main.py": MAIN_PY,
    });
    await made.pack("src/narrow");
    await made.install([id]);
    await made.enable("narrow");
    const failed = await fails(NOTHING, { namespace: "narrow" });
    expect([failed.code, failed.message]).toEqual([
      "plugin_permission_denied",
      expect.stringContaining("the capabilities of its package do not let it write"),
    ]);
  });
}
