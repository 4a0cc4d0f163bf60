/**
 * User, mount, network, process, IPC and host-name namespaces by system calls (Linux 5.12 for `mount_setattr`). The root is a
 * new tmpfs, read-only; what is shown is mounted into it, read-only with everything below; everything else is not there.
 */
export const NAMESPACES_SCRIPT = String.raw`
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_RDONLY, MS_REC, MS_PRIVATE = 2, 4, 8, 1, 0x4000, 0x40000
OPEN_TREE, MOVE_MOUNT, MOUNT_SETATTR = 428, 429, 442
PIVOT_ROOT = (155, 41)[COLUMN]
AT_FDCWD, AT_EMPTY_PATH, AT_RECURSIVE, CLONE, CLOEXEC = -100, 0x1000, 0x8000, 1, 0x80000
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV = 1, 2, 4
NAMESPACES = 0x10000000 | 0x00020000 | 0x40000000 | 0x20000000 | 0x08000000 | 0x04000000 | 0x02000000
BASE = b"/tmp"


def mount(source, target, kind, flags, options=None):
    what = "mount %s" % (target.decode(),)
    check(what, libc.mount(source, target, kind, ctypes.c_ulong(flags), options))


def set_attributes(what, fd, path, flags, attributes):
    syscall(what, MOUNT_SETATTR, fd, path, flags, struct.pack("=QQQQ", attributes, 0, 0, 0), 32)


def taken(path, attributes):
    """A private copy of the mounts at a path, before it is covered."""
    fd = syscall("open %s" % (path,), OPEN_TREE, AT_FDCWD, os.fsencode(path), CLONE | CLOEXEC | AT_RECURSIVE)
    set_attributes("protect %s" % (path,), fd, b"", AT_EMPTY_PATH | AT_RECURSIVE, attributes)
    return path, fd, os.path.isdir(path)


def lay(path, fd, is_directory):
    target = os.fsdecode(BASE) + path
    os.makedirs(target if is_directory else os.path.dirname(target), 0o755, exist_ok=True)
    # In a folder that is shown, read-only, the file is there already.
    if not is_directory and not os.path.lexists(target):
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o644))
    syscall("show %s" % (path,), MOVE_MOUNT, fd, b"", AT_FDCWD, os.fsencode(target), 4)
    os.close(fd)


def laid(asked):
    """From one place to another."""
    rights = {True: ATTR_NOSUID | ATTR_NODEV, False: ATTR_NOSUID | ATTR_NODEV | ATTR_RDONLY}
    return [(target, *taken(source, rights[is_written])[1:]) for source, target, is_written in asked]


def build_root(config):
    mount(None, b"/", None, MS_REC | MS_PRIVATE)
    trees = [taken(path, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV) for path in config["shown"]]
    trees += [taken(path, ATTR_RDONLY | ATTR_NOSUID) for path in config["devices"]]
    # In the order given: one may lie in another.
    trees += laid(config.get("laid", ()))
    kept = laid(config.get("kept", ()))
    mount(b"jail", BASE, b"tmpfs", MS_NOSUID | MS_NODEV, b"mode=0755,size=4m")
    os.chdir(BASE)
    for name in ("tmp", "proc"):
        os.mkdir(name)
    # Before the paths shown: some of them may lie below it.
    bound = "mode=0700,size=%d,nr_inodes=65536" % (config["temp_bytes"],)
    mount(b"jail", BASE + b"/tmp", b"tmpfs", MS_NOSUID | MS_NODEV, bound.encode())
    if config.get("shared_memory"):
        os.makedirs("dev/shm", 0o755)
        mount(b"jail", BASE + b"/dev/shm", b"tmpfs", MS_NOSUID | MS_NODEV, bound.encode())
    protected = [path for path, is_folder in config.get("masks", ()) if is_folder]
    if config.get("base"):
        os.makedirs(os.fsdecode(BASE) + config["base"], 0o755, exist_ok=True)
        mount(b"jail", BASE + os.fsencode(config["base"]), b"tmpfs", MS_NOSUID | MS_NODEV, b"mode=0555,size=1m")
        protected.append(config["base"])
    for tree in trees:
        lay(*tree)
    for path, is_folder in config.get("masks", ()):
        target = BASE + os.fsencode(path)
        if is_folder:
            mount(b"jail", target, b"tmpfs", MS_NOSUID | MS_NODEV, b"mode=0555,size=4096")
        else:
            mount(BASE + b"/dev/null", target, None, 0x1000)
            mount(None, target, None, 0x1000 | 0x20 | MS_NOSUID | MS_RDONLY)
    for tree in kept:
        lay(*tree)
    for path in protected:
        set_attributes("protect %s" % (path,), AT_FDCWD, BASE + os.fsencode(path), 0, ATTR_RDONLY)
    for link in config["links"]:
        at = os.fsdecode(BASE) + link["at"]
        os.makedirs(os.path.dirname(at), 0o755, exist_ok=True)
        os.symlink(link["to"], at)
    mount(b"proc", BASE + b"/proc", b"proc", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY)
    syscall("change the root", PIVOT_ROOT, b".", b".")
    check("leave the old root", libc.umount2(b".", 2))
    os.chdir("/")
    # Of the mounts alone: a read-only superblock would be shared with nobody, but the flag is refused for it.
    for path in (b"/", b"/proc"):
        set_attributes("protect %s" % (path.decode(),), AT_FDCWD, path, 0, ATTR_RDONLY)


def raise_loopback():
    """For a relay inside: bubblewrap does it by itself."""
    import fcntl, socket
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        fcntl.ioctl(one, 0x8914, struct.pack("=16sh14x", b"lo", 0x41))


def first_process(config, argv, ready, go):
    """Process 1 of the jail: when it ends, the kernel ends every other one."""
    prctl("pdeathsig", PR_SET_PDEATHSIG, signal.SIGKILL)
    os.write(ready, b"r")
    # The parent that should have sent this byte is gone: nobody would end the jail.
    if os.read(go, 1) != b"g":
        os._exit(125)
    build_root(config)
    if "status" in config:
        raise_loopback()
    close_descriptors(config.get("keep", ()))
    drop_privileges()
    # Where there is somebody to tell, the program that is started next sets the filter, and answers for it.
    if "status" not in config:
        filter_syscalls(SOCKET + MACHINERY, True)
    if "status" in config:
        # It holds descriptors that are none of the program's.
        prctl("dumpable", 4, 0)
    child = os.fork()
    if child == 0:
        os.setsid()
        guarded(become, config, argv)
    while True:
        ended, status = os.wait()
        if ended == child:
            exit_as(status)


def namespaces(config, argv):
    uid, gid = os.geteuid(), os.getegid()
    check("unshare", libc.unshare(NAMESPACES))
    for name, text in (("setgroups", "deny"), ("uid_map", "65534 %d 1" % uid), ("gid_map", "65534 %d 1" % gid)):
        with open("/proc/self/" + name, "w") as file:
            file.write(text)
    ready_read, ready_write = os.pipe()
    go_read, go_write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ready_read)
        os.close(go_write)
        guarded(first_process, config, argv, ready_write, go_read)
    os.close(ready_write)
    os.close(go_read)
    if os.read(ready_read, 1) == b"r":
        if "status" in config:
            os.write(config["status"], b'"child-pid": %d\n' % (child,))
        os.write(go_write, b"g")
    exit_as(os.waitpid(child, 0)[1])
`;
