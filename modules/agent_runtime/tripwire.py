"""Refuses file and process operations of a turn while they are attempted.

One audit hook per process looks at the events the interpreter raises for open, rename, remove, process start and so
on, and asks the guard of the turn that runs in the present thread, or in a thread that turn started. It is a tripwire,
not a wall: native code, descriptors opened before the turn, names opened relative to a directory descriptor, threads
started before the turn and commands that are allowed to run are not seen. Confinement that holds against hostile code
is the operating system's work, outside this package.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, Optional

from .guard import Guard

_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_THREAD_MARK = "_holdfast_guard"

_here = threading.local()
_install_lock = threading.Lock()
_installed = False
_marked_threads = False


@contextmanager
def watching(guard: Guard) -> Iterator[None]:
    """Apply ``guard`` to this thread, and to the threads started meanwhile, until the block ends."""
    _install()
    stack = _stack()
    stack.append(guard)
    try:
        yield
    finally:
        stack.remove(guard)
        guard.closed = True


@contextmanager
def trusted() -> Iterator[None]:
    """The runtime's own work inside a turn (its ledgers): not judged by the turn's guard."""
    depth = getattr(_here, "trusted", 0)
    _here.trusted = depth + 1
    try:
        yield
    finally:
        _here.trusted = depth


def _install() -> None:
    global _installed
    with _install_lock:
        if not _installed:
            sys.addaudithook(_hook)
            if sys.version_info < (3, 12):  # no event tells of new threads there
                _mark_at_start()
            _installed = True


def inside_turn() -> bool:
    """True in a turn's handler and in the threads it started."""
    return _present_guard() is not None


def _hook(event: str, arguments: Any) -> None:
    rule = _RULES.get(event)
    if rule is None:
        return
    guard = _present_guard()
    if guard is None or getattr(_here, "judging", False) or getattr(_here, "trusted", 0):
        return
    _here.judging = True
    try:
        rule(guard, *arguments)
    finally:
        _here.judging = False


def _present_guard() -> Optional[Guard]:
    stack = getattr(_here, "stack", None)
    if stack:
        return stack[-1]  # type: ignore[no-any-return]
    if not _marked_threads:
        return None
    return getattr(threading.current_thread(), _THREAD_MARK, None)


def _stack() -> Any:
    if not hasattr(_here, "stack"):
        _here.stack = []
    return _here.stack


def _open(guard: Guard, path: Any, mode: Any, flags: Any) -> None:
    if isinstance(path, int):
        return
    if (flags or 0) & _WRITE_FLAGS:
        guard.write(path)
    else:
        guard.read(path)


def _change(guard: Guard, path: Any, dir_fd: Any = -1, *_: Any) -> None:
    guard.write(_at(path, dir_fd), follow=False)


def _truncate(guard: Guard, path: Any, *_: Any) -> None:
    if not isinstance(path, int):
        guard.write(path)


def _mkdir(guard: Guard, path: Any, mode: Any = 0, dir_fd: Any = -1, *_: Any) -> None:
    guard.make_directory(_at(path, dir_fd))


def _rename(guard: Guard, source: Any, target: Any, source_fd: Any = -1, target_fd: Any = -1, *_: Any) -> None:
    guard.write(_at(source, source_fd), follow=False)
    guard.write(_at(target, target_fd), follow=False)


def _at(path: Any, dir_fd: Any) -> str:
    # A name relative to a directory descriptor; where that cannot be resolved the name leads nowhere allowed.
    text = os.fsdecode(path)
    if dir_fd in (-1, None) or os.path.isabs(text):
        return text
    try:
        return os.path.join(os.readlink(f"/proc/self/fd/{dir_fd}"), text)
    except OSError:
        return os.path.join("/unknown", text)


def _link(guard: Guard, source: Any, target: Any, *_: Any) -> None:
    guard.refuse("write", os.fsdecode(target), "not_permitted", "links")


def _database(guard: Guard, database: Any, *_: Any) -> None:
    if os.fsdecode(database) not in (":memory:", ""):
        guard.write(database)


def _popen(guard: Guard, executable: Any, arguments: Any, *_: Any) -> None:
    words = [arguments] if isinstance(arguments, (str, bytes, os.PathLike)) else list(arguments)
    guard.execute([executable if executable is not None else words[0], *words[1:]])


def _posix_spawn(guard: Guard, path: Any, arguments: Any, *_: Any) -> None:
    guard.execute([path, *list(arguments)[1:]])


def _never(what: str) -> Callable[..., None]:
    def rule(guard: Guard, *arguments: Any) -> None:
        shown = os.fsdecode(arguments[0]) if arguments and isinstance(arguments[0], (str, bytes)) else what
        guard.refuse("execute", shown, "not_permitted", what)

    return rule


def _mark_at_start() -> None:
    start = threading.Thread.start

    def marking_start(thread: threading.Thread) -> None:
        guard = _present_guard()
        if guard is not None:
            _mark(thread, guard)
        start(thread)

    threading.Thread.start = marking_start  # type: ignore[assignment,method-assign]


def _thread(guard: Guard, function: Any, *_: Any) -> None:
    owner = getattr(function, "__self__", None)  # a Thread's own bound method
    if not isinstance(owner, threading.Thread):
        guard.refuse("execute", "thread", "not_permitted", "threads outside the threading module")
    _mark(owner, guard)


def _mark(thread: threading.Thread, guard: Guard) -> None:
    global _marked_threads
    setattr(thread, _THREAD_MARK, guard)
    _marked_threads = True


_RULES: Dict[str, Callable[..., None]] = {
    "open": _open,
    "os.remove": _change,
    "os.rmdir": _change,
    "os.chmod": _truncate,
    "os.chown": _truncate,
    "os.utime": _truncate,
    "os.setxattr": _truncate,
    "os.removexattr": _truncate,
    "os.truncate": _truncate,
    "os.mkdir": _mkdir,
    "os.rename": _rename,
    "os.link": _link,
    "os.symlink": _link,
    "sqlite3.connect": _database,
    "subprocess.Popen": _popen,
    "os.posix_spawn": _posix_spawn,
    "os.system": _never("a shell"),
    "os.exec": _never("replacing the process"),
    "os.spawn": _never("os.spawn"),
    "os.fork": _never("forking"),
    "os.forkpty": _never("forking"),
    "pty.spawn": _never("pty.spawn"),
    "os.chdir": _never("changing the working directory of the whole process"),
    "_thread.start_new_thread": _thread,
    "_thread.start_joinable_thread": _thread,
}
