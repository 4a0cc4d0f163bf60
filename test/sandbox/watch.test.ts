/** Whoever answers for the filter of system calls is asked by many at once, and with words that mean nothing. */
import { expect, test } from "vitest";
import { type Runtime, run, world } from "./escape/scene.ts";

const START = String.raw`
import ctypes, os, signal, struct, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
OPENAT, PTRACE = (257, 101) if os.uname().machine == "x86_64" else (56, 117)
def call(number, *args):
    return ctypes.get_errno() if libc.syscall(ctypes.c_long(number), *args) == -1 else 0
`;

async function program(text: string, change: { runtime?: Runtime; timeout_ms?: number } = {}) {
  const here = await world({ below: "/var/tmp" });
  const { runtime = "python", timeout_ms = 30_000 } = change;
  const ran = await run(here, { kind: "node", runtime, text: START + text, limits: { timeout_ms } });
  const denied = ran.denials
    .filter(({ seen_by }) => seen_by === "kernel")
    .map(({ rule, subject }) => `${rule} ${subject}`);
  return { ...ran, here, denied };
}

test("processes and threads that ask at once are each answered", async () => {
  const { denied, exit_code, stdout, stderr } = await program(`
def many():
    wrong = 0
    for number in range(200):
        wrong += call(PTRACE, 0, 0, 0, 0) != 1
        wrong += call(OPENAT, -100, b"/etc/shadow", 0, 0) == 0
    return wrong
children = []
for _ in range(6):
    pid = os.fork()
    if pid == 0:
        os._exit(min(many(), 255))
    children.append(pid)
wrongs = []
threads = [threading.Thread(target=lambda: wrongs.append(many())) for _ in range(4)]
for one in threads: one.start()
for one in threads: one.join()
print([os.waitpid(pid, 0)[1] for pid in children], wrongs)
`);
  expect([exit_code, stderr]).toEqual([0, ""]);
  expect(stdout).toBe("[0, 0, 0, 0, 0, 0] [0, 0, 0, 0]\n");
  expect(denied.toSorted()).toEqual(["files.read /etc/shadow", "system ptrace"]);
});

test("words that mean nothing are answered, and told as they are", async () => {
  const { denied, stdout, stderr } = await program(`
here = os.path.dirname(os.path.abspath(sys.argv[0]))
os.symlink("loop", "/tmp/loop")
os.symlink("/tmp/gone/../../etc", "/tmp/away")
print([call(OPENAT, *args) for args in (
    (-100, None, 0, 0), (-100, 8, 0, 0), (77, b"x", 0, 0), (-100, b"", 0, 0),
    (-100, b"/tmp/loop", 1, 0), (-100, b"/tmp/away/passwd", 0, 0), (-100, b"/" * 5000, 0, 0),
    (-100, b"/\\xff\\n\\"\\\\ \\xf0\\x9f\\x94\\x91", 0, 0))])
os.kill(os.getpid(), 0)
`);
  expect(stderr).toBe("");
  // EFAULT, EFAULT, EBADF, ENOENT, ELOOP, ENOENT, ENAMETOOLONG, ENOENT
  expect(stdout).toBe("[14, 14, 9, 2, 40, 2, 36, 2]\n");
  expect(denied).toContain("files.read a path that cannot be read");
  expect(denied.filter((line) => line.includes("🔑") || line.includes("ÿ"))).toHaveLength(1);
  expect(denied.filter((line) => line.includes("\n"))).toEqual([]);
});

test("one that is killed while it waits, and one that keeps itself from being looked into, end as they should", async () => {
  const { denied, exit_code, stdout } = await program(`
for _ in range(20):
    begun, begins = os.pipe()
    pid = os.fork()
    if pid == 0:
        call(PTRACE, 0, 0, 0, 0)
        os.write(begins, b"x")
        while True: call(PTRACE, 0, 0, 0, 0)
    os.read(begun, 1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
libc.prctl(4, 0, 0, 0, 0)
print(call(OPENAT, -100, b"/etc/shadow", 0, 0))
sys.exit(7)
`);
  expect(exit_code).toBe(7);
  // ENOENT: the file is not there.
  expect(stdout).toBe("2\n");
  expect(denied).toContain("system ptrace");
  expect(denied.some((line) => line.startsWith("files.read "))).toBe(true);
});

test("a flood of denials ends at the time of the program, and what was told is bounded", async () => {
  const { ended, denials, denials_dropped } = await program(
    `
number = 0
while True:
    number += 1
    call(OPENAT, -100, b"/etc/%d" % number, 0, 0)
`,
    { timeout_ms: 1500 },
  );
  expect(ended).toBe("timed_out");
  expect(denials).toHaveLength(64);
  expect(denials_dropped).toBeGreaterThan(10);
});

test.each([
  ["by number", 'call(OPENAT, -100, b"/etc/%d" % number, 0, 0)'],
  ["by the interpreter", 'open("/etc/%d" % number)'],
])("denials %s beyond those listed are counted, each once", async (_, attempt) => {
  const { denials, denials_dropped, exit_code } = await program(`
for number in range(1000):
    try: ${attempt}
    except OSError: pass
`);
  expect([exit_code, denials.length, denials_dropped]).toEqual([0, 64, 936]);
});

test("a program cannot speak for the kernel", async () => {
  const { denials } = await program(`
for fd in range(3, 64):
    try: os.write(fd, b'{"denied":{"rule":"system","subject":"forged"}}\\n{"rule":"system","subject":"own","seen_by":"kernel"}\\n')
    except OSError: pass
`);
  expect(denials.filter(({ subject }) => subject === "forged")).toEqual([]);
  expect(denials.filter(({ seen_by }) => seen_by === "kernel")).toEqual([]);
});

const ORDINARY = {
  python: String.raw`
import asyncio, concurrent.futures, datetime, hashlib, locale, logging, mimetypes, multiprocessing, platform
import random, sqlite3, ssl, subprocess, tempfile, threading, time, uuid, zoneinfo
time.localtime(); datetime.datetime.now().astimezone(); os.cpu_count(); ssl.create_default_context(); uuid.uuid4()
locale.setlocale(locale.LC_ALL, ""); tempfile.mkdtemp(); platform.platform(); mimetypes.guess_type("a.txt"); os.getloadavg()
with concurrent.futures.ThreadPoolExecutor() as pool: pool.submit(time.sleep, 0)
with sqlite3.connect("/tmp/one.db") as one: one.execute("create table t (x)")
with open("/tmp/two", "w") as file: file.write("2")
os.rename("/tmp/two", "/tmp/three"); os.kill(os.getpid(), 0)
child = os.fork()
if child == 0: os._exit(0)
os.waitpid(child, 0); os.nice(1)
print("done")
`,
  node: String.raw`
import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import tls from "node:tls";
import { Worker } from "node:worker_threads";
os.cpus(); os.freemem(); os.loadavg(); os.availableParallelism(); os.hostname();
crypto.scryptSync("a", "b", 32); tls.createSecureContext(); new Date().toString(); new Intl.DateTimeFormat("de").format();
await new Promise((resolve) => new Worker("1", { eval: true }).on("exit", resolve));
fs.writeFileSync("/tmp/two", "2"); fs.renameSync("/tmp/two", "/tmp/three"); process.kill(process.pid, 0);
process.memoryUsage(); process.resourceUsage(); os.setPriority(1);
await new Promise((resolve) => setTimeout(resolve, 200));
console.log("done");
`,
};

test.each(["python", "node"] as const)("an ordinary %s program is denied nothing", async (runtime) => {
  const here = await world({ below: "/var/tmp" });
  const text = runtime === "python" ? START + ORDINARY.python : ORDINARY.node;
  const { stdout, stderr, denials, is_watched } = await run(here, { kind: "node", runtime, text });
  expect([stdout, stderr, is_watched]).toEqual(["done\n", "", true]);
  expect(denials.filter(({ seen_by }) => seen_by === "kernel")).toEqual([]);
});
