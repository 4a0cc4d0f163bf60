/**
 * The program of kind `import`. argv: a mark, the module, the tier root, then the folders searched after the standard library,
 * so that nothing of a plane stands in for it. It prints the mark and where the module came from, and leaves at once: a module
 * that ends the interpreter while it is imported has not been imported, and threads it started are no business of this check.
 */
export const IMPORT_SCRIPT = String.raw`
import importlib, importlib.util, os, sys
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader

mark, module, root = sys.argv[1:4]
sys.path.extend(sys.argv[4:])
sys.argv[:] = ["health-check"]
ROOT = os.path.realpath(root) + os.sep


class SourceOnly(SourceFileLoader):
    """Bytecode in a plane is not believed. A pycache_prefix would also throw away that of the standard library: four times as slow."""

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def finder(path):
    if not (os.path.realpath(path) + os.sep).startswith(ROOT):
        raise ImportError
    return FileFinder(path, (ExtensionFileLoader, EXTENSION_SUFFIXES), (SourceOnly, SOURCE_SUFFIXES))


sys.path_hooks.insert(0, finder)


def say(text):
    sys.stderr.write("\n" + text + "\n")
    sys.stderr.flush()
    os._exit(1)


def is_inside(path):
    # What is built in has a word instead of a path.
    return os.path.isabs(path) and os.path.realpath(path).startswith(ROOT)


def places(spec):
    if spec is None:
        return []
    if spec.origin in (None, "namespace"):
        return list(spec.submodule_search_locations or [])
    return [spec.origin]


def require_inside(name, spec):
    found = places(spec)
    if not found:
        say("no module named %s was found in the plane" % (name,))
    for path in found:
        if not is_inside(path):
            say("module %s was found outside the plane: %s" % (name, path))
    return found[0]


first = module.partition(".")[0]
require_inside(first, importlib.util.find_spec(first))
try:
    importlib.import_module(module)
except BaseException as error:
    where, trace = "", error.__traceback__
    while trace is not None:
        path = trace.tb_frame.f_code.co_filename
        if is_inside(path):
            where = " (%s line %d)" % (os.path.realpath(path)[len(ROOT):], trace.tb_lineno)
        trace = trace.tb_next
    say("%s: %s%s" % (type(error).__name__, error, where))
origin = require_inside(module, getattr(sys.modules.get(module), "__spec__", None))
sys.stdout.write("\n%s %s\n" % (mark, os.path.realpath(origin)[len(ROOT):]))
sys.stdout.flush()
os._exit(0)
`;
