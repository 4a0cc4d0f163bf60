/**
 * The program that judges bytecode, run with `-c` in an isolated interpreter. It imports nothing but the standard library,
 * executes nothing of what it reads, and prints one line per item before it touches the next, so that a crash names its cause.
 */
export const JUDGE_SCRIPT = String.raw`
import importlib.util, io, json, marshal, os, stat, sys, types, warnings

warnings.simplefilter("ignore")
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except Exception:
    pass

if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)

PYC_BYTES_MAX = 64 << 20
CODE = types.CodeType


class Planted(Exception):
    pass


class NotVerifiable(Exception):
    pass


def read(path):
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(fd, "rb") as file:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise NotVerifiable("is not a regular file")
        data = file.read(PYC_BYTES_MAX + 1)
    if len(data) > PYC_BYTES_MAX:
        raise NotVerifiable("is larger than 64 MiB")
    return data, int(found.st_mtime)


def fields(code):
    names = [n for n in dir(code) if n.startswith("co_") and n not in ("co_filename", "co_consts")]
    if "co_linetable" in names:
        names.remove("co_lnotab")
    return [n for n in names if not callable(getattr(code, n))]


def difference(a, b):
    """Name of the first thing in which two constants differ, or None."""
    if type(a) is not type(b):
        return "co_consts"
    if isinstance(a, CODE):
        for name in fields(b):
            if getattr(a, name) != getattr(b, name):
                return name
        return difference(a.co_consts, b.co_consts)
    if isinstance(a, tuple):
        if len(a) != len(b):
            return "co_consts"
        for x, y in zip(a, b):
            found = difference(x, y)
            if found:
                return found
        return None
    if isinstance(a, frozenset):
        key = lambda x: (type(x).__name__, repr(x))
        return difference(tuple(sorted(a, key=key)), tuple(sorted(b, key=key)))
    if isinstance(a, slice):
        return difference((a.start, a.stop, a.step), (b.start, b.stop, b.step))
    # repr tells 0.0 from -0.0, which == does not, and finds nan equal to itself, which == does not.
    same = repr(a) == repr(b) if isinstance(a, (float, complex)) else a == b
    return None if same else "co_consts"


def header(data, source, mtime):
    """Raises when no import would accept the header; says whether it is out of date."""
    if len(data) < 16:
        raise Planted("is shorter than a header")
    if data[:4] != importlib.util.MAGIC_NUMBER:
        raise Planted("has the magic number of another Python than its name says")
    flags = int.from_bytes(data[4:8], "little")
    if flags == 0:
        recorded = int.from_bytes(data[8:12], "little"), int.from_bytes(data[12:16], "little")
        return recorded != (mtime & 0xFFFFFFFF, len(source) & 0xFFFFFFFF)
    if flags not in (1, 3):
        raise Planted("has unknown flags in its header")
    if data[8:16] != importlib.util.source_hash(source):
        raise Planted("names the hash of another source")
    return False


def judge(pyc, path, optimize):
    try:
        source, mtime = read(path)
        data, _ = read(pyc)
    except OSError as error:
        raise NotVerifiable("cannot be read (%s)" % (error.strerror,))
    stale = header(data, source, mtime)
    stream = io.BytesIO(data)
    stream.seek(16)
    try:
        loaded = marshal.load(stream)
    except Exception as error:
        raise Planted("holds no code that Python could read (%s)" % (type(error).__name__,))
    if type(loaded) is not CODE:
        raise Planted("holds something other than code")
    if stream.read(1):
        raise Planted("goes on after its code")
    try:
        compiled = compile(source, loaded.co_filename, "exec", dont_inherit=True, optimize=optimize)
    except MemoryError:
        raise NotVerifiable("could not be compared: its source needs too much memory to compile")
    except Exception:
        raise Planted("holds code, but its source does not compile")
    try:
        found = difference(loaded, compiled)
    except RecursionError:
        raise Planted("nests deeper than any compiler writes")
    if found:
        where = "was made from another state of its source and differs" if stale else "differs"
        raise Planted("%s from a compile of its source in %s" % (where, found))


root, items = json.load(sys.stdin.buffer)
for pyc, source, optimize in items:
    verdict, reason = "cache", "equals a compile of its source"
    try:
        judge(os.path.join(root, pyc), os.path.join(root, source), optimize)
    except Planted as error:
        verdict, reason = "planted", str(error)
    except NotVerifiable as error:
        verdict, reason = "not_verifiable", str(error)
    except (Exception, MemoryError) as error:
        verdict, reason = "planted", "breaks the comparison (%s)" % (type(error).__name__,)
    sys.stdout.write(json.dumps([verdict, reason]) + "\n")
    sys.stdout.flush()
`;
