"""One writer at a time per stream, across threads and processes.

The lock is a write transaction on the empty SQLite file ``<stream>.lock``; the kernel frees it when its holder dies.
Nothing may open, copy or delete that file in any other way while the stream is in use: closing any other descriptor
of it would free the lock without notice.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from threading import Lock
from typing import Dict, Iterator

DEFAULT_TIMEOUT_S = 30.0


class LedgerBusy(TimeoutError):
    """Another writer held the stream for longer than the timeout."""

    code = "LEDGER_BUSY"


class LockUnusable(OSError):
    """The lock file cannot serve: it is a link, is no SQLite file, or cannot be created."""

    code = "LEDGER_LOCK_UNUSABLE"


_guard = Lock()
_streams: Dict[str, Lock] = {}


def _forget_after_fork() -> None:
    # A child has none of the threads that could release these.
    global _guard
    _guard = Lock()
    _streams.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)


@contextmanager
def stream_lock(stream: str, timeout: float = DEFAULT_TIMEOUT_S) -> Iterator[None]:
    """Hold the stream's lock. ``timeout`` in seconds covers threads and processes together.

    Not reentrant. Raises LedgerBusy or LockUnusable.
    """
    import sqlite3  # only writers need it

    deadline = time.monotonic() + timeout
    key = os.path.realpath(stream)
    with _guard:
        mine = _streams.setdefault(key, Lock())
    if not mine.acquire(timeout=max(0.0, timeout)):
        raise LedgerBusy(f"{stream}: another thread held the lock for {timeout} s")
    try:
        path = key + ".lock"
        if os.path.islink(path):
            raise LockUnusable(f"{path} is a symbolic link")
        # SQLite opens a file it may not write read-only, and its lock would then exclude nobody.
        if os.path.exists(path) and not os.access(path, os.W_OK):
            raise LockUnusable(f"{path} cannot be written by this user")
        connection = None
        try:
            left = max(0.0, deadline - time.monotonic())
            connection = sqlite3.connect(path, isolation_level=None, timeout=left)
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            if "locked" in str(error) or "busy" in str(error):
                raise LedgerBusy(f"{stream}: another process held the lock for {timeout} s") from None
            raise LockUnusable(f"{path}: {error}") from None
        try:
            yield
        finally:
            try:
                connection.execute("ROLLBACK")
            finally:
                connection.close()
    finally:
        mine.release()
