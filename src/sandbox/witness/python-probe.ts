/**
 * Tries to break each promise from inside, without the tripwire. stdin: a JSON object. Prints one JSON object: claim → what
 * was seen, where "held" begins the answer when the promise was kept. What arrived outside is judged there.
 */
export const PYTHON_PROBE = String.raw`
import ctypes, errno, json, os, resource, signal, socket, sys, time

told = json.load(sys.stdin)
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
column = 0 if os.uname().machine == "x86_64" else 1

def seen(action):
    try:
        action()
        return "done"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error.errno))
    except Exception:
        # What was read was no text, or the like: it was there.
        return "done"

def apart(action):
    """In a process of its own: what succeeds would change the rest."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writing, seen(action).encode())
        os._exit(0)
    os.close(writing)
    said = os.read(reading, 64).decode()
    os.close(reading)
    os.waitpid(pid, 0)
    return said

def call(number, *args):
    if libc.syscall(ctypes.c_long(number[column]), *args) == -1:
        raise OSError(ctypes.get_errno(), "call")

def all_denied(actions, allowed=(), one_by_one=seen):
    answers = [one_by_one(action) for action in actions]
    holes = [answer for answer in answers if answer == "done" or (allowed and answer not in allowed)]
    return ("held " if not holes else "broken ") + " ".join(sorted(set(answers)))

def put(path):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)
    try:
        os.write(fd, b"x")
    finally:
        os.close(fd)

def same(texts, wanted):
    return "held" if texts == wanted else "broken %s" % (texts,)

def send(address):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        one.settimeout(1)
        one.connect(address)

def make(family, kind):
    socket.socket(family, kind).close()

def asked_proxy():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        one.settimeout(5)
        one.connect(("127.0.0.1", told["relay_port"]))
        one.send(b"CONNECT not-granted.invalid:443 HTTP/1.1\r\n\r\n")
        return one.recv(64)

def forks():
    children = []
    try:
        for _ in range(told["processes_max"] + 8):
            pid = os.fork()
            if pid == 0:
                time.sleep(5)
                os._exit(0)
            children.append(pid)
    except OSError:
        return "held at %d" % (len(children),)
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return "broken at %d" % (len(children),)

def fill():
    written = 0
    try:
        for number in range(1 + told["temp_bytes_max"] // (256 << 10)):
            with open("/tmp/fill-%d" % (number,), "wb") as file:
                file.write(bytes(256 << 10))
            written += 256 << 10
    except OSError as error:
        return ("held " if error.errno == errno.ENOSPC else "broken ") + errno.errorcode[error.errno]
    finally:
        for name in os.listdir("/tmp"):
            if name.startswith("fill-"):
                os.unlink("/tmp/" + name)
    return "broken %d" % (written,)

def outlive():
    # Twice forked, in a session of its own, deaf to signals.
    program = os.getpid()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        if os.fork() == 0:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            for fd in (0, 1, 2):
                os.close(fd)
            os.write(writing, b"here")
            # Until the program is gone, and a little longer: what is done before is no sign.
            try:
                while True:
                    os.kill(program, 0)
                    time.sleep(0.01)
            except OSError:
                time.sleep(0.1)
            for folder in told["written"] + ["/tmp"]:
                try:
                    put(folder + "/" + told["late"])
                except OSError:
                    pass
            time.sleep(2)
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(writing)
    # Whether it lived on is seen from outside.
    return "held" if os.read(reading, 4) == b"here" else "broken: nothing was left behind"

def spaces():
    own = {name: os.readlink("/proc/self/ns/" + name) for name in told["spaces"]}
    shared = [name for name in own if own[name] == told["spaces"][name]]
    return "held" if not shared else "broken shares " + " ".join(shared)

def status(name):
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(name + ":"):
                return line.split()[1]

def descriptors():
    def is_socket(fd):
        return os.readlink("/proc/self/fd/%d" % (fd,)).startswith(("socket:", "pipe:"))
    found = []
    for fd in range(0, 1024):
        try:
            os.fstat(fd)
            found.append(fd)
        except OSError:
            pass
    extra = [fd for fd in found if fd > 2 and fd not in told["descriptors"]]
    return "held" if not extra and all(is_socket(fd) for fd in found) else "broken %s" % (found,)

def works():
    with open(told["plugin"] + "/own") as file:
        assert file.read() == "own"
    for folder in told["written"]:
        put(folder + "/made-inside")
    for folder in ("/tmp", "/dev/shm"):
        put(folder + "/scratch-" + told["late"])
        os.unlink(folder + "/scratch-" + told["late"])

def users():
    with open("/proc/self/uid_map") as file:
        outside = [line.split()[1] for line in file]
    return "held" if os.getuid() != 0 and "0" not in outside and status("CapEff").strip("0") == "" else "broken %s" % (outside,)

def followed(path):
    link = told["link_in"] + "/link-" + told["late"]
    os.symlink(path, link)
    try:
        os.close(os.open(link, os.O_RDONLY))
    finally:
        os.unlink(link)

outside, plugin = told["outside"], told["plugin"]
answers = {
    "files.outside": all_denied([lambda path=path: os.listdir(path) if path.endswith("/") else os.close(os.open(path, os.O_RDONLY)) for path in told["unread"]]),
    "files.hidden": all_denied([lambda path=path: open(path).read(1) == "" and os.stat("/gone") for path in told["hidden"]]),
    "files.own": all_denied([
        lambda: put(plugin + "/new"), lambda: put(plugin + "/own"), lambda: os.truncate(plugin + "/own", 0),
        lambda: os.unlink(plugin + "/own"), lambda: os.rename(plugin + "/own", plugin + "/other"),
        lambda: os.chmod(plugin + "/own", 0o777), lambda: os.utime(plugin + "/own", (1, 1)),
        lambda: os.symlink("/", plugin + "/link"), lambda: os.mkdir(plugin + "/folder")]),
    "files.system": all_denied([lambda path=path: put(path) for path in (
        "/usr/lib/new", "/etc/new", "/new", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/self/oom_score_adj",
        "/run/new", "/var/new", outside + "/new")]),
    "files.link": all_denied([lambda path=path: followed(path) for path in (outside + "/file", "/etc/shadow", "/proc/1/root")]),
    "network.space": spaces(),
    "network.tcp": all_denied([lambda: send(("127.0.0.1", told["port"])), lambda: send(("192.0.2.1", 9))]),
    "network.socket": all_denied([
        lambda family=family, kind=kind: make(family, kind) for family in (socket.AF_INET, socket.AF_INET6)
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)]),
    "network.unix": all_denied([lambda family=family: make(family, socket.SOCK_DGRAM) for family in (
        socket.AF_UNIX, socket.AF_NETLINK, socket.AF_PACKET, 40)]),
    "processes.hidden": all_denied([
        lambda: os.kill(told["pid"], 0), lambda: os.stat("/proc/%d" % (told["pid"],)),
        lambda: os.listdir("/proc/1/fd"), lambda: open("/proc/1/environ").read(), lambda: open("/proc/1/mem").read()]),
    "processes.trace": all_denied([
        lambda: call((101, 117), 16, 1, 0, 0), lambda: call((310, 270), 1, None, 0, None, 0, 0), lambda: call((311, 271), 1, None, 0, None, 0, 0)], ("EPERM",)),
    "programs.none": all_denied([
        lambda path=path: os.posix_spawn(path, [path], {}) for path in told["programs"]], ("EACCES", "ENOENT", "EPERM")),
    "kernel.ring": all_denied([lambda: call((425, 425), 4, ctypes.create_string_buffer(120))], ("ENOSYS",)),
    "kernel.spaces": all_denied([
        lambda: call((272, 97), 0x10000000), lambda: call((165, 40), b"none", b"/tmp", b"tmpfs", 0, None),
        lambda: call((250, 219), 0, -3, 0), lambda: call((321, 280), 0, None, 0), lambda: call((56, 220), 0x10000011, 0, 0, 0, 0),
        lambda: call((161, 51), b"/tmp")], ("EPERM",), apart),
    "rights.user": users(),
    "rights.gain": "held" if status("NoNewPrivs") == "1" and status("Seccomp") == "2" else "broken",
    "environment": same(sorted(os.environ), told["environment"]),
    "descriptors": descriptors(),
    "terminal": all_denied([lambda: os.close(os.open("/dev/tty", os.O_RDWR)), lambda: os.tcgetpgrp(0)]),
    "temp.size": fill(),
    "processes.count": forks(),
    "allowed": "held" if seen(works) == "done" else "broken " + seen(works),
}
if told["relay_port"]:
    said = asked_proxy()
    answers["network.domain"] = ("held " if b" 403 " in said else "broken ") + said.decode("latin1").split("\r")[0]
answers["processes.tree"] = outlive()
print(json.dumps(answers))
`;
