/**
 * Run by root before the jail is built, where a folder closed to others stands in the way. In a mount namespace of its own it
 * lays an empty folder over the closed one and binds into it what may be read, so that nothing else of it is there: less is
 * seen than before, and nothing changes outside. Paths are opened name by name and no link is followed: the owner of the
 * folder could lead root elsewhere. argv: a JSON object, then the command that builds the jail.
 */
export const OPENING_SCRIPT = String.raw`
import ctypes, json, os, stat, sys

MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE, CLONE_NEWNS = 2, 4, 0x1000, 0x4000, 0x40000, 0x20000
libc = ctypes.CDLL(None, use_errno=True)


def fail(text):
    sys.stderr.write("jail: %s\n" % (text,))
    sys.stderr.flush()
    os._exit(125)


def check(what, result):
    if result == -1:
        folders = ", ".join(CONFIG["closed"])
        fail("%s is closed to others and no way around could be made (%s: %s); run the command as its owner, or run "
             "\"chmod o+x\" on it" % (folders, what, os.strerror(ctypes.get_errno())))


def mount(source, target, kind, flags, options=None):
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind, options)]
    check("mount", libc.mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), encoded[3]))


def opened(path):
    fd = os.open("/", os.O_PATH | os.O_CLOEXEC)
    for name in path.split("/")[1:]:
        below = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd)
        if stat.S_ISLNK(os.fstat(below).st_mode):
            fail("a link stands at %s of %s" % (name, path))
        os.close(fd)
        fd = below
    return path, fd


def lay(path, fd):
    is_directory = stat.S_ISDIR(os.fstat(fd).st_mode)
    os.makedirs(path if is_directory else os.path.dirname(path), 0o755, exist_ok=True)
    if not is_directory:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
    mount("/proc/self/fd/%d" % (fd,), path, None, MS_BIND | MS_REC)


CONFIG = json.loads(sys.argv[1])
try:
    os.umask(0o022)
    check("unshare", libc.unshare(CLONE_NEWNS))
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    found = [opened(path) for path in sorted(CONFIG["paths"])]
    for folder in CONFIG["closed"]:
        mount("jail", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m")
    for path, fd in found:
        lay(path, fd)
    os.execv(sys.argv[2], sys.argv[2:])
except OSError as error:
    fail("%s: %s" % (type(error).__name__, error))
`;
