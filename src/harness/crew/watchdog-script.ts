/**
 * Stands between a run and one of its workers, so that whichever of them is killed, nothing the worker started survives.
 * It adopts what loses its parent below it (PR_SET_CHILD_SUBREAPER), also what made itself a daemon; when the worker ends, or
 * the socket at descriptor 3 does because the run is gone, it kills all there is. Killed itself, the kernel ends the worker.
 */
export const WATCHDOG_SCRIPT = `
import ctypes, os, select, signal, sys, time
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
RUN, GRACE_S = 3, float(sys.argv[1])
prctl = ctypes.CDLL(None, use_errno=True).prctl
prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
me = os.getpid()
woken, wake = os.pipe()
os.set_blocking(wake, False)
signal.signal(signal.SIGCHLD, lambda *_: None)
signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
worker = os.fork()
if worker == 0:
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != me:
        os._exit(137)
    os.closerange(3, 16)
    os.execv(sys.argv[2], sys.argv[2:])
nothing = os.open(os.devnull, os.O_RDWR)
os.dup2(nothing, 0)
os.dup2(nothing, 1)
code = None

def reap():
    global code
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True
        if pid == worker:
            code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)

def children():
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/" + name + "/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == me and fields[0] != b"Z":
            found.append(int(name))
    return found

deadline = None
reap()
while code is None:
    left = None if deadline is None else max(0.0, deadline - time.monotonic())
    ready = select.select([woken] if deadline is not None else [woken, RUN], [], [], left)[0]
    if woken in ready:
        os.read(woken, 4096)
    if RUN in ready:
        # Worker and run say nothing here: what can be read is the end.
        deadline = time.monotonic() + GRACE_S
    reap()
    if deadline is not None and time.monotonic() >= deadline:
        break
# A process that is killed hands its own children to us, so one look is not enough.
while reap():
    for pid in children():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    time.sleep(0.005)
sys.exit(137 if code is None else code)
`;
