/**
 * Landlock from ABI 3 (Linux 6.2; before it a file could be emptied that may not be written) with the seccomp filter. There is
 * no process namespace: the tree is kept in one process group, which a watchdog outside the jail kills whole when the launcher
 * ends, however it ends.
 */
export const LANDLOCK_SCRIPT = String.raw`
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ABI_MIN, ABI_SIGNALS = 3, 6
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE, IOCTL_DEV = 1, 2, 4, 8, 1 << 14, 1 << 15


def restrict_files(config, abi):
    files = (1 << (15 if abi < 5 else 16)) - 1
    fields = [files] + ([3] if abi >= 4 else []) + ([3] if abi >= ABI_SIGNALS else [])
    attributes = struct.pack("=%dQ" % len(fields), *fields)
    ruleset = syscall("landlock_create_ruleset", CREATE_RULESET, attributes, len(attributes), 0)

    def allow(path, rights):
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", rights & files, fd)
        syscall("allow %s" % (path,), ADD_RULE, ruleset, 1, rule, 0)
        os.close(fd)

    for path in config["shown"]:
        allow(path, EXECUTE | READ_FILE | (READ_DIR if os.path.isdir(path) else 0))
    for path in config["devices"]:
        allow(path, READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV)
    allow(config["temp"], files)
    syscall("landlock_restrict_self", RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def confined(config, argv, abi):
    resource.setrlimit(resource.RLIMIT_FSIZE, (config["temp_bytes"], config["temp_bytes"]))
    os.umask(0o077)
    drop_privileges()
    restrict_files(config, abi)
    denied = SOCKET + MACHINERY + METADATA + GROUP + NEIGHBOURS
    filter_syscalls(denied + ([] if abi >= ABI_SIGNALS else SIGNALS), False)
    become(config, argv)


def watch(alive):
    os.setpgid(0, 0)
    os.read(alive, 1)
    os.killpg(0, signal.SIGKILL)


def landlock(config, argv):
    abi = syscall("landlock", CREATE_RULESET, None, 0, 1)
    if abi < ABI_MIN:
        fail("Landlock ABI %d is older than %d" % (abi, ABI_MIN))
    alive, life = os.pipe()
    watchdog = os.fork()
    if watchdog == 0:
        os.close(life)
        guarded(watch, alive)
    # In both processes, so that it is done whichever runs first.
    os.setpgid(watchdog, watchdog)
    os.close(alive)
    child = os.fork()
    if child == 0:
        os.setpgid(0, watchdog)
        os.close(life)
        guarded(confined, config, argv, abi)
    status = os.waitpid(child, 0)[1]
    os.killpg(watchdog, signal.SIGKILL)
    os.waitpid(watchdog, 0)
    exit_as(status)
`;
