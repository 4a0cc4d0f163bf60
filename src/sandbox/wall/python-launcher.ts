/**
 * Runs a Python program as its main module, with a tripwire that says what was tried and is not granted. It is no wall: the
 * program could get around it, and then meets the wall without a good message.
 * argv: a Python literal, the file, then the program's own arguments.
 */
export const PYTHON_LAUNCHER = String.raw`
import os, sys

def tripwire(config):
    write, fspath, realpath, separator = os.write, os.fspath, os.path.realpath, os.sep
    plane, fd = config["plane"], config["denials_fd"]
    said, is_worker = set(), "HOLDFAST_WORKER" in os.environ

    def inside(path, folders):
        return any(path == folder or path.startswith(folder.rstrip(separator) + separator) for folder in folders)

    def say(rule, subject):
        # A worker cannot tell one call from the next, and each is to have its own record.
        if not is_worker:
            if (rule, subject) in said or len(said) > 200:
                return
            said.add((rule, subject))
        from json import dumps
        try:
            write(fd, (dumps({"rule": rule, "subject": subject[:400], "seen_by": "python"}) + "\n").encode())
        except OSError:
            pass

    def elsewhere(path):
        """Of a process that is not of this namespace: a number above the last that was given in it."""
        number = path[6:].split(separator, 1)[0] if path.startswith("/proc/") else ""
        if not number.isdigit():
            return False
        with open("/proc/loadavg") as file:
            return int(number) > int(file.read().split()[-1])

    def need(rule, path):
        if isinstance(path, int) or path is None:
            return
        try:
            text = os.fsdecode(fspath(path))
            real = realpath(text)
        except OSError:
            real = os.path.abspath(text)
        except (TypeError, ValueError):
            return
        granted = config["write"] if rule == "files.write" else config["read"] + config["write"]
        # A plane in /tmp is not the private /tmp of this program.
        if inside(real, [plane]):
            granted = [one for one in granted if inside(one, [plane])]
        # A folder on the way to something granted shows no more than that.
        if rule == "files.read" and any(inside(one, [real]) for one in granted):
            return
        if inside(real, granted) and not inside(real, config["hidden"]) and not elsewhere(real):
            return
        say(rule, real)
        # Elsewhere nothing is there to be found: a library that looks for its settings there goes on without them.
        if rule == "files.write" or inside(real, [plane]):
            raise PermissionError(13, "not granted: %s" % (rule,), text)

    def opened(path, mode, flags):
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        need("files.write" if writes else "files.read", path)

    def program(name, *_):
        if config["subprocess"]:
            return
        say("subprocess", str(name)[:200])
        raise PermissionError(13, "not granted: subprocess", str(name)[:200])

    def reach(host, port):
        if isinstance(host, bytes):
            host = host.decode("ascii", "replace")
        if host in ("127.0.0.1", "localhost", "", None) and config["network"]:
            return
        say("network", "%s:%s" % (host, port) if port else str(host))
        how = "use the proxy in HTTPS_PROXY" if config["network"] else "not granted: network"
        raise PermissionError(13, how, str(host))

    def connected(_, address):
        if isinstance(address, tuple) and len(address) >= 2:
            reach(address[0], address[1])
        else:
            reach(repr(address)[:100], None)

    def socket_made(_, family, *__):
        # -1 for a descriptor that is there already; a pair of local ones may be made, and towards the proxy those of the internet.
        if family < 2 or family in (2, 10) and config["network"]:
            return
        say("network", "a socket of the family %d" % (family,))

    changes = {name: (lambda path, *_: need("files.write", path)) for name in (
        "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.chmod", "os.chown", "os.utime", "os.setxattr",
        "os.removexattr", "os.mkfifo", "os.mknod")}
    both = lambda one, two, *_: (need("files.write", one), need("files.write", two))
    watched = {
        "open": opened,
        "os.listdir": lambda path: need("files.read", path),
        "os.scandir": lambda path: need("files.read", path),
        "os.rename": both,
        "os.link": both,
        "os.symlink": lambda _, path, *__: need("files.write", path),
        "subprocess.Popen": program,
        "os.system": program,
        "os.exec": program,
        "os.posix_spawn": program,
        "os.spawn": lambda _, path, *__: program(path),
        "socket.__new__": socket_made,
        "socket.connect": connected,
        "socket.sendto": connected,
        "socket.getaddrinfo": lambda host, port, *_: reach(host, port),
        "socket.gethostbyname": lambda host: reach(host, None),
        **changes,
    }

    def hook(event, args):
        watch = watched.get(event)
        if watch is not None:
            watch(*args)

    sys.addaudithook(hook)

def main():
    # Ours, and written as Python writes it: to load a reader of JSON would cost more than all the rest.
    config, path = eval(sys.argv[1], {}), sys.argv[2]
    sys.argv = sys.argv[2:]
    sys.path.insert(0, os.path.dirname(path))
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec")
    program = type(sys)("__main__")
    program.__file__ = path
    sys.modules["__main__"] = program
    tripwire(config)
    exec(code, program.__dict__)

main()
`;
