/**
 * Runs a Python program as its main module, with a tripwire that says what was tried and is not granted. It is no wall: the
 * program could get around it, and then meets the wall without a good message.
 * argv: a Python literal, the file, then the program's own arguments.
 */
export const PYTHON_LAUNCHER = String.raw`
import os, sys

def tripwire(config):
    write, fspath, realpath, readlink, separator = os.write, os.fspath, os.path.realpath, os.readlink, os.sep
    plane, fd = config["plane"], config["denials_fd"]
    said, is_worker = set(), "HOLDFAST_WORKER" in os.environ

    def inside(path, folders):
        return any(path == folder or path.startswith(folder.rstrip(separator) + separator) for folder in folders)

    def say(rule, subject):
        # A worker cannot tell one call from the next, and each is to have its own record.
        if not is_worker:
            if (rule, subject) in said:
                return
            if len(said) < 1024:
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

    def grants(rule, real):
        # What is open already and is no file, as a pipe.
        if real.startswith("/proc/") and real.endswith("]"):
            return True
        granted = config["write"] if rule == "files.write" else config["read"] + config["write"]
        # A plane in /tmp is not the private /tmp of this program.
        if inside(real, [plane]):
            granted = [one for one in granted if inside(one, [plane])]
        # A folder on the way to something granted shows no more than that.
        if rule == "files.read" and any(inside(one, [real]) for one in granted):
            return True
        return inside(real, granted) and not inside(real, config["hidden"]) and not elsewhere(real)

    def need(rule, path, folder=-1, is_followed=(True,)):
        """Of a link at the end, what it leads to or the link itself; both where nobody says which is meant."""
        if isinstance(path, int) or path is None:
            return
        try:
            text = os.fsdecode(fspath(path))
            # Where a link in it leads elsewhere the kernel sees it, and tells; to follow each here would take longer than to open it.
            if rule == "files.read" and folder < 0 and text.startswith(separator) and ".." not in text and grants(rule, text):
                return
            if folder >= 0:
                text = os.path.join(readlink("/proc/self/fd/%d" % (folder,)), text)
            above, name = os.path.split(text.rstrip(separator))
            itself = os.path.join(realpath(above), name)
            reals = [realpath(text) if one or name in ("", ".", "..") else itself for one in is_followed]
        except OSError:
            reals = [os.path.abspath(os.fsdecode(fspath(path)))]
        except (TypeError, ValueError):
            return
        if any(grants(rule, real) for real in reals):
            return
        say(rule, reals[0])
        # Elsewhere nothing is there to be found: a library that looks for its settings there goes on without them.
        if rule == "files.write" or inside(reals[0], [plane]):
            raise PermissionError(13, "not granted: %s" % (rule,), text)

    def opened(path, mode, flags):
        # Nobody says which folder it begins at; the kernel tells what it denies.
        if mode is None and not isinstance(path, int) and not os.path.isabs(path):
            return
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

    def changes(count, is_followed):
        """Of so many paths, each with its folder among the last of the arguments."""
        def judge(*args):
            for path, folder in zip(args[:count], args[-count:]):
                need("files.write", path, folder if isinstance(folder, int) else -1, is_followed)
        return judge

    watched = {
        "open": opened,
        "os.listdir": lambda path: need("files.read", path),
        "os.scandir": lambda path: need("files.read", path),
        "os.rename": changes(2, (False,)),
        "os.link": changes(2, (False, True)),
        "os.symlink": lambda _, path, folder=-1: need("files.write", path, folder, (False,)),
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
        **{name: changes(1, (False,)) for name in ("os.mkdir", "os.remove", "os.rmdir")},
        **{name: changes(1, (True, False)) for name in ("os.chmod", "os.chown", "os.utime")},
        **{name: (lambda path, *_: need("files.write", path, -1, (True, False))) for name in ("os.setxattr", "os.removexattr")},
        "os.truncate": lambda path, *_: need("files.write", path),
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
    # Nothing of the program is read before the word is given; without one nobody is there any more.
    if config["is_held"] and not os.read(config["denials_fd"], 1):
        os._exit(1)
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec")
    program = type(sys)("__main__")
    program.__file__ = path
    sys.modules["__main__"] = program
    tripwire(config)
    exec(code, program.__dict__)

main()
`;
