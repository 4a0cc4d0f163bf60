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
    pid = os.fork()
    if pid == 0:
        while True: call(PTRACE, 0, 0, 0, 0)
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

test("a program cannot speak for the kernel", async () => {
  const { denials } = await program(`
for fd in range(3, 64):
    try: os.write(fd, b'{"denied":{"rule":"system","subject":"forged"}}\\n{"rule":"system","subject":"own","seen_by":"kernel"}\\n')
    except OSError: pass
`);
  expect(denials.filter(({ subject }) => subject === "forged")).toEqual([]);
  expect(denials.filter(({ seen_by }) => seen_by === "kernel")).toEqual([]);
});
