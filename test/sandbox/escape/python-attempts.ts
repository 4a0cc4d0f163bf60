/** Attempts of a Python program to get out; each has a name. stdin: a JSON object of where things are outside. */
export const PYTHON_ATTEMPTS = String.raw`
import ctypes, errno, fcntl, json, mmap, os, resource, signal, socket, struct, sys, termios, time

told = json.load(sys.stdin)
plane, plugin, data, outside = told["plane"], told["plugin"], told["data"], told["outside"]
scratch = data or "/tmp"
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
COLUMN = 0 if os.uname().machine == "x86_64" else 1
answers = {}

def judged(action):
    try:
        action()
        return "done"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error.errno))
    except Exception as error:
        # No denial: somebody has to look why.
        return "%s %s" % (type(error).__name__, error)

def call(numbers, *args):
    if libc.syscall(ctypes.c_long(numbers[COLUMN]), *args) == -1:
        raise OSError(ctypes.get_errno(), "call")

def read(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        if os.read(fd, 1) == b"":
            raise OSError(errno.ENODATA, "empty")
    finally:
        os.close(fd)

def put(path, harm=b"harm"):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        os.write(fd, harm)
    finally:
        os.close(fd)

def opened(path, flags=os.O_WRONLY):
    os.close(os.open(path, flags))

def spawn(path, args=(), env=None):
    pid = os.posix_spawn(path, [path, *args], env or {})
    os.waitpid(pid, 0)

def connect(family, kind, address):
    with socket.socket(family, kind) as one:
        one.settimeout(1)
        one.connect(address)
        one.send(b"harm")

def through(link_to):
    link = scratch + "/way-%d" % (len(answers),)
    os.symlink(link_to, link)
    try:
        read(link)
    finally:
        os.unlink(link)

def with_secret(texts):
    if not any(told["secret"] in text for text in texts):
        raise OSError(errno.ENOENT, "not there")

def made_program(where):
    path = where + "/program"
    with open(sys.executable, "rb") as source, open(path, "wb") as target:
        target.write(source.read())
    os.chmod(path, 0o755)
    try:
        spawn(path, ["-c", "pass"])
    finally:
        os.unlink(path)

def script_program():
    path = "/tmp/script"
    with open(path, "w") as file:
        file.write("#!/bin/sh\nexit 0\n")
    os.chmod(path, 0o755)
    spawn(path)

def from_memory():
    fd = os.memfd_create("program", 0)
    os.write(fd, b"#!/bin/sh\n")
    pid = os.fork()
    if pid == 0:
        try:
            os.execve(fd, ["program"], {})
        except OSError as error:
            os._exit(error.errno)
    why = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if why != 0:
        raise OSError(why, "exec")

def raw_program():
    pid = os.fork()
    if pid == 0:
        argv = (ctypes.c_char_p * 4)(b"sh", b"-c", b"exit 0", None)
        libc.execve(b"/bin/sh", argv, None)
        os._exit(ctypes.get_errno())
    why = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if why != 0:
        raise OSError(why, "exec")

def by_handle():
    handle, number = ctypes.create_string_buffer(struct.pack("=Ii", 128, 0), 136), ctypes.c_int()
    call((303, 264), -100, own.encode(), handle, ctypes.byref(number), 0)
    folder = os.open(plugin, os.O_RDONLY)
    call((304, 265), folder, handle, 0)

def cloned():
    pid = libc.syscall(ctypes.c_long((56, 220)[COLUMN]), 0x10000011, 0, 0, 0, 0)
    if pid == -1:
        raise OSError(ctypes.get_errno(), "clone")
    if pid == 0:
        os._exit(0)

def of_all(name):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/%s" % (pid, name)) as file:
                yield file.read()
        except OSError:
            pass

def stolen():
    fd = libc.syscall(ctypes.c_long(434), os.getpid(), 0)
    if fd == -1:
        raise OSError(ctypes.get_errno(), "pidfd")
    call((438, 438), fd, 0, 0)

def inherited():
    for fd in range(3, 1024):
        if fd in told["descriptors"]:
            continue
        try:
            os.fstat(fd)
            return
        except OSError:
            pass
    raise OSError(errno.EBADF, "none")

def no_limit():
    call((302, 261), 0, resource.RLIMIT_CORE, struct.pack("=2Q", (1 << 64) - 1, (1 << 64) - 1), None)

def many_files():
    opened = []
    try:
        while len(opened) < 1100:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    finally:
        for fd in opened:
            os.close(fd)

def in_own_namespace(flags, then):
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    then()

def other_than_own(paths):
    own = set(told["shown"])
    if not any(name not in own for name in paths):
        raise OSError(errno.ENOENT, "only own")

host = told["pid"]
own = plugin + "/own"
first = told["first"]
ATTEMPTS = {
    # Before others open some.
    "descriptors": inherited,
    "file-outside": lambda: read(outside + "/file"),
    "file-outside-dotdot": lambda: read(plugin + "/../../outside/file"),
    "file-other-plugin": lambda: read(plane + "/other/file"),
    "file-plane-truth": lambda: read(plane + "/.holdfast/file"),
    "file-forbidden": lambda: read(plugin + "/secret/file"),
    "file-passwd": lambda: read("/etc/passwd"),
    "file-shadow": lambda: read("/etc/shadow"),
    "file-hostname": lambda: read("/etc/hostname"),
    "list-outside": lambda: os.listdir(outside),
    "list-truth": lambda: other_than_own(os.listdir(plane + "/.holdfast")),
    "list-sys": lambda: os.listdir("/sys/kernel"),
    "link-there": lambda: read(plugin + "/way-out"),
    "link-made": lambda: through(outside + "/file"),
    "link-to-proc-root": lambda: through("/proc/1/root" + outside + "/file"),
    "link-hard-out": lambda: os.link(outside + "/file", scratch + "/hard"),
    "link-hard-own": lambda: os.link(own, plugin + "/hard"),
    "proc-root": lambda: read("/proc/1/root/etc/passwd"),
    "proc-cwd": lambda: os.listdir("/proc/1/cwd"),
    "proc-environ": lambda: read("/proc/1/environ"),
    "proc-host-environ": lambda: read("/proc/%d/environ" % (host,)),
    "proc-memory": lambda: opened("/proc/1/mem", os.O_RDONLY),
    "proc-descriptors": lambda: os.listdir("/proc/1/fd"),
    "proc-maps": lambda: read("/proc/1/maps"),
    "proc-kcore": lambda: read("/proc/kcore"),
    # To open them is enough, and harms nobody where it is let.
    "proc-core-pattern": lambda: opened("/proc/sys/kernel/core_pattern"),
    "proc-sysrq": lambda: opened("/proc/sysrq-trigger"),
    "proc-hostname": lambda: put("/proc/sys/kernel/hostname"),
    "proc-oom": lambda: put("/proc/self/oom_score_adj", b"500"),
    "proc-uid-map": lambda: put("/proc/self/uid_map"),
    "handle": by_handle,
    "own-append": lambda: put(own),
    "own-truncate": lambda: os.truncate(own, 0),
    "own-unlink": lambda: os.unlink(own),
    "own-rename": lambda: os.rename(own, plugin + "/renamed"),
    "own-replace": lambda: os.rename(plugin + "/second", own),
    "own-chmod": lambda: os.chmod(own, 0o777),
    "own-chown": lambda: os.chown(own, os.getuid(), os.getgid()),
    "own-utime": lambda: os.utime(own, (1, 1)),
    "own-xattr": lambda: os.setxattr(own, "user.harm", b"1"),
    "own-attributes": lambda: fcntl.ioctl(os.open(own, os.O_RDONLY), 0x40086602, struct.pack("Q", 0x80)),
    "own-folder": lambda: os.mkdir(plugin + "/new"),
    "own-fifo": lambda: os.mkfifo(plugin + "/fifo"),
    "own-map": lambda: mmap.mmap(os.open(own, os.O_RDWR), 1),
    "write-outside": lambda: put(outside + "/harm"),
    "write-other": lambda: put(plane + "/other/harm"),
    "write-truth": lambda: put(plane + "/.holdfast/harm"),
    "write-plane": lambda: put(plane + "/harm"),
    "write-system": lambda: put("/usr/lib/harm"),
    "write-root": lambda: put("/harm"),
    "write-etc": lambda: put("/etc/ld.so.preload"),
    "device": lambda: os.mknod("/tmp/device", 0o60666, os.makedev(8, 0)),
    "device-memory": lambda: os.open("/dev/mem", os.O_RDONLY),
    "device-disk": lambda: os.open(told["disk"], os.O_RDONLY),
    "program-shell": lambda: spawn("/bin/sh", ["-c", "true"]),
    "program-perl": lambda: spawn("/usr/bin/perl", ["-e", "1"]),
    "program-loader": lambda: spawn("/usr/bin/ldd"),
    "program-copied": lambda: made_program("/tmp"),
    "program-copied-shm": lambda: made_program("/dev/shm"),
    "program-script": script_program,
    "program-memory": from_memory,
    "program-setuid": lambda: spawn("/usr/bin/su", ["--version"]),
    "preload": lambda: spawn("/bin/true", [], {"LD_PRELOAD": "/tmp/x.so"}),
    "sitecustomize": lambda: put(os.path.dirname(os.__file__) + "/sitecustomize.py"),
    "bytecode": lambda: put(plugin + "/__pycache__/own.pyc"),
    "tcp": lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", told["tcp"])),
    "tcp-mapped": lambda: connect(socket.AF_INET6, socket.SOCK_STREAM, ("::ffff:127.0.0.1", told["tcp"])),
    "tcp-away": lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("192.0.2.1", 80)),
    "tcp-metadata": lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("169.254.169.254", 80)),
    "udp-away": lambda: connect(socket.AF_INET, socket.SOCK_DGRAM, ("192.0.2.1", 53)),
    "udp-six": lambda: connect(socket.AF_INET6, socket.SOCK_DGRAM, ("2001:db8::1", 53)),
    "dns": lambda: socket.getaddrinfo("example.org", 443),
    "unix-path": lambda: connect(socket.AF_UNIX, socket.SOCK_STREAM, plugin + "/daemon.sock"),
    "unix-abstract": lambda: connect(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + told["abstract"]),
    "netlink": lambda: socket.socket(16, socket.SOCK_RAW, 0),
    "packet": lambda: socket.socket(17, socket.SOCK_RAW, 0),
    "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
    "vsock": lambda: socket.socket(40, socket.SOCK_STREAM, 0),
    "signal-host": lambda: os.kill(host, 0),
    "signal-first": lambda: (os.kill(1, signal.SIGKILL), os.kill(1, 0), (_ for _ in ()).throw(OSError(errno.EPERM, "alive"))),
    "pidfd": lambda: call((434, 434), told["victim"], 0),
    "priority": lambda: os.setpriority(os.PRIO_PROCESS, told["victim"], 19),
    "affinity": lambda: os.sched_setaffinity(told["victim"], {0}),
    "limits-of-other": lambda: resource.prlimit(told["victim"], resource.RLIMIT_CPU, (1, 1)),
    "trace-first": lambda: call((101, 117), 0x4206, first, 0, 0),
    "trace-me": lambda: call((101, 117), 0, 0, 0, 0),
    "memory-read": lambda: call((310, 270), first, None, 0, None, 0, 0),
    "memory-write": lambda: call((311, 271), first, None, 0, None, 0, 0),
    "compare": lambda: call((312, 272), first, first, 0, 0, 0),
    "steal-descriptor": stolen,
    "ring": lambda: call((425, 425), 4, ctypes.create_string_buffer(120)),
    "namespace-user": lambda: in_own_namespace(0x10000000, lambda: None),
    "namespace-mount": lambda: in_own_namespace(0x10020000, lambda: libc.mount(None, plane.encode(), None, 0x1020, None)),
    "namespace-join": lambda: call((308, 268), os.open("/proc/self/ns/net", os.O_RDONLY), 0),
    "namespace-clone": cloned,
    "mount": lambda: call((165, 40), b"none", b"/tmp", b"tmpfs", 0, None),
    "remount": lambda: call((165, 40), None, told["mounted"].encode(), None, 0x1020, None),
    "unmount": lambda: call((166, 39), (plugin + "/secret").encode(), 2),
    "mount-new": lambda: call((428, 428), -100, b"/", 1),
    "root-change": lambda: call((161, 51), b"/tmp"),
    "root-pivot": lambda: call((155, 41), b"/tmp", b"/tmp"),
    "key": lambda: call((250, 219), 0, -3, 0),
    "key-add": lambda: call((248, 217), b"user", b"harm", b"x", 1, -3),
    "bpf": lambda: call((321, 280), 0, struct.pack("=5I52x", 2, 4, 4, 1, 0), 72),
    "perf": lambda: call((298, 241), struct.pack("=2I56x", 1, 64), 0, -1, -1, 0),
    "userfault": lambda: call((323, 282), 0),
    "module": lambda: call((175, 105), None, 0, b""),
    "kexec": lambda: call((246, 104), 0, 0, None, 0),
    "reboot": lambda: call((169, 142), 0xfee1dead, 672274793, 0, None),
    "swap": lambda: call((167, 224), b"/tmp/x", 0),
    "clock-set": lambda: time.clock_settime(time.CLOCK_REALTIME, 0),
    "host-name": lambda: socket.sethostname("harm"),
    "become-root": lambda: os.setuid(0),
    "become-group": lambda: os.setgid(0),
    "groups": lambda: os.setgroups([0]),
    "capabilities": lambda: call((126, 91), struct.pack("=Ii", 0x20080522, 0), struct.pack("=6I", 1 << 21, 1 << 21, 0, 0, 0, 0)),
    "limit-core": no_limit,
    "limit-files": many_files,
    "environment": lambda: with_secret([repr(dict(os.environ)), open("/proc/self/environ").read()]),
    "environment-others": lambda: with_secret(of_all("environ")),
    "command-lines": lambda: with_secret(of_all("cmdline")),
    "terminal": lambda: os.open("/dev/tty", os.O_RDWR),
    "terminal-type": lambda: fcntl.ioctl(0, termios.TIOCSTI, b"x"),
    "shared-memory": lambda: other_than_own(os.listdir("/dev/shm")),
    "shared-segment": lambda: call((30, 196), told["segment"], None, 0),
    "processes-seen": lambda: os.stat("/proc/%d" % (host,)),
    # By number, past the interpreter.
    "raw-read": lambda: call((257, 56), -100, b"/etc/passwd", os.O_RDONLY, 0),
    "raw-read-outside": lambda: call((257, 56), -100, (outside + "/file").encode(), os.O_RDONLY, 0),
    "raw-read-link": lambda: call((257, 56), -100, (plugin + "/way-out").encode(), os.O_RDONLY, 0),
    "raw-read-hidden": lambda: call((437, 437), os.open(plugin, os.O_RDONLY), b"secret/file", struct.pack("=3Q", 0, 0, 0), 24),
    "raw-list": lambda: call((257, 56), -100, b"/sys/kernel", os.O_RDONLY | os.O_DIRECTORY, 0),
    "raw-write": lambda: call((257, 56), -100, own.encode(), os.O_WRONLY | os.O_APPEND, 0),
    "raw-write-link": lambda: call((257, 56), -100, (plugin + "/way-out").encode(), os.O_WRONLY, 0),
    "raw-write-below": lambda: call((257, 56), os.open(plane, os.O_RDONLY), b"plugin/../../outside/harm", os.O_WRONLY | os.O_CREAT, 0o600),
    "raw-unlink": lambda: call((263, 35), -100, own.encode(), 0),
    "raw-program": raw_program,
    # The last: others need it alive.
    "signal-victim": lambda: os.kill(told["victim"], signal.SIGKILL),
}
for name, action in ATTEMPTS.items():
    if name in told["left_out"]:
        continue
    # In a control each has a process of its own, since it succeeds.
    answers[name] = apart(lambda: judged(action)) if "is_control" in told else judged(action)

allowed = {}
def allow(name, action):
    try:
        action()
        allowed[name] = True
    except Exception as error:
        allowed[name] = repr(error)

def used(path):
    with open(path, "w") as file:
        file.write("kept")
    assert open(path).read() == "kept"

def threads():
    import threading
    one = threading.Thread(target=lambda: None)
    one.start()
    one.join()

def forked():
    pid = os.fork()
    if pid == 0:
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7

allow("read-own", lambda: open(own).read() == "own" or 1 / 0)
allow("temp", lambda: used("/tmp/kept"))
allow("shared-memory", lambda: used("/dev/shm/kept"))
allow("threads", threads)
allow("fork", forked)
allow("pair", lambda: socket.socketpair())
allow("modules", lambda: __import__("sqlite3") and __import__("ssl") and __import__("hashlib"))
allow("clock", lambda: time.time() > 1.6e9 or 1 / 0)
allow("random", lambda: os.urandom(8))
if data:
    allow("write-data", lambda: used(data + "/kept"))
if told["kind"] == "quality_gate":
    allow("read-wide", lambda: read(plane + "/other/file"))
print(json.dumps({"answers": answers, "allowed": allowed}))
`;
