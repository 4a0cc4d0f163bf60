import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { profileFor } from "../../src/sandbox/index.ts";
import { run, SECRET, start, type World, world } from "./escape/scene.ts";
import { processesWith } from "./scene.ts";

const TRYING = {
  python: String.raw`
import json, os, subprocess, sys, socket
plane = json.load(sys.stdin)
def attempt(action):
    try:
        action()
        return "done"
    except Exception as error:
        return str(error)
print(json.dumps([attempt(action) for action in (
    lambda: open(plane + "/other/file").read(), lambda: open(plane + "/plugin/own", "w"), lambda: open("/etc/passwd"),
    lambda: os.mkdir(plane + "/new"), lambda: subprocess.run(["/bin/ls"]), lambda: os.system("ls"),
    lambda: socket.create_connection(("example.org", 443)), lambda: os.rename(plane + "/plugin/own", plane + "/data/probe/x"))]))
`,
  node: String.raw`
import { execSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
const plane = JSON.parse(fs.readFileSync(0, "utf8"));
const attempt = (action) => { try { action(); return "done"; } catch (error) { return error.code; } };
console.log(JSON.stringify([
  () => fs.readFileSync(plane + "/other/file"), () => fs.writeFileSync(plane + "/plugin/own", ""), () => fs.readFileSync("/etc/passwd"),
  () => fs.mkdirSync(plane + "/new"), () => execSync("/bin/ls"), () => net.connect(443, "example.org").on("error", () => {}),
].map(attempt)));
fs.readFile(plane + "/other/later", () => fs.promises.readFile(plane + "/other/promised").catch(() => {}));
`,
} as const;

test.each(["python", "node"] as const)(
  "what a %s program was denied is told with the permission to ask for",
  async (runtime) => {
    const here = await world();
    const { denials, stdout, stderr } = await run(here, {
      kind: "node",
      runtime,
      text: TRYING[runtime],
      stdin: JSON.stringify(here.plane),
    });
    expect(stdout.includes('"done","'), stderr + stdout).toBe(false);
    const told = denials.map(({ rule, subject, scope, seen_by }) => [
      rule,
      subject.replace(here.plane, ""),
      scope,
      seen_by,
    ]);
    for (const expected of [
      ["files.read", "/other/file", "files.read:other/file", runtime],
      ["files.write", "/plugin/own", "files.write:plugin/own", runtime],
      ["files.read", "/etc/passwd", undefined, runtime],
      ["files.write", "/new", "files.write:new", runtime],
      ["network", "example.org:443", "network:example.org", runtime],
    ])
      expect(told).toContainEqual(expected);
    expect(told.filter(([rule]) => rule === "subprocess").map(([, , scope]) => scope)).toContain(
      "subprocess",
    );
    if (runtime === "node") {
      expect(told).toContainEqual(["files.read", "/other/later", "files.read:other/later", "node"]);
      expect(told).toContainEqual(["files.read", "/other/promised", "files.read:other/promised", "node"]);
    }
  },
);

test("a program that floods the record of denials fills no memory and hides nothing of ours", async () => {
  const here = await world();
  const text = String.raw`
import json, os
for number in range(5000):
    os.write(4, (json.dumps({"rule": "files.read", "subject": "/%d\n\x1b[2J" % (number,), "seen_by": "proxy"}) + "\n").encode())
os.write(4, b"not json\n{}\nnull\n" + b"x" * 100000)
`;
  const { denials, denials_dropped, ended } = await run(here, { kind: "node", runtime: "python", text });
  expect([ended, denials.length, denials_dropped]).toEqual(["exited", 64, 4936]);
  expect(denials.every(({ subject, seen_by }) => !/\p{C}/u.test(subject) && seen_by === "python")).toBe(true);
});

const AGENT = String.raw`
import json, os, socket
one = socket.socket(fileno=int(os.environ["HOLDFAST_BROKER_FD"]))
lines = one.makefile("rw")
def call(tool, **more):
    lines.write(json.dumps({"id": 1, "tool": tool, "input": more}) + "\n")
    lines.flush()
    print(lines.readline().strip(), flush=True)
call("search", text="a")
call("forbidden")
lines.write("nonsense\n"); lines.flush(); print(lines.readline().strip(), flush=True)
for _ in range(10):
    call("search", text="b")
print("never")
`;

test("an agent is answered by its broker alone, and ended when it passes its ceiling", async () => {
  const here = await world();
  const asked: unknown[] = [];
  const broker = {
    call: async ({ tool, input }: { tool: string; input: unknown }) => {
      asked.push([tool, input]);
      return { result: { found: 1 }, tokens: 30, cost_units: 1 };
    },
  };
  const { ended, exit_code, stdout, denials, usage } = await run(here, {
    kind: "agent",
    runtime: "python",
    text: AGENT,
    scopes: ["tool:search", "tokens:100", "cost:50"],
    change: { broker },
  });
  expect([ended, exit_code]).toEqual(["broker_exceeded", null]);
  expect(stdout).not.toContain("never");
  expect(stdout.split("\n")[1]).toContain("tool_not_granted");
  expect(stdout.split("\n")[2]).toContain("invalid_call");
  expect(asked).toHaveLength(4);
  expect([usage.tokens, usage.cost_units]).toEqual([120, 4]);
  expect(denials).toEqual([
    { rule: "tool", subject: "forbidden", scope: "tool:forbidden", seen_by: "broker" },
    { rule: "tokens", subject: "120 of 100", seen_by: "broker" },
  ]);
});

test("a grant is the only way to be wider: files, programs, and bytes that were judged", async () => {
  const here = await world();
  mkdirSync(`${here.plane}/docs/deep`, { recursive: true });
  writeFileSync(`${here.plane}/docs/a.md`, "A");
  writeFileSync(`${here.plane}/docs/deep/b.txt`, "B");
  symlinkSync(here.outside, `${here.plane}/linked`);
  const text = String.raw`
import json, os, subprocess, sys
plane = json.load(sys.stdin)
print(sorted(os.listdir(plane)), os.listdir(plane + "/docs"), open(plane + "/plugin/own").read(), os.environ.get("SECRET_NAME"),
      subprocess.run(["/bin/echo", "ran"], capture_output=True).stdout)
open(plane + "/out/result", "w").write("written")
`;
  const { stdout, stderr } = await run(here, {
    kind: "node",
    runtime: "python",
    text,
    stdin: JSON.stringify(here.plane),
    scopes: [
      "files.read:docs/*.md",
      "files.read:linked/**",
      "files.write:out/**",
      "subprocess",
      "environment:SECRET_NAME",
    ],
    change: {
      overlays: [{ path: `${here.plugin}/own`, bytes: Buffer.from("judged") }],
      environment: { SECRET_NAME: SECRET },
    },
  });
  expect(stdout, stderr).toBe(`['data', 'docs', 'out', 'plugin'] ['a.md'] judged ${SECRET} b'ran\\n'\n`);
  expect(readFileSync(`${here.plane}/out/result`, "utf8")).toBe("written");
  expect(readFileSync(`${here.plugin}/own`, "utf8")).toBe("own");
  expect(existsSync(`${here.outside}/result`)).toBe(false);
});

test("a profile is computed: an agent has no network whatever was granted, and nobody sees the plane's own folder", () => {
  const scopes = [
    "network:a.example",
    "tool:search",
    "tokens:5",
    "tokens:9",
    "files.forbidden:keys/**",
    "subprocess",
  ];
  const base = { runtime: "python" as const, namespace: "x", root: "modules/x", scopes };
  const agent = profileFor({ ...base, kind: "agent" });
  expect(agent.domains).toEqual([]);
  expect(agent.broker).toEqual({ tools: ["search"], tokens_max: 9, cost_units_max: 0 });
  expect(profileFor({ ...base, kind: "integration" })).toMatchObject({
    domains: ["a.example"],
    broker: undefined,
  });
  const gate = profileFor({ ...base, kind: "quality_gate" });
  expect(gate.files).toEqual({
    read: ["modules/x/**", "**"],
    write: [],
    hidden: [".holdfast/**", ".git/**", "keys/**"],
  });
});

test("too many paths, and a wall that cannot be built, are said before anything runs", async () => {
  const here = await world();
  for (let number = 0; number < 600; number++) writeFileSync(`${here.plane}/other/${number}.txt`, "");
  const many = { kind: "node", runtime: "python", text: "", scopes: ["files.read:other/*.txt"] } as const;
  await expect(start(here, many)).rejects.toMatchObject({ code: "SANDBOX_TOO_MANY_PATHS" });
  const broken = { ...here, wall: { ...here.wall, perl: "/bin/false" } };
  await expect(run(broken, { kind: "node", runtime: "python", text: "print(1)" })).rejects.toMatchObject({
    code: "SANDBOX_NOT_STARTED",
  });
});

/** Where this user can make none, or behind the next layer, nobody is put into one. */
const NO_GROUPS = "no program is put into control groups here";

test("a program is in its control groups before it starts, and does not start where they cannot be entered", async ({
  skip,
}) => {
  const here = await world();
  const mark = `${here.data}/ran`;
  const text = `open(${JSON.stringify(mark)}, "w").close()`;
  const asked = { kind: "node", runtime: "python", text, scopes: ["files.write:data/probe/**"] } as const;
  const { programs } = here.effects;
  const entered: number[] = [];
  const withGroup = (enterGroup: typeof programs.enterGroup) => ({
    ...here,
    effects: { ...here.effects, programs: { ...programs, enterGroup } },
  });
  const refusing = withGroup(async (pid) => {
    entered.push(pid);
    throw Object.assign(new Error("EACCES: no such luck"), { code: "EACCES" });
  });
  const refused = run(refusing, asked);
  if ((await Promise.allSettled([refused]))[0]?.status === "fulfilled") {
    expect(entered).toEqual([]);
    skip(NO_GROUPS);
  }
  await expect(refused).rejects.toMatchObject({
    code: "SANDBOX_NOT_STARTED",
    message: expect.stringContaining("EACCES") as string,
  });
  expect(entered.length).toBe(2);
  expect(existsSync(mark)).toBe(false);

  const late = withGroup(async (pid, folder) => {
    await here.effects.clock.sleep(100);
    expect(existsSync(mark)).toBe(false);
    await programs.enterGroup(pid, folder);
  });
  expect(await run(late, asked)).toMatchObject({ exit_code: 0, usage: { memory_measured: "cgroup" } });
  expect(existsSync(mark)).toBe(true);
});

test("the relay to the proxy is in them too", async ({ skip }) => {
  const here = await world();
  const { programs } = here.effects;
  let calls = 0;
  const enterGroup: typeof programs.enterGroup = async (pid, folder) => {
    // The program that builds the wall cannot be put into them, and its first process is late.
    if (calls++ === 0) throw new Error("ESRCH: no such luck");
    await here.effects.clock.sleep(100);
    await programs.enterGroup(pid, folder);
  };
  const text =
    'import os\nprint([one for one in os.listdir("/proc") if one.isdigit() and "holdfast-" not in open(f"/proc/{one}/cgroup").read()])';
  const asked = { kind: "integration", runtime: "python", text, scopes: ["network:example.org"] } as const;
  const { stdout, usage } = await run(
    { ...here, effects: { ...here.effects, programs: { ...programs, enterGroup } } },
    asked,
  );
  skip(usage.memory_measured !== "cgroup", NO_GROUPS);
  expect(stdout).toBe("[]\n");
});

test("a program that ended before its groups were entered is not looked for any more", async ({ skip }) => {
  const here = await world();
  const { programs } = here.effects;
  const entered: number[] = [];
  const slow = Promise.withResolvers<void>();
  const enterGroup: typeof programs.enterGroup = async (pid) => {
    entered.push(pid);
    await slow.promise;
  };
  const { ended } = await run(
    { ...here, effects: { ...here.effects, programs: { ...programs, enterGroup } } },
    { kind: "node", runtime: "python", text: "", limits: { timeout_ms: 300 } },
  );
  const before = [...entered];
  slow.resolve();
  await here.effects.clock.sleep(50);
  skip(before.length === 0, NO_GROUPS);
  expect(ended).toBe("timed_out");
  // The program that builds the wall may be asked into the second of its groups, and nobody else.
  expect(new Set(entered).size).toBe(1);
});

test("when somebody else kills the one that builds the wall the rest goes with it, and the run ends", async () => {
  const here = await world();
  const asked = { kind: "node", runtime: "python", text: "import time; time.sleep(60)" } as const;
  const ends = new Set<string>();
  for (let after_ms = 0; after_ms < 40; after_ms += 2) {
    const confined = await start(here, asked);
    await here.effects.clock.sleep(after_ms);
    process.kill(confined.pid, "SIGKILL");
    const late = here.effects.clock.sleep(8000).then(() => "hangs");
    const ended = confined.done.then(
      () => "ended",
      (error: unknown) => (error as { code: string }).code,
    );
    ends.add(await Promise.race([ended, late]));
    expect(processesWith(`${here.plugin}/main`), `killed after ${after_ms} ms`).toEqual([]);
  }
  expect([...ends].filter((one) => one !== "ended" && one !== "SANDBOX_NOT_STARTED")).toEqual([]);
});

/** What was killed after the program had ended, whose number may be somebody else's by then. */
function watchingKills(here: World, change: { readonly pid?: number } = {}) {
  const late: (readonly number[])[] = [];
  const { programs } = here.effects;
  const startWatched: typeof programs.start = async (request) => {
    const held = ["/bin/sh", "-c", change.pid === undefined ? 'exec "$@"' : 'sleep 1 & exec "$@"', "sh"];
    const program = await programs.start({ ...request, argv: [...held, ...request.argv] });
    let has_ended = false;
    void program.ended.then(() => {
      has_ended = true;
    });
    const kill: typeof program.kill = (also = []) => {
      if (has_ended) late.push(also);
      program.kill(also);
    };
    return { ...program, ...change, kill };
  };
  const enterGroup: typeof programs.enterGroup = async (pid, folder) => {
    if (pid !== change.pid) await programs.enterGroup(pid, folder);
  };
  return {
    late,
    world: { ...here, effects: { ...here.effects, programs: { start: startWatched, enterGroup } } },
  };
}

test("a broker that answers late is waited for, and nothing is killed meanwhile", async () => {
  const here = await world();
  const { late, world: watched } = watchingKills(here);
  const broker = {
    call: () => here.effects.clock.sleep(700).then(() => ({ result: 1, tokens: 1, cost_units: 0 })),
  };
  const { ended } = await run(watched, {
    kind: "agent",
    runtime: "python",
    scopes: ["tool:search", "tokens:100"],
    text: `
import os, time
os.write(int(os.environ["HOLDFAST_BROKER_FD"]), b'{"id":1,"tool":"search","input":{}}\\n')
time.sleep(0.2)
`,
    change: { broker },
  });
  expect([ended, late]).toEqual(["exited", []]);
});

test("who got the number of a program that has ended is not killed for what that left", async () => {
  const here = await world();
  const stranger = spawn("/bin/sleep", ["600"], { stdio: "ignore", detached: true });
  onTestFinished(() => void stranger.kill("SIGKILL"));
  const { late, world: watched } = watchingKills(here, { pid: stranger.pid ?? 0 });
  const { ended } = await run(watched, { kind: "node", runtime: "python", text: "print(1)" });
  expect([ended, late]).toEqual(["exited", [[]]]);
  expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
});
