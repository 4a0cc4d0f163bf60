/** A program that stands ready: nothing of it runs before the word, and it is used only for what it was started for. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import type { StartedProgram } from "../../src/effects/index.ts";
import { confine, type Ready, readyKey, standReady } from "../../src/sandbox/index.ts";
import { type Asked, asking, type Runtime, type World, world } from "./escape/scene.ts";
import { processesWith } from "./scene.ts";

const RUNTIMES = ["python", "node"] as const;
const ASKED = { kind: "node", scopes: ["files.read:data/probe/**", "files.write:data/probe/**"] } as const;
const LIMITS = { timeout_ms: 20_000, output_bytes_max: 1 << 16 };

const MARKING = {
  python: (data: string) => `
import sys
open("${data}/ran", "w").write("ran")
print("got " + sys.stdin.read())
`,
  node: (data: string) => `
import { readFileSync, writeFileSync } from "node:fs";
writeFileSync("${data}/ran", "ran");
console.log("got " + readFileSync(0, "utf8"));
`,
} as const;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function standing(here: World, asked: Asked): Promise<Ready> {
  const ready = await standReady(here.effects, here.wall, await asking(here, asked));
  onTestFinished(() => ready.stop());
  return ready;
}

async function textOf(stdout: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const bytes of stdout) parts.push(bytes);
  return Buffer.concat(parts).toString("utf8");
}

const pidsOf = (here: World): number[] =>
  processesWith(`${here.plugin}/main`).map((line) => Number.parseInt(line, 10));

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It went with another of them.
  }
}

const LINE = /^(?:State|Name):\s+(\S+)/gm;
/** The interpreter itself, past its start: its state is asked for until it sleeps. */
async function untilItWaits(here: World): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const states = pidsOf(here).map((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        return [...status.matchAll(LINE)].map(([, word]) => word).join(" ");
      } catch {
        return "";
      }
    });
    if (states.some((one) => /^(?:python|node|MainThread)\S* S$/.test(one))) return pause(100);
    await pause(10);
  }
  throw new Error("the interpreter did not start");
}

test.each(RUNTIMES)("a %s program reads nothing of itself before the word", async (runtime) => {
  const here = await world();
  const ready = await standing(here, { ...ASKED, runtime, text: MARKING[runtime](here.data) });
  await untilItWaits(here);
  expect(existsSync(`${here.data}/ran`)).toBe(false);
  // The folder of the plugin is what is shown, so what lies there when the word is given is what runs.
  const [name = ""] = readdirSync(here.plugin).filter((one) => one.startsWith("main."));
  writeFileSync(`${here.plugin}/${name}`, MARKING[runtime](here.data).replace("got ", "now "));
  const confined = ready.begin("the input", LIMITS);
  expect(await textOf(confined.stdout)).toBe("now the input\n");
  const { ended, exit_code, usage } = await confined.done;
  expect([ended, exit_code, usage.started_ahead]).toEqual(["exited", 0, true]);
  expect(readFileSync(`${here.data}/ran`, "utf8")).toBe("ran");
  expect(ready.is_alive).toBe(false);
});

test("what is hidden and was replaced meanwhile would be seen, so it is another key", async () => {
  const here = await world();
  mkdirSync(`${here.plane}/folder`);
  const secret = `${here.plane}/folder/secret`;
  writeFileSync(secret, "older");
  // Past the tripwire, which is no wall.
  const text = `
import ctypes, os
fd = ctypes.CDLL(None).open(${JSON.stringify(secret)}.encode(), 0)
print(os.read(fd, 9))
`;
  const scopes = ["files.read:folder/**", "files.forbidden:folder/secret"];
  const asked = { kind: "node", runtime: "python", text, scopes } as const;
  const request = await asking(here, asked);
  const ready = await standing(here, asked);
  await untilItWaits(here);
  writeFileSync(`${here.plane}/newer`, "newer");
  renameSync(`${here.plane}/newer`, secret);
  expect(readyKey(here.effects.fs, here.wall, request)).not.toBe(ready.key);
  // The kernel takes away what was laid over a file that is replaced.
  expect(await textOf(ready.begin("", LIMITS).stdout)).toBe("b'newer'\n");
  const now = await confine(here.effects, here.wall, { ...request, stdin: "" });
  expect([await textOf(now.stdout), (await now.done).exit_code]).toEqual(["", 1]);
});

test("time counts from the word, and a limit shorter than a look at the clock is kept", async () => {
  const here = await world();
  const slow = await standing(here, {
    ...ASKED,
    runtime: "python",
    text: "import time; time.sleep(0.2); print(1)",
  });
  await pause(900);
  const late = slow.begin("", { ...LIMITS, timeout_ms: 800 });
  expect([await textOf(late.stdout), (await late.done).ended]).toEqual(["1\n", "exited"]);
  expect((await late.done).usage.duration_ms).toBeLessThan(800);
  const busy = await standing(here, { ...ASKED, runtime: "python", text: "while True: pass" });
  await untilItWaits(here);
  const stopped = busy.begin("", { ...LIMITS, timeout_ms: 10 });
  await textOf(stopped.stdout);
  expect((await stopped.done).ended).toBe("timed_out");
  expect(processesWith(`${here.plugin}/main`)).toEqual([]);
});

test.each(RUNTIMES)("a %s program that is not asked leaves nothing behind", async (runtime) => {
  const here = await world();
  const ready = await standing(here, { ...ASKED, runtime, text: MARKING[runtime](here.data) });
  await untilItWaits(here);
  expect(ready.is_alive).toBe(true);
  await ready.stop();
  expect(ready.is_alive).toBe(false);
  expect(processesWith(`${here.plugin}/main`)).toEqual([]);
  expect(readdirSync(`${here.folder}/temp`)).toEqual([]);
  expect(existsSync(`${here.data}/ran`)).toBe(false);
});

test("a cleaner of temporary folders that takes its own away changes nothing of the call", async () => {
  const here = await world();
  const ready = await standing(here, { ...ASKED, runtime: "python", text: MARKING.python(here.data) });
  await untilItWaits(here);
  for (const name of readdirSync(`${here.folder}/temp`))
    rmSync(`${here.folder}/temp/${name}`, { recursive: true });
  const { done, stdout } = ready.begin("in", LIMITS);
  expect(await textOf(stdout)).toBe("got in\n");
  expect((await done).ended).toBe("exited");
});

test.each(RUNTIMES)(
  "a %s program reads nothing of itself where nobody is there to give the word",
  async (runtime) => {
    const here = await world();
    const started: StartedProgram[] = [];
    const { programs } = here.effects;
    const keeping: typeof programs.start = async (request) => {
      const program = await programs.start(request);
      started.push(program);
      return program;
    };
    const watched = { ...here, effects: { ...here.effects, programs: { ...programs, start: keeping } } };
    const ready = await standing(watched, { ...ASKED, runtime, text: MARKING[runtime](here.data) });
    await untilItWaits(here);
    started[0]?.channels[1]?.close();
    await expect.poll(() => ready.is_alive).toBe(false);
    expect(existsSync(`${here.data}/ran`)).toBe(false);
  },
);

test("one that was killed meanwhile is not alive", async () => {
  const here = await world();
  const ready = await standing(here, { ...ASKED, runtime: "python", text: MARKING.python(here.data) });
  await untilItWaits(here);
  for (const pid of pidsOf(here)) killQuietly(pid);
  await expect.poll(() => ready.is_alive).toBe(false);
  expect(existsSync(`${here.data}/ran`)).toBe(false);
});

test("what it says before the word is told with the call", async () => {
  const here = await world();
  const ready = await standing(here, {
    ...ASKED,
    runtime: "python",
    text: "open('/etc/hostname')",
  });
  await untilItWaits(here);
  const { done, stdout } = ready.begin("", LIMITS);
  await textOf(stdout);
  const { denials, exit_code, stderr } = await done;
  expect(denials).toContainEqual(expect.objectContaining({ rule: "files.read", subject: "/etc/hostname" }));
  expect([exit_code, stderr.includes("FileNotFoundError")], stderr).toEqual([1, true]);
});

test("threads and programs of a Node program are not held", async () => {
  const here = await world();
  const text = `
import { execFileSync } from "node:child_process";
import { Worker } from "node:worker_threads";
const told = new Promise((done) => {
  new Worker('require("node:worker_threads").parentPort.postMessage(typeof process.env.HOLDFAST_HELD)', { eval: true }).on("message", done);
});
const other = execFileSync(process.execPath, [...process.execArgv, "-p", "typeof process.env.HOLDFAST_HELD"], { encoding: "utf8" });
console.log(await told, other.trim(), process.env.HOLDFAST_HELD);
`;
  const scopes = ["subprocess"];
  const ready = await standing(here, { kind: "node", runtime: "node", text, scopes });
  const { done, stdout } = ready.begin("", LIMITS);
  const said = await textOf(stdout);
  const { ended, stderr } = await done;
  expect([ended, said], stderr).toEqual(["exited", "undefined undefined undefined\n"]);
});

describe("the key", () => {
  const about = async (here: World, change: Partial<Asked> = {}, runtime: Runtime = "python") =>
    asking(here, {
      kind: "node",
      runtime,
      text: "print(1)",
      scopes: [
        "files.read:shared/*.csv",
        "files.read:folder/**",
        "files.forbidden:folder/secret*",
        "files.forbidden:folder/hidden/**",
      ],
      ...change,
    });
  const scene = async () => {
    const here = await world();
    for (const folder of ["shared", "folder", "folder/hidden"]) mkdirSync(`${here.plane}/${folder}`);
    writeFileSync(`${here.plane}/shared/a.csv`, "1");
    writeFileSync(`${here.plane}/folder/secret0`, "s");
    const request = await about(here);
    const key = (): string => readyKey(here.effects.fs, here.wall, request);
    // A file system keeps times by the tick.
    await pause(20);
    return { here, request, key, before: key() };
  };

  test("is the same while the same would be shown", async () => {
    const { here, key, before } = await scene();
    writeFileSync(`${here.plane}/shared/other.txt`, "not granted");
    writeFileSync(`${here.plane}/folder/inside`, "shown with its folder");
    writeFileSync(`${here.plane}/shared/a.csv`, "2, written in place");
    expect(key()).toBe(before);
  });

  const CHANGES: [string, (plane: string) => void][] = [
    ["a file that a glob names is new", (plane) => writeFileSync(`${plane}/shared/b.csv`, "1")],
    ["one is gone", (plane) => unlinkSync(`${plane}/shared/a.csv`)],
    [
      "one was replaced",
      (plane) => {
        writeFileSync(`${plane}/shared/new`, "2");
        renameSync(`${plane}/shared/new`, `${plane}/shared/a.csv`);
      },
    ],
    [
      "a folder was replaced",
      (plane) => {
        renameSync(`${plane}/folder`, `${plane}/older`);
        mkdirSync(`${plane}/folder`);
      },
    ],
    [
      "a file to be hidden was replaced",
      (plane) => {
        writeFileSync(`${plane}/folder/new`, "2");
        renameSync(`${plane}/folder/new`, `${plane}/folder/secret0`);
      },
    ],
    [
      "a folder to be hidden was made anew, even under the number of the one that was there",
      (plane) => {
        rmdirSync(`${plane}/folder/hidden`);
        mkdirSync(`${plane}/folder/hidden`);
      },
    ],
    ["something to be hidden is new", (plane) => writeFileSync(`${plane}/folder/secret1`, "s")],
  ];
  test.each(CHANGES)("is another one when %s", async (_, change) => {
    const { here, key, before } = await scene();
    change(here.plane);
    expect(key()).not.toBe(before);
  });

  test("is another one when Node would find another package where it starts: it looks for that before it loads anything", async () => {
    const { here } = await scene();
    const request = await about(here, {}, "node");
    const before = readyKey(here.effects.fs, here.wall, request);
    writeFileSync(`${here.plane}/package.json`, '{ "type": "module" }');
    expect(readyKey(here.effects.fs, here.wall, request)).not.toBe(before);
  });

  test("is another one for other bytes, values, limits, arguments and permissions", async () => {
    const { here, request, before } = await scene();
    const entrypoint = request.program.entrypoint;
    const over = (text: string) => ({ overlays: [{ path: entrypoint, bytes: Buffer.from(text) }] });
    const changed = [
      request,
      { ...request, ...over("a") },
      { ...request, ...over("b") },
      { ...request, environment: { MODE: "1" } },
      { ...request, limits: { ...request.limits, memory_bytes_max: 1 << 28, processes_max: 9 } },
      { ...request, program: { ...request.program, args: ["--other"] } },
      { ...request, hidden: [`${here.plugin}/own`] },
      await about(here, { scopes: ["files.read:shared/*.csv"] }),
      await about(here, { kind: "integration", scopes: ["network:example.org"] }),
      await about(here, {}, "node"),
    ].map((one) => readyKey(here.effects.fs, here.wall, one));
    expect(new Set(changed).size).toBe(changed.length);
    expect(changed[0]).toBe(before);
    // What is of one call alone is not of its process.
    const other = { ...request, limits: { ...request.limits, timeout_ms: 5, output_bytes_max: 5 } };
    expect(readyKey(here.effects.fs, here.wall, other)).toBe(before);
  });
});
