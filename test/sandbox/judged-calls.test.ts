/** What the kernel denies leaves its record, and what it lets leaves none: calls made by number, past the interpreter. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { interpreterFiles } from "../../src/sandbox/index.ts";
import { type Asked, PYTHON, run, world } from "./escape/scene.ts";

const START = String.raw`
import ctypes, json, mmap, os, signal, socket, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
is_x64 = os.uname().machine == "x86_64"
def call(numbers, *args):
    return ctypes.get_errno() if libc.syscall(ctypes.c_long(numbers[0 if is_x64 else 1]), *args) == -1 else 0
OPENAT, UNLINKAT, RENAMEAT, MKDIRAT, KILL, PRLIMIT = (257, 56), (263, 35), (316, 276), (258, 34), (62, 129), (302, 261)
here = os.path.dirname(os.path.abspath(sys.argv[0]))
def at(path): return path.encode()
def opened(path, flags=0): return call(OPENAT, -100, at(path), flags, 0o600)
`;

async function told(text: string, change: Partial<Asked> = {}) {
  const here = await world({ below: "/var/tmp" });
  symlinkSync("/tmp/there", `${here.plugin}/to-temp`);
  mkdirSync(`${here.data}/secret`);
  writeFileSync(`${here.data}/secret/file`, "secret");
  const ran = await run(here, { kind: "node", runtime: "python", text: START + text, ...change });
  const denied = ran.denials
    .filter(({ seen_by }) => seen_by === "kernel")
    .map(({ rule, subject }) => `${rule} ${subject.replace(here.folder, "F")}`);
  expect([ran.stderr, ran.exit_code]).toEqual(["", 0]);
  return { ...ran, denied, answers: JSON.parse(ran.stdout) as unknown };
}

const INTEGRATION: Partial<Asked> = { kind: "integration", scopes: ["network:example.org"], is_bare: true };

test("to remove or rename a link is nothing done to what it leads to", async () => {
  const { denied, answers } = await told(`
os.symlink("/etc/passwd", "/tmp/one")
print(json.dumps([
    call(RENAMEAT, -100, b"/tmp/one", -100, b"/tmp/two", 0), call(UNLINKAT, -100, b"/tmp/two", 0),
    call(UNLINKAT, -100, at(here + "/to-temp"), 0)]))
`);
  // EROFS: the link lies in the plugin, though it leads to where the program may write.
  expect(answers).toEqual([0, 0, 30]);
  expect(denied).toEqual(["files.write F/plane/plugin/to-temp"]);
});

test("its own descriptors and its own state are those of the caller", async () => {
  const { denied, answers } = await told(`
with open("/tmp/file", "w") as file: file.write("x")
os.dup2(os.open("/tmp/file", os.O_RDONLY), 9)
os.symlink("/proc/self/environ", "/tmp/environ")
granted = [opened("/dev/fd/9"), opened("/proc//self/environ"), opened("/tmp/environ"), opened("/tmp/../proc/thread-self/maps")]
# A number that the first process has open as well.
os.dup2(os.open(here + "/own", os.O_PATH), 3)
print(json.dumps([granted, opened("/dev/fd/3", os.O_WRONLY)]))
`);
  expect(answers).toEqual([[0, 0, 0, 0], 30]);
  expect(denied).toEqual(["files.write F/plane/plugin/own"]);
});

test("to make what is there already is denied by nobody", async () => {
  const { denied, answers } = await told(`
print(json.dumps([call(MKDIRAT, -100, at(path), 0o700) for path in ("/var", "/usr", here)] + [
    opened(here + "/own", os.O_CREAT), opened(here + "/own", os.O_CREAT | os.O_EXCL | os.O_WRONLY),
    opened(here, os.O_PATH | os.O_RDWR)]))
`);
  expect(answers).toEqual([17, 17, 17, 0, 17, 0]);
  expect(denied).toEqual([]);
});

test("what is hidden within a folder of its own is told of when it is changed", async () => {
  const { denied } = await told(
    `
print(json.dumps(call(UNLINKAT, -100, at(here.replace("/plugin", "/data/probe/secret/file")), 0)))
`,
    { scopes: ["files.forbidden:data/probe/secret/**"] },
  );
  expect(denied).toEqual(["files.write F/plane/data/probe/secret/file"]);
});

test("the first process is not to be limited or slowed, and goes on to tell", async () => {
  const { denied, answers } = await told(`
nothing = struct.pack("QQ", 0, 0)
print(json.dumps([
    call(PRLIMIT, 1, 7, nothing, None), call((203, 122), 1, 8, struct.pack("Q", 1)), call((141, 140), 0, 1, 19),
    call((424, 424), os.open("/proc/1", os.O_RDONLY), 0, None, 0), opened("/etc/shadow"), call(KILL, 99999999, 0)]))
`);
  expect(answers).toEqual([1, 1, 1, 1, 2, 3]);
  expect(denied.toSorted()).toEqual([
    "files.read /etc/shadow",
    "system kill of process 99999999",
    "system pidfd_send_signal of process 1",
    "system prlimit64 of process 1",
    "system sched_setaffinity of process 1",
    "system setpriority of process 1",
  ]);
});

test("rights and limits asked for by other calls, or from an odd address", async () => {
  const { denied, answers } = await told(`
above = struct.pack("QQ", 1 << 40, 1 << 40)
odd = libc.mmap(ctypes.c_void_p(0x500000000000), ctypes.c_size_t(4096), 3, 0x32, -1, ctypes.c_long(0))
ctypes.memmove(odd, above, 16)
print(json.dumps([
    call((160, 164), 4, above), call(PRLIMIT, 0, 4, ctypes.c_void_p(odd), None),
    call((144, 119), 0, 1, struct.pack("i", 10)), call((251, 30), 1, 0, 1 << 13), call((168, 225), b"/tmp/x"),
    call((467, 467), -100, b"/", 0, None, 0), call((122, 151), 0)]))
`);
  // The last one says no more than who it was.
  expect(answers).toEqual([1, 1, 1, 1, 1, 1, 0]);
  expect(denied.toSorted()).toEqual([
    "system ioprio_set of real time",
    "system open_tree_attr",
    "system prlimit64 of core above its ceiling",
    "system sched_setscheduler to policy 1",
    "system setfsuid to 0",
    "system setrlimit of core above its ceiling",
    "system swapoff",
  ]);
});

test.runIf(process.arch === "x64")("the other ways into the kernel are denied and told of", async () => {
  const { denied, answers } = await told(`
code = mmap.mmap(-1, 4096, prot=7)
# mov eax, 20; int 0x80; ret
code.write(bytes([0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3]))
getpid = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
print(json.dumps([call((0x40000000 + 101,), 0, 0, 0, 0), getpid()]))
`);
  // ENOSYS
  expect(answers).toEqual([38, -38]);
  expect(denied).toEqual(["system call 1073741925", "system call 20 of another machine"]);
});

test("signals that come all the time do not keep a call from its answer", async () => {
  const { answers } = await told(`
signal.signal(signal.SIGALRM, lambda *_: None)
libc.siginterrupt(signal.SIGALRM, 0)
signal.setitimer(signal.ITIMER_REAL, 0.00003, 0.00003)
began = time.monotonic()
for _ in range(300): opened("/tmp/none")
took = time.monotonic() - began
signal.setitimer(signal.ITIMER_REAL, 0)
print(json.dumps(took < 2))
`);
  expect(answers).toBe(true);
});

test("addresses past the proxy are told of, those of its own are not", async () => {
  const { denied, answers } = await told(
    `
def address(host, port): return struct.pack("=H", 2) + struct.pack("!H", port) + socket.inet_aton(host) + bytes(8)
def stream(): return libc.socket(2, 1, 0)
one, two = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
one.bind(("127.0.0.1", 0))
two.sendto(b"x", one.getsockname())
two.sendmsg([b"x"], [], 0, one.getsockname())
two.connect(one.getsockname())
CONNECT, BIND, SENDTO = (42, 203), (49, 200), (44, 206)
print(json.dumps([call(CONNECT, stream(), address("192.0.2.1", 80), 16), call(CONNECT, stream(), address("127.0.0.1", 81), 16),
    call(BIND, stream(), address("127.0.0.1", 8099), 16), call(SENDTO, libc.socket(2, 2, 0), b"x", 1, 0, address("192.0.2.2", 53), 16)]))
`,
    INTEGRATION,
  );
  // EACCES three times, and ENETUNREACH.
  expect(answers).toEqual([13, 13, 13, 101]);
  expect(denied).toEqual([
    "network 192.0.2.1:80",
    "network 127.0.0.1:81",
    "network to listen at 127.0.0.1:8099",
    "network 192.0.2.2:53",
  ]);
});

test("the relay is as private as the first process", async () => {
  const { denied, answers } = await told(
    `
relay = [one for one in os.listdir("/proc") if one.isdigit() and int(one) not in (1, os.getpid())][0]
print(json.dumps([opened(f"/proc/{relay}/{name}") for name in ("environ", f"task/{relay}/maps", "auxv")] + [call(KILL, int(relay), 9)]))
`,
    INTEGRATION,
  );
  expect(answers).toEqual([13, 13, 13, 1]);
  expect(denied.map((line) => line.replaceAll(/\b\d+\b/g, "N"))).toEqual([
    "files.read /proc/N/environ",
    "files.read /proc/N/task/N/maps",
    "files.read /proc/N/auxv",
    "system kill of process N",
  ]);
});

test("what an environment runs before the program is told of", async () => {
  const here = await world({ below: "/var/tmp" });
  const environment = `${here.plugin}/environment`;
  execFileSync(PYTHON, ["-m", "venv", "--without-pip", environment]);
  const [version = ""] = readdirSync(`${environment}/lib`);
  writeFileSync(
    `${environment}/lib/${version}/site-packages/early.pth`,
    `import ctypes; ctypes.CDLL(None).syscall(ctypes.c_long(${process.arch === "x64" ? 257 : 56}), -100, b"/etc/shadow", 0, 0)\n`,
  );
  const { denials, stdout } = await run(here, {
    kind: "node",
    runtime: "python",
    text: 'print("done")',
    change: {
      program: {
        executable: `${environment}/bin/python3`,
        readable: (await interpreterFiles(here.effects, PYTHON)) ?? [],
        entrypoint: `${here.plugin}/main.py`,
      },
    },
  });
  expect(stdout).toBe("done\n");
  expect(denials.map(({ subject }) => subject)).toEqual(["/etc/shadow"]);
});

test("a program tidies up what is its own, links and all", async () => {
  const { denials, answers } = await told(`
import shutil, tempfile
with tempfile.TemporaryDirectory() as folder:
    os.makedirs(folder + "/one/two")
    open(folder + "/one/two/file", "w").close()
    os.symlink("/etc/passwd", folder + "/one/link")
    os.rename(folder + "/one/link", folder + "/one/other")
    os.symlink(here + "/own", folder + "/own")
    shutil.copytree(folder + "/one", folder + "/three", symlinks=True)
    shutil.copy2(folder + "/own", folder + "/four", follow_symlinks=False)
    unnamed = os.open(folder, os.O_TMPFILE | os.O_RDWR)
    assert call((265, 37), -100, b"/proc/self/fd/%d" % (unnamed,), -100, at(folder + "/named"), 0x400) == 0
    place = os.open(folder, os.O_RDONLY)
    os.mkdir("five", dir_fd=place)
    os.rename("five", "six", src_dir_fd=place, dst_dir_fd=place)
try: open("/dev/fd/1", "w").close()
except OSError as error: assert error.errno == 6, error
print(json.dumps(os.path.exists(folder)))
`);
  expect([answers, denials]).toEqual([false, []]);
});

test("what lies below an open folder, and what a link leads to, is judged by where it is", async () => {
  const { denials, answers } = await told(`
def attempt(action, *args, **more):
    try: action(*args, **more)
    except OSError as error: return error.errno
place = os.open(here, os.O_RDONLY)
os.symlink(here + "/second", "/tmp/link")
print(json.dumps([attempt(os.unlink, "own", dir_fd=place), attempt(os.truncate, "/tmp/link", 0), attempt(os.unlink, here + "/to-temp"),
    attempt(os.open, "/proc/slabinfo", os.O_RDONLY) in (2, 13)]))
`);
  expect(answers).toEqual([13, 13, 13, true]);
  const named = denials.map(({ rule, subject }) => `${rule} ${subject.replace(/^.*\/plane/, "")}`);
  expect(named.toSorted()).toEqual([
    ...(existsSync("/proc/slabinfo") ? ["files.read /proc/slabinfo"] : []),
    "files.write /plugin/own",
    "files.write /plugin/second",
    "files.write /plugin/to-temp",
  ]);
});
