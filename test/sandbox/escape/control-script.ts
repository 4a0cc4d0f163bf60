/**
 * The same attempts where nothing forbids them: in namespaces of their own, over a copy of this machine's files that is thrown
 * away, with everything there that the attempts look for. What fails here says nothing of a sandbox.
 * stdin: a JSON object. Prints attempt → what became of it. As root, or for an ordinary user in a user namespace.
 */
export const CONTROL = String.raw`
import ctypes, errno, fcntl, io, json, os, pty, resource, signal, socket, struct, subprocess, sys, termios, threading, shutil

given = json.load(sys.stdin)
told, secret = given["told"], given["told"]["secret"]
libc = ctypes.CDLL(None, use_errno=True)
NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000

def check(result, what):
    if result == -1:
        raise OSError(ctypes.get_errno(), what)
    return result

def mount(source, target, kind, flags=0, options=""):
    check(libc.mount(source.encode(), target.encode(), kind and kind.encode(), flags, options.encode()), "mount " + target)

def put(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)

def own_root():
    uid, gid = os.geteuid(), os.getegid()
    is_root = uid == 0
    check(libc.unshare(NEWNS | NEWUTS | NEWIPC | NEWPID | NEWNET | (0 if is_root else NEWUSER)), "unshare")
    if not is_root:
        for name, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % uid), ("gid_map", "0 %d 1" % gid)):
            put("/proc/self/" + name, text)
    return is_root

def lay_over(is_root):
    mount("none", "/", None, 0x4000 | 0x40000)
    mount("over", "/mnt", "tmpfs")
    # Others' files an ordinary user cannot change anyway.
    top = "/mnt/root" if is_root else ""
    if is_root:
        for name in ("upper", "work", "root"):
            os.mkdir("/mnt/" + name)
        mount("over", top, "overlay", 0, "lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work")
        for name in ("dev", "sys"):
            mount("/" + name, top + "/" + name, None, 0x1000 | 0x4000)
    mount("proc", top + "/proc", "proc")
    mount("shm", top + "/dev/shm", "tmpfs")
    # An interpreter that lies there is brought along.
    own = open(given["node"], "rb") if given["node"].startswith("/tmp/") else None
    mount("tmp", top + "/tmp", "tmpfs")
    if own:
        os.makedirs(os.path.dirname(top + given["node"]))
        with own, open(top + given["node"], "wb") as copy:
            shutil.copyfileobj(own, copy)
        os.chmod(top + given["node"], 0o755)
    put("/mnt/hosts", "127.0.0.1 localhost\n192.0.2.1 example.org\n")
    if os.path.exists(top + "/etc/hosts"):
        mount("/mnt/hosts", top + "/etc/hosts", None, 0x1000)
    if not is_root:
        return
    os.chdir(top)
    check(libc.syscall(ctypes.c_long(155 if os.uname().machine == "x86_64" else 41), b".", b"."), "pivot")
    check(libc.umount2(b".", 2), "leave")
    os.chdir("/")

def scene():
    folder, plugin = told["folder"], told["plugin"]
    os.makedirs(folder, exist_ok=True)
    mount("scene", folder, "tmpfs")
    for path in (plugin + "/secret", told["outside"] + "/mounted", told["data"], plugin + "/__pycache__"):
        os.makedirs(path)
    mount("secret", plugin + "/secret", "tmpfs")
    mount(told["outside"] + "/mounted", told["outside"] + "/mounted", None, 0x1000)
    put("/dev/shm/of-another", "x")
    os.symlink(told["outside"] + "/file", plugin + "/way-out")

def restore():
    for path in ("outside/file", "plane/other/file", "plane/.holdfast/file", "plane/plugin/secret/file"):
        put(told["folder"] + "/" + path, secret)
    for name in ("own", "second"):
        path = told["plugin"] + "/" + name
        if os.path.exists(path):
            os.unlink(path)
        put(path, "own")

def network():
    with socket.socket() as one:
        fcntl.ioctl(one, 0x8914, struct.pack("16sh14x", b"lo", 0x41))
        for label, address in ((b"lo:1", "192.0.2.1"), (b"lo:2", "169.254.169.254")):
            fcntl.ioctl(one, 0x8916, struct.pack("16sHH4s8x", label, socket.AF_INET, 0, socket.inet_aton(address)))
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
        fcntl.ioctl(one, 0x8916, socket.inet_pton(socket.AF_INET6, "2001:db8::1") + struct.pack("=Ii", 128, 1))
    doors = []
    for family, address in (
        (socket.AF_INET, ("", 80)), (socket.AF_INET, ("127.0.0.1", told["tcp"])),
        (socket.AF_UNIX, told["plugin"] + "/daemon.sock"), (socket.AF_UNIX, "\0" + told["abstract"])):
        door = socket.socket(family, socket.SOCK_STREAM)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
        door.listen(64)
        doors.append(door)
    return doors

def others():
    def sleeper():
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", secret], env={"SECRET": secret}).pid
    libc.shmget.restype = ctypes.c_int
    told.update(pid=sleeper(), victim=sleeper(), first=0, segment=check(libc.shmget(0, 64, 0o1600), "shmget"))
    told.update(first=told["pid"], mounted=told["outside"] + "/mounted", is_control=True)

def apart(judged):
    """One attempt in a process and a view of its own."""
    restore()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.alarm(10)
        libc.unshare(NEWNS)
        os.write(writing, judged().encode())
        os._exit(0)
    os.close(writing)
    said = os.read(reading, 64).decode()
    os.close(reading)
    os.waitpid(pid, 0)
    return said or "nothing"

def terminal():
    # Its other end stays open, and what it says is read away.
    main, side = os.openpty()
    os.setsid()
    fcntl.ioctl(side, termios.TIOCSCTTY, 0)
    return main, side

def run():
    lay_over(is_root)
    scene()
    os.open("/etc/passwd", os.O_RDONLY)
    kept = network()
    others()
    restore()
    os.environ["HOLDFAST_TOKEN"] = secret
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    out = os.dup(1)
    kept = [*kept, terminal()]
    if given["runtime"] == "node":
        done = subprocess.run([given["node"], "--input-type=module", "-e", given["text"]], input=json.dumps(told).encode(), stdout=subprocess.PIPE)
        os.write(out, done.stdout)
        return
    os.dup2(kept[-1][1], 0)
    sys.stdin = io.StringIO(json.dumps(told))
    exec(given["text"], {"__name__": "__main__", "apart": apart})
    sys.stdout.flush()

is_root = own_root()
child = os.fork()
if child == 0:
    try:
        run()
    except BaseException:
        import traceback
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`;
