/** Programs that take too much, or stay too long: each ends at its limit with everything it started. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { processesWith } from "../scene.ts";
import { type Runtime, run, start, type World, world } from "./scene.ts";

/** How long after its limit the last of a tree may live. */
const KILLED_WITHIN_MS = 250;

/** A loop, and a child twice forked in a session of its own and deaf, each writing to the granted folder again and again. */
const STAYING = {
  python: String.raw`
import os, signal, sys, time
def beat(name):
    while True:
        with open(FOLDER + "/" + name, "a") as file:
            file.write("x")
        time.sleep(0.01)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)
        beat("child")
    os._exit(0)
beat("parent")
`,
  node: String.raw`
import { spawn } from "node:child_process";
import fs from "node:fs";
for (const name of ["SIGTERM", "SIGHUP", "SIGINT"]) process.on(name, () => {});
const text = "trap '' TERM HUP INT ALRM; while :; do echo x >> " + FOLDER + "/child; sleep 0.01; done";
const options = { detached: true, stdio: "ignore" };
spawn("/usr/bin/setsid", ["--fork", "/bin/sh", "-c", text, import.meta.filename], options).unref();
await new Promise((resolve) => setTimeout(resolve, 100));
for (;;) fs.appendFileSync(FOLDER + "/parent", "x");
`,
} as const;

const TAKING = {
  "too much memory": {
    python: "x = []\nwhile True: x.append(bytearray(4 << 20))",
    node: "const x = []; for (;;) x.push(Buffer.alloc(4 << 20, 1));",
    ended: "memory_exceeded",
  },
  "too much output": {
    python: "import sys\nwhile True: sys.stdout.write('x' * 65536)",
    node: "import fs from 'node:fs'; for (;;) fs.writeSync(1, 'x'.repeat(65536));",
    ended: "output_too_large",
  },
  "too much said on stderr": {
    python: "import sys\nwhile True: sys.stderr.write('x' * 65536)",
    node: "import fs from 'node:fs'; for (;;) fs.writeSync(2, 'x'.repeat(65536));",
    ended: "output_too_large",
  },
  "its time in a busy loop": {
    python: "while True: pass",
    node: "for (;;);",
    ended: "timed_out",
  },
  "its time asleep with stdin held": {
    python: "import sys, time\nsys.stdin.read(0)\ntime.sleep(60)",
    node: "setInterval(() => {}, 1000);",
    ended: "timed_out",
  },
} as const;

const FORK_BOMB = String.raw`
import os, time
made = 0
try:
    while made < 4000:
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        made += 1
except OSError as error:
    print(made, error.errno)
`;
const DISK = String.raw`
import errno, os
for folder in ("/tmp", "/dev/shm"):
    written = 0
    try:
        for number in range(64):
            with open("%s/%d" % (folder, number), "wb") as file:
                file.write(bytes(1 << 20))
            written += 1
    except OSError as error:
        print(folder, written, errno.errorcode[error.errno])
`;

/** Printed at the end of each file. */
export const last_seen: string[] = [];

/** Looks at all processes of the machine again and again, from a process of its own; the clock is the kernel's. */
const WATCHER = String.raw`
import os, sys, time
word, own = sys.argv[1].encode(), str(os.getpid())
looks = seen_most = seen_last_ns = 0
os.set_blocking(0, False)
while True:
    count = 0
    for pid in os.listdir("/proc"):
        if pid.isdigit() and pid != own:
            try:
                with open("/proc/" + pid + "/cmdline", "rb") as file:
                    count += word in file.read()
            except OSError:
                pass
    looks += 1
    seen_most = max(seen_most, count)
    if count:
        seen_last_ns = time.monotonic_ns()
    try:
        if os.read(0, 1) == b"":
            break
    except BlockingIOError:
        pass
    time.sleep(0.01)
print(looks, seen_most, seen_last_ns)
`;

interface Watched {
  readonly looks: number;
  /** Processes at once. */
  readonly seen_most: number;
  readonly seen_last_ns: bigint;
}

function watchProcesses(word: string): () => Promise<Watched> {
  const child = spawn("/usr/bin/python3", ["-c", WATCHER, word], { stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (bytes: Buffer) => {
    said += bytes.toString();
  });
  const over = new Promise((resolve) => child.on("close", resolve));
  return async () => {
    child.stdin.end();
    await over;
    const [looks = "0", seen_most = "0", seen_last_ns = "0"] = said.trim().split(" ");
    return { looks: Number(looks), seen_most: Number(seen_most), seen_last_ns: BigInt(seen_last_ns) };
  };
}

/** `watched_ms`: afterwards nothing may happen for so long. */
export function limits(user: string, watched_ms: number): void {
  describe.each(["python", "node"] as const)(`${user}: a %s program`, (runtime) => {
    test.each(Object.entries(TAKING))("that takes %s is ended", async (_name, taking) => {
      const here = await world();
      const { ended, exit_code, usage, stdout } = await run(here, {
        kind: "node",
        runtime,
        text: taking[runtime],
        stdin: taking.ended === "timed_out" ? "pipe" : "",
        limits: {
          timeout_ms: taking.ended === "timed_out" ? 400 : 20_000,
          memory_bytes_max: 128 << 20,
          output_bytes_max: 200_000,
        },
      });
      expect([ended, exit_code]).toEqual([taking.ended, null]);
      expect(stdout.length).toBeLessThanOrEqual(200_000);
      expect(usage.peak_memory_bytes).toBeGreaterThan(0);
      expect(["cgroup", "sampled"]).toContain(usage.memory_measured);
    });
  });

  test(`${user}: trees of Python and Node are dead within ${KILLED_WITHIN_MS} ms of their time, and have no effect afterwards`, async () => {
    const trees = await Promise.all(
      (["python", "node"] as const).map(async (runtime) => {
        const here = await world();
        const watcher = watchProcesses(`${here.plugin}/main`);
        const confined = await start(here, staying(here, runtime));
        const limit_ns = process.hrtime.bigint() + BigInt(TIMEOUT_MS) * 1_000_000n;
        void drained(confined.stdout);
        const outcome = await confined.done;
        expect([outcome.ended, outcome.exit_code]).toEqual(["timed_out", null]);
        const after = sizes(here);
        expect(Object.keys(after).toSorted()).toEqual(["child", "parent"]);
        return { here, watcher, limit_ns, after };
      }),
    );
    await sleep(watched_ms);
    for (const { here, watcher, limit_ns, after } of trees) {
      const { looks, seen_most, seen_last_ns } = await watcher();
      // The wall, the program, its child.
      expect(seen_most).toBeGreaterThanOrEqual(3);
      expect(looks).toBeGreaterThan(watched_ms / 50);
      const lived_ms = Number(seen_last_ns - limit_ns) / 1e6;
      expect(lived_ms).toBeGreaterThan(-TIMEOUT_MS / 2);
      expect(lived_ms).toBeLessThan(KILLED_WITHIN_MS);
      expect(sizes(here)).toEqual(after);
      expect(readdirSync(`${here.folder}/temp`)).toEqual([]);
      last_seen.push(`${user}: a tree was last seen ${lived_ms.toFixed(0)} ms after its limit`);
    }
  });

  test(`${user}: a fork bomb meets its ceiling, a full disk its own`, async () => {
    const here = await world();
    const bomb = await run(here, {
      kind: "node",
      runtime: "python",
      text: FORK_BOMB,
      limits: { processes_max: 20 },
    });
    const [, made = "", number] = /^(\d+) (\d+)\n$/.exec(bomb.stdout) ?? [];
    expect(number, bomb.stderr).toBe("11");
    expect(Number(made)).toBeLessThanOrEqual(20);
    const disk = await run(here, { kind: "node", runtime: "python", text: DISK });
    expect(disk.stdout).toMatch(/^\/tmp [78] ENOSPC\n\/dev\/shm [78] ENOSPC\n$/);
    expect(existsSync("/tmp/63")).toBe(false);
  });

  test(`${user}: killing it ends it, and an aborted signal is its reason`, async () => {
    const here = await world();
    const confined = await start(here, { ...staying(here, "python"), limits: {} });
    setTimeout(() => confined.kill(), 300);
    expect((await confined.done).ended).toBe("stopped");
    const stop = new AbortController();
    const stopped = await start(here, { ...staying(here, "python"), change: { signal: stop.signal } });
    setTimeout(() => stop.abort(new Error("enough")), 100);
    await expect(stopped.done).rejects.toThrow("enough");
    expect(processesWith(`${here.plugin}/main`)).toEqual([]);
  });
}

const TIMEOUT_MS = 1200;

const staying = (here: World, runtime: Runtime) => ({
  kind: "node" as const,
  runtime,
  text: STAYING[runtime].replaceAll("FOLDER", JSON.stringify(here.data)),
  scopes: runtime === "node" ? ["subprocess"] : [],
  limits: { timeout_ms: TIMEOUT_MS },
  change: {},
});

function sizes(here: World): Record<string, string> {
  return Object.fromEntries(
    readdirSync(here.data).map((name) => [name, String(statSync(`${here.data}/${name}`).size)]),
  );
}

async function drained(stream: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of stream);
}
