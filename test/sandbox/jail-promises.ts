/** What a jail promises, tried on every layer by programs that mean harm. Run once for root and once for an ordinary user. */
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { RunResult } from "../../src/effects/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { findPython } from "../../src/python/index.ts";
import {
  findJail,
  interpreterFiles,
  type JailRequest,
  type JailSearch,
  runJailed,
} from "../../src/sandbox/index.ts";
import {
  everything,
  network,
  offers,
  processesWith,
  type Scene,
  scene,
  sharedMemory,
  TOKEN,
} from "./scene.ts";

const LAYERS = ["bubblewrap", "namespaces", "landlock"] as const;

/** Asked once: the same for all tests of this process. */
let found_python: Promise<{ executable: string; files: readonly string[] }> | undefined;
async function askForPython(): Promise<{ executable: string; files: readonly string[] }> {
  const effects = nodeEffects();
  const { executable } = await findPython(effects);
  return { executable, files: (await interpreterFiles(effects, executable)) ?? [] };
}
const jails = new Map<string, Promise<JailSearch>>();

/** Runs Python text behind the layer, which must be there when the machine offers it. */
async function jailed(
  layer: string,
  { effects, keys, plane }: Scene,
  text: string,
  change: Partial<JailRequest> & { readonly args?: readonly string[] } = {},
): Promise<RunResult> {
  found_python ??= askForPython();
  const { executable, files } = await found_python;
  const real = effects({ HOLDFAST_JAIL: layer });
  const search = jails.get(layer) ?? findJail(real, { python: executable });
  jails.set(layer, search);
  const { jail, tried } = await search;
  if (jail === undefined) throw new Error(`no jail: ${JSON.stringify(tried)}`);
  expect(jail.layer).toBe(layer);
  const { args = [], ...rest } = change;
  return runJailed(real, jail, {
    argv: [executable, "-I", "-B", "-c", text, ...args],
    cwd: plane,
    readable: [plane, ...files],
    hidden: [keys],
    env: {},
    limits: { timeout_ms: 20_000, stdout_bytes_max: 1 << 20 },
    ...rest,
  });
}

/** One attempt a line; prints those that succeeded. */
const attempts = (lines: string): string => String.raw`
import ctypes, os, shutil, signal, socket, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
done = []
def put(path):
    with open(path, "a") as file:
        file.write("harm")
def call(number, *args):
    if libc.syscall(ctypes.c_long(number), *args) == -1: raise OSError(ctypes.get_errno(), "denied")
def attempt(name, action):
    try:
        action()
    except (OSError, ValueError) as error:
        return
    done.append(name)
${lines}
print(" ".join(done))
`;

const said = ({ stdout, stderr, exit_code }: RunResult): string => {
  expect(exit_code, stderr).toBe(0);
  return stdout.toString("utf8").trim();
};

async function waitUntil(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 60 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
}

function promisesOf(layer: string): void {
  test("the plane cannot be changed, in no way", async () => {
    const here = scene();
    const before = everything(here.home);
    const text = attempts(String.raw`
plane = sys.argv[1]; code = plane + "/modules/sound/__init__.py"
open(code).read()
attempt("create", lambda: put(plane + "/new"))
attempt("append", lambda: put(code))
attempt("truncate", lambda: os.truncate(code, 0))
attempt("open-truncate", lambda: os.open(code, os.O_RDONLY | os.O_TRUNC))
attempt("unlink", lambda: os.unlink(code))
attempt("rename", lambda: os.rename(code, plane + "/other"))
attempt("rename-in", lambda: (put(os.environ["TMPDIR"] + "/x"), os.rename(os.environ["TMPDIR"] + "/x", plane + "/x")))
attempt("link", lambda: os.link(code, plane + "/hard"))
attempt("symlink", lambda: os.symlink(code, plane + "/soft"))
attempt("mkdir", lambda: os.mkdir(plane + "/folder"))
attempt("rmdir", lambda: shutil.rmtree(plane + "/bin"))
attempt("chmod", lambda: os.chmod(code, 0o777))
attempt("chmod-folder", lambda: os.chmod(plane, 0o777))
attempt("fchmod", lambda: os.fchmod(os.open(code, os.O_RDONLY), 0o777))
attempt("chown", lambda: os.chown(code, os.getuid(), os.getgid()))
attempt("utime", lambda: os.utime(code, (1, 1)))
attempt("xattr", lambda: os.setxattr(code, "user.harm", b"1"))
attempt("fifo", lambda: os.mkfifo(plane + "/fifo"))
sys.path.append(plane + "/modules"); import sound; assert sound.VALUE == 1
def flags():
    import fcntl
    fcntl.ioctl(os.open(code, os.O_RDONLY), 0x40086602, (0x80).to_bytes(8, "little"))
attempt("attributes", flags)
# Given up rights to do it with: a remount, or a namespace of its own with all capabilities inside.
attempt("remount", lambda: libc.mount(None, plane.encode(), None, 0x1020, None) == 0 or (_ for _ in ()).throw(OSError()))
def inner():
    if libc.unshare(0x10020000) != 0: raise OSError()
    libc.mount(None, plane.encode(), None, 0x1020, None)
    put(plane + "/new")
attempt("inner-namespace", inner)
`);
    expect(said(await jailed(layer, here, text, { args: [here.plane] }))).toBe("");
    expect(everything(here.home)).toEqual(before);
  });

  test("nothing outside can be written, the home and the keys cannot be read", async () => {
    const here = scene();
    const before = everything(here.folder).filter((line) => !line.startsWith("temp"));
    const text = attempts(String.raw`
folder, home, keys, plane, outer = sys.argv[1:6]
for name, path in (("home", home + "/diary.txt"), ("keys", keys + "/secrets.env"), ("link", plane + "/way-out"),
                   ("environ", "/proc/%s/environ" % outer), ("root", "/proc/1/root/etc/passwd"), ("shadow", "/etc/shadow")):
    attempt("read-" + name, lambda: open(path).read())
attempt("list-keys", lambda: os.listdir(keys))
attempt("list-holdfast", lambda: os.listdir(os.path.dirname(keys)))
attempt("list-home", lambda: "diary.txt" in os.listdir(home) or (_ for _ in ()).throw(OSError()))
attempt("system", lambda: put("/usr/lib/harm"))
attempt("core", lambda: os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY))
# On a private file system some of these succeed; nothing of it may arrive outside.
for path in (folder + "/harm", home + "/harm", "/tmp/harm-%s" % outer, "/var/tmp/harm-%s" % outer, "/dev/shm/harm-%s" % outer):
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True); put(path)
    except OSError:
        pass
`);
    const outer = String(process.pid);
    const args = [here.folder, here.home, here.keys, here.plane, outer];
    expect(said(await jailed(layer, here, text, { args }))).toBe("");
    expect(everything(here.folder).filter((line) => !line.startsWith("temp"))).toEqual(before);
    for (const folder of ["/tmp", "/var/tmp", "/dev/shm"])
      expect(readdirSync(folder)).not.toContain(`harm-${outer}`);
  });

  test("no socket reaches anything", async () => {
    const here = scene();
    const { tcp, udp, unix, abstract, received } = await network(here.folder);
    const text = attempts(String.raw`
tcp, udp, unix, abstract = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], "\0" + sys.argv[4]
def connect(family, kind, address):
    with socket.socket(family, kind) as one:
        one.settimeout(1); one.connect(address); one.send(b"harm")
attempt("tcp", lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", tcp)))
attempt("tcp6", lambda: connect(socket.AF_INET6, socket.SOCK_STREAM, ("::ffff:127.0.0.1", tcp)))
attempt("away", lambda: connect(socket.AF_INET, socket.SOCK_DGRAM, ("192.0.2.1", 9)))
attempt("abstract", lambda: connect(socket.AF_UNIX, socket.SOCK_STREAM, abstract))
try: connect(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", udp))
except OSError: pass
attempt("unix", lambda: connect(socket.AF_UNIX, socket.SOCK_STREAM, unix))
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK):
    attempt("socket-%d" % family, lambda: socket.socket(family, socket.SOCK_DGRAM))
# By a ring a filter of system calls does not see it.
attempt("ring", lambda: call(425, 4, ctypes.create_string_buffer(120)))
`);
    const args = [String(tcp), String(udp), unix, abstract];
    expect(said(await jailed(layer, here, text, { args }))).toBe("");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(received).toEqual([]);
  });

  test("the environment holds nothing of the caller's, and no descriptor is open", async () => {
    const here = scene();
    const text = String.raw`
import json, os
def is_open(fd):
    try: os.fstat(fd); return True
    except OSError: return False
print(json.dumps([dict(os.environ), [fd for fd in range(3, 2000) if is_open(fd)]]))
`;
    const output = said(await jailed(layer, here, text, { env: { ADDED: "yes" } }));
    const [env, descriptors] = JSON.parse(output) as [Record<string, string>, number[]];
    expect(descriptors).toEqual([]);
    expect(output).not.toContain(TOKEN);
    expect(env["HOME"]).toBe(env["TMPDIR"]);
    expect(env["PATH"]).toBe("/usr/bin:/bin");
    const names = "ADDED HOME LANG LC_ALL PATH PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX TMPDIR".split(" ");
    expect(
      Object.keys(env)
        .filter((name) => name !== "PWD")
        .toSorted(),
    ).toEqual(names);
  });

  test("rights are gone and cannot be gained", async () => {
    const text = attempts(String.raw`
import struct
data = ctypes.create_string_buffer(24)
assert libc.capget(struct.pack("=Ii", 0x20080522, 0), data) == 0 and data.raw == b"\0" * 24, "capabilities"
assert libc.prctl(39, 0, 0, 0, 0) == 1, "no_new_privs"
attempt("other-user", lambda: os.setuid(1))
attempt("groups", lambda: os.setgroups([0]))
attempt("signal", lambda: os.kill(int(sys.argv[1]), 0))
`);
    const here = scene();
    expect(said(await jailed(layer, here, text, { args: [String(process.pid)] }))).toBe("");
  });

  test("other processes of the same user, their memory and their keys are out of reach", async () => {
    const here = scene();
    const memory = sharedMemory();
    const text = attempts(String.raw`
import resource
other, memory = int(sys.argv[1]), int(sys.argv[2])
attempt("limits", lambda: resource.prlimit(other, resource.RLIMIT_NOFILE))
attempt("priority", lambda: os.setpriority(os.PRIO_PROCESS, other, 0))
attempt("processors", lambda: os.sched_setaffinity(other, os.sched_getaffinity(0)))
attempt("memory", lambda: libc.shmctl(memory, 2, ctypes.create_string_buffer(256)) == 0 or (_ for _ in ()).throw(OSError()))
attempt("remove-memory", lambda: libc.shmctl(memory, 0, None) == 0 or (_ for _ in ()).throw(OSError()))
attempt("key", lambda: call({"x86_64": 248}.get(os.uname().machine, 217), b"user", b"harm", b"x", 1, -3))
# Its own it may set: interpreters do at their start.
resource.setrlimit(resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE))
os.sched_setaffinity(0, os.sched_getaffinity(0))
`);
    expect(said(await jailed(layer, here, text, { args: [String(process.pid), memory.id] }))).toBe("");
    expect(memory.isThere()).toBe(true);
  });

  test("the private folder works, is bounded and goes, whatever was left in it", async () => {
    const here = scene();
    const text = String.raw`
import os
temp = os.environ["TMPDIR"]
with open(temp + "/fits", "wb") as file:
    file.write(b"x" * (1 << 20))
try:
    with open(temp + "/large", "wb") as file:
        for _ in range(80):
            file.write(b"x" * (1 << 20))
    print("unbounded")
except OSError:
    print("bounded")
try: os.unlink(temp + "/large")
except OSError: pass
os.mkdir(temp + "/shut", 0)
os.mkdir(temp + "/dark", 0o300)
open(temp + "/dark/file", "w").close()
os.symlink(os.getcwd(), temp + "/link")
os.chdir(temp)
for _ in range(1500):
    os.mkdir("deep"); os.chdir("deep")
`;
    const before = everything(here.plane);
    // A write beyond the limit of a file size would end the program by a signal; Python ignores that one.
    expect(said(await jailed(layer, here, text))).toBe("bounded");
    expect(readdirSync(here.temp)).toEqual([]);
    expect(everything(here.plane)).toEqual(before);
  });

  test("a process that outlives its parent is ended, and nobody waits for it", async () => {
    const here = scene();
    const word = `outlives-${process.pid}-${layer}`;
    const text = String.raw`
import os, sys, time
if os.fork() == 0:
    try: os.setsid()
    except OSError: pass
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)", sys.argv[1]])
    os._exit(0)
time.sleep(0.3)
print("ended")
`;
    const began = performance.now();
    expect(said(await jailed(layer, here, text, { args: [word] }))).toBe("ended");
    expect(performance.now() - began).toBeLessThan(15_000);
    await waitUntil(() => processesWith(word).length === 0);
    expect(processesWith(word)).toEqual([]);
  });

  test("a fork bomb ends at the time limit, whole", async () => {
    const here = scene();
    const word = `bomb-${process.pid}-${layer}`;
    // Five doublings: enough that killing one by one would lose the race, little enough for the machine.
    const text = String.raw`
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for _ in range(5):
    if os.fork() == 0:
        try: os.setsid()
        except OSError: pass
while True:
    if os.fork() == 0: os._exit(0)
    try: os.wait()
    except OSError: pass
    time.sleep(0.05)
`;
    const limits = { timeout_ms: 1_000, stdout_bytes_max: 1024 };
    const result = await jailed(layer, here, text, { args: [word], limits });
    expect(result.timed_out).toBe(true);
    await waitUntil(() => processesWith(word).length === 0);
    expect(processesWith(word)).toEqual([]);
    expect(readdirSync(here.temp)).toEqual([]);
  });

  test("input, output, exit code and signal come through", async () => {
    const here = scene();
    const text =
      "import sys; sys.stdout.write(sys.stdin.read().upper()); sys.stderr.write('log'); sys.exit(7)";
    const result = await jailed(layer, here, text, { stdin: "question" });
    expect([result.exit_code, result.stdout.toString(), result.stderr]).toEqual([7, "QUESTION", "log"]);
    const killed = await jailed(layer, here, "import os; os.kill(os.getpid(), 11)");
    expect(killed.exit_code).toBe(139);
    const flooded = await jailed(layer, here, "import sys\nwhile True: sys.stdout.write('x' * 65536)");
    // Killed, or dead of writing into the pipe that was closed: whichever comes first.
    expect([null, 1]).toContain(flooded.exit_code);
    expect(flooded.timed_out).toBe(false);
    const tool = await jailed(layer, here, "", { argv: [`${here.plane}/bin/tool`] });
    expect(said(tool)).toBe("tool");
    const absent = await jailed(layer, here, "", { argv: [`${here.plane}/bin/absent`] });
    expect(absent.exit_code).toBe(127);
  });

  test("Node runs behind it", async () => {
    const here = scene();
    const text = `const { execFileSync } = require("node:child_process");
      console.log(execFileSync(process.argv[1]).toString().trim(), process.env.HOLDFAST_TOKEN);`;
    const argv = [process.execPath, "-e", text, `${here.plane}/bin/tool`];
    const result = await jailed(layer, here, "", { argv, readable: [here.plane, process.execPath] });
    expect(said(result)).toBe("tool undefined");
  });

  test("a jail that cannot be built is a fault, and so is one that would show the keys", async () => {
    const here = scene();
    const code = async (change: Partial<JailRequest>): Promise<unknown> =>
      jailed(layer, here, "", change).then(
        () => "ran",
        (error: { code?: unknown }) => error.code,
      );
    expect(await code({ cwd: `${here.plane}/absent` })).toBe("JAIL_NOT_STARTED");
    expect(await code({ readable: [`${here.plane}/absent`] })).toBe("JAIL_NOT_STARTED");
    expect(await code({ readable: [here.home] })).toBe("JAIL_WOULD_EXPOSE");
    expect(await code({ readable: [`${here.keys}/secrets.env`] })).toBe("JAIL_WOULD_EXPOSE");
    expect(await code({ hidden: [`${here.plane}/not/yet/there`] })).toBe("JAIL_WOULD_EXPOSE");
    expect(await code({ readable: ["/"], hidden: [] })).toBe("JAIL_WOULD_EXPOSE");
  });
}

/** Where the machine has a layer we must find it; where it has not, we must say so. */
export function jailPromises(): void {
  describe.each(LAYERS)("%s", (layer) => {
    if (offers(layer)) {
      promisesOf(layer);
      return;
    }
    test("is not there, and the reason is told", async () => {
      const { jail, tried } = await findJail(scene().effects({ HOLDFAST_JAIL: layer }));
      expect(jail).toBeUndefined();
      expect(tried.find((one) => one.layer === layer)?.reason).toMatch(/\S/);
    });
  });
}
