/**
 * The launcher of the layers that need no program but Python: it confines itself with system calls, then becomes the program.
 * Run with `-I -S -B -c` by an interpreter from outside every plane; its first argument is a JSON object, the rest the program.
 * It exits 125 with a line on stderr, before the start mark, when the jail could not be built.
 */
import { LANDLOCK_SCRIPT } from "./landlock-script.ts";
import { NAMESPACES_SCRIPT } from "./namespaces-script.ts";
import { SYSCALL_FILTER_SCRIPT } from "./syscall-filter-script.ts";

const COMMON = String.raw`
import ctypes, json, os, resource, signal, struct, sys

PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 24, 22, 38
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def fail(text):
    sys.stderr.write("jail: %s\n" % (text,))
    sys.stderr.flush()
    os._exit(125)


def check(what, result):
    if result == -1:
        fail("%s: %s" % (what, os.strerror(ctypes.get_errno())))
    return result


def number(value):
    return ctypes.c_long(value) if isinstance(value, int) else value


def syscall(what, nr, *args):
    return check(what, libc.syscall(ctypes.c_long(nr), *map(number, args)))


def prctl(what, option, *args):
    return check(what, libc.prctl(ctypes.c_int(option), *[ctypes.c_ulong(a) for a in args + (0,) * (4 - len(args))]))


def close_descriptors(kept=()):
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:
                pass


def drop_privileges():
    """No capability now, none after any exec. The user stays: the plane may be readable to its owner only."""
    prctl("no_new_privs", PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(64):
        # EINVAL above the last one the kernel knows, EPERM where there is none to lose.
        libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0)
    header = struct.pack("=Ii", 0x20080522, 0)
    syscall("capset", CAPSET, header, b"\0" * 24)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def become(config, argv):
    os.chdir(config["cwd"])
    if config["start_mark"]:
        os.write(2, (config["start_mark"] + "\n").encode())
    try:
        os.execve(argv[0], argv, config["env"])
    except OSError as error:
        os.write(2, ("%s cannot be started: %s\n" % (argv[0], error.strerror)).encode())
        os._exit(126 if error.errno == 13 else 127)


def guarded(run, *args):
    try:
        run(*args)
    except BaseException as error:
        fail("%s: %s" % (type(error).__name__, error))


def exit_as(status):
    """As a shell would: 128 and the number of the signal."""
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
`;

const MAIN = String.raw`
def main():
    # As a text, or as the number of a descriptor to read it from: the command line of a process is seen by others.
    text, argv = sys.argv[1], sys.argv[2:]
    if text.isdigit():
        with open(int(text)) as file:
            text = file.read()
    config = json.loads(text)
    close_descriptors(config.get("keep", ()))
    prctl("pdeathsig", PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.geteuid() == 0:
        os.setgroups([])
    {"namespaces": namespaces, "landlock": landlock}[config["layer"]](config, argv)


guarded(main)
`;

/** Prints, in hexadecimal, the filter of system calls for a layer that brings its own namespaces. */
export const FILTER_PROGRAM_SCRIPT = [
  COMMON,
  SYSCALL_FILTER_SCRIPT,
  "print(filter_program(SOCKET + MACHINERY, True).hex())",
].join("\n");

export const LAUNCHER_SCRIPT = [COMMON, SYSCALL_FILTER_SCRIPT, NAMESPACES_SCRIPT, LANDLOCK_SCRIPT, MAIN].join(
  "\n",
);
