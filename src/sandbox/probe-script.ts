/**
 * Two programs that try a jail out. The outer one runs as we do: it listens on the loopback device, starts the jail and waits.
 * The inner one runs behind the jail and does what a jail must prevent. What was really prevented is judged from outside.
 */

/** argv: the jail's command line; the two ports are added to it. Prints a JSON object. */
export const PROBE_OUTER = String.raw`
import json, socket, subprocess, sys

tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for one in (tcp, udp):
    one.bind(("127.0.0.1", 0))
    one.setblocking(False)
tcp.listen(8)
ports = [str(one.getsockname()[1]) for one in (tcp, udp)]
# Descriptors that we were given without wanting them must not reach the program.
run = subprocess.run(sys.argv[1:] + ports, stdin=subprocess.DEVNULL, capture_output=True, close_fds=False)


def reached(receive):
    try:
        receive()
        return True
    except BlockingIOError:
        return False


print(json.dumps({
    "exit_code": run.returncode,
    "said": run.stdout.decode("utf-8", "replace"),
    "stderr": run.stderr.decode("utf-8", "replace")[-2000:],
    "tcp": reached(tcp.accept),
    "udp": reached(lambda: udp.recv(16)),
}))
`;

/** argv: the secret, a folder beside it, the plane, then the two ports. Prints what it could do, one word a line, then "done". */
export const PROBE_INNER = String.raw`
import ctypes, os, socket, sys

secret, outside, plane, tcp, udp = sys.argv[1:]


def attempt(name, action):
    try:
        action()
        print(name)
    except OSError:
        pass


def written(path):
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666))


def sent(kind, port):
    with socket.socket(socket.AF_INET, kind) as one:
        one.settimeout(0.5)
        one.connect(("127.0.0.1", int(port)))
        one.send(b"probe")


def spoke(family):
    with socket.socket(family, socket.SOCK_DGRAM) as one:
        one.connect(("192.0.2.1", 9))
        one.send(b"probe")


def open_descriptors():
    for fd in range(3, 1024):
        try:
            os.fstat(fd)
        except OSError:
            continue
        return
    raise OSError


attempt("secret", lambda: open(secret).read())
attempt("listed", lambda: os.listdir(os.path.dirname(secret)))
attempt("plane", lambda: written(plane + "/new"))
attempt("plane", lambda: written(plane + "/file"))
attempt("plane", lambda: os.truncate(plane + "/file", 0))
attempt("plane", lambda: os.chmod(plane + "/file", 0o777))
attempt("plane", lambda: os.utime(plane + "/file", (1, 1)))
attempt("plane", lambda: os.unlink(plane + "/file"))
attempt("plane", lambda: os.rename(plane + "/file", plane + "/other"))
# Where the path is absent inside, these succeed on private folders; the prober looks at the real ones.
try:
    os.makedirs(outside, exist_ok=True)
    written(outside + "/new")
except OSError:
    pass
attempt("tcp", lambda: sent(socket.SOCK_STREAM, tcp))
try:
    sent(socket.SOCK_DGRAM, udp)
except OSError:
    pass
attempt("network", lambda: spoke(socket.AF_INET))
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK):
    attempt("socket", lambda: socket.socket(family, socket.SOCK_DGRAM).close())
for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/1/oom_score_adj"):
    attempt("kernel", lambda: os.close(os.open(path, os.O_WRONLY)))
attempt("descriptors", open_descriptors)
if ctypes.CDLL(None).prctl(39, 0, 0, 0, 0) != 1:
    print("setuid")
with open(plane + "/file") as file:
    if file.read() != "governed":
        print("unreadable")
with open(os.environ["TMPDIR"] + "/scratch", "w") as file:
    file.write("scratch")
print("done")
`;
