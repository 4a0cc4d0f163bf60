"""Appends entries to a ledger stream, safely for many threads and processes, in any language that keeps the protocol.

An entry is acknowledged when ``append`` returns: its line is on disk, chained to the line before it, and the stream's
head (if it has one) covers it. The line form is in ``ledger_lines``, the lock in ``ledger_lock``, the head in
``ledger_head``, reading and verifying in ``ledger_read``; the command line is in ``ledger_cli``.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from .ledger_head import head_path, read_head, stream_name, write_head
from .ledger_lines import BadLine, EntryRefused, new_body, read_line, seal
from .ledger_lock import DEFAULT_TIMEOUT_S, LedgerBusy, LockUnusable, stream_lock
from .ledger_read import count_lines, last_newline, line_before
from .paths import enclosing_plane

__all__ = ["Appended", "EntryRefused", "LedgerBusy", "LedgerDamaged", "LockUnusable", "TornTail", "append"]

_CHUNK_BYTES = 1 << 16
_OPEN_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
_sync_data = getattr(os, "fdatasync", os.fsync)


class LedgerDamaged(Exception):
    """The stream cannot be continued. ``problem`` is MALFORMED, HASH_MISMATCH, TAIL_CUT or HEAD_MISMATCH; nothing was
    written."""

    code = "LEDGER_DAMAGED"

    def __init__(self, message: str, problem: str) -> None:
        super().__init__(message)
        self.problem = problem


@dataclass(frozen=True)
class TornTail:
    """Bytes after the last newline, left by a writer that died: never acknowledged, now in the file ``path``."""

    path: str
    offset: int
    size_bytes: int


@dataclass(frozen=True)
class Appended:
    """Acknowledged entries in the order written, and the torn tail that was set aside, if there was one."""

    entries: Tuple[Dict[str, Any], ...]
    torn: Optional[TornTail]


def append(
    stream: Union[str, "os.PathLike[str]"],
    events: Sequence[Mapping[str, Any]],
    root: Union[str, "os.PathLike[str]", None] = None,
    timeout: float = DEFAULT_TIMEOUT_S,
) -> Appended:
    """Append a group of one or more entries: all of them or none.

    Each event has event_type, submission_id, decision, reason, metadata and optionally prompts_used. ``root`` is the
    plane the stream belongs to (default: the plane around it); ``timeout`` is how many seconds to wait for the lock.
    Raises EntryRefused, LedgerBusy, LockUnusable, LedgerDamaged or OSError; after any of them no entry of the group
    is acknowledged.
    """
    if not events:
        raise EntryRefused("there is nothing to append")
    try:
        bodies = [new_body(**event) for event in events]
    except TypeError as error:
        raise EntryRefused(f"event with missing or unknown fields: {error}") from None
    path = os.path.abspath(stream)
    _make_directory(os.path.dirname(path))
    with stream_lock(path, timeout):
        return _append_locked(path, bodies, root)


def _append_locked(path: str, bodies: List[Dict[str, Any]], root: Any) -> Appended:
    fd = _open(path)
    try:
        end = os.fstat(fd).st_size
        size = last_newline(fd, end)
        last = _last_hash(fd, size)
        plane = root if root is not None else enclosing_plane(os.path.dirname(path))
        head = head_path(plane, path) if plane is not None else None
        covered = _entries_before(fd, size, last, read_head(head)) if head is not None else 0
        entries, block = _seal_all(bodies, last)
        torn = _set_torn_tail_aside(fd, path, size, end) if size < end else None
        _write_all(fd, block, size)
        if size == 0:
            _sync_directory(os.path.dirname(path))
        if head is not None and plane is not None:
            name = stream_name(plane, path) or ""
            write_head(head, name, size + len(block), covered + len(entries), entries[-1]["entry_hash"])
        return Appended(tuple(entries), torn)
    finally:
        os.close(fd)


def _open(path: str) -> int:
    return os.open(path, _OPEN_FLAGS | os.O_CREAT, 0o644)


def _set_torn_tail_aside(fd: int, path: str, start: int, end: int) -> TornTail:
    digest = hashlib.sha256()
    for chunk in _chunks(fd, start, end):
        digest.update(chunk)
    aside = f"{path}.torn-{start}-{digest.hexdigest()[:12]}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
    target = os.open(aside, flags, 0o644)
    try:
        for chunk in _chunks(fd, start, end):
            _write(target, chunk)
        os.fsync(target)
    finally:
        os.close(target)
    _sync_directory(os.path.dirname(path))
    os.ftruncate(fd, start)
    os.fsync(fd)
    return TornTail(aside, start, end - start)


def _chunks(fd: int, start: int, end: int) -> Any:
    while start < end:
        chunk = os.pread(fd, min(_CHUNK_BYTES, end - start), start)
        if not chunk:
            raise OSError(f"the file ended at byte {start}")
        yield chunk
        start += len(chunk)


def _last_hash(fd: int, size: int) -> str:
    if size == 0:
        return ""
    try:
        return str(read_line(line_before(fd, size))["entry_hash"])
    except BadLine as error:
        raise LedgerDamaged(f"the last line cannot be continued: {error}", error.problem) from None


def _entries_before(fd: int, size: int, last: str, head: Optional[Dict[str, Any]]) -> int:
    # Continuing past a head that does not fit would overwrite the only trace of a cut or rewritten tail.
    if head is None or head["bytes"] == 0:
        return count_lines(fd, 0, size)
    if head["bytes"] > size:
        raise LedgerDamaged(f"the stream has {size} bytes, its head covers {head['bytes']}", "TAIL_CUT")
    if head["bytes"] == size and head["entry_hash"] == last:
        return int(head["entries"])
    try:
        found = read_line(line_before(fd, head["bytes"]))["entry_hash"]
    except BadLine:
        found = None
    if found != head["entry_hash"]:
        raise LedgerDamaged(f"the line ending at byte {head['bytes']} is not the one its head covers", "HEAD_MISMATCH")
    return int(head["entries"]) + count_lines(fd, head["bytes"], size)


def _seal_all(bodies: List[Dict[str, Any]], previous: str) -> Tuple[List[Dict[str, Any]], bytes]:
    entries: List[Dict[str, Any]] = []
    lines: List[bytes] = []
    for body in bodies:
        entry, line = seal(body, previous)
        previous = entry["entry_hash"]
        entries.append(entry)
        lines.append(line)
    return entries, b"".join(lines)


def _write_all(fd: int, block: bytes, size: int) -> None:
    try:
        _write(fd, block)
        _sync_data(fd)
    except OSError:
        try:
            os.ftruncate(fd, size)  # nothing of a group that was not acknowledged stays behind
            os.fsync(fd)
        except OSError:
            pass
        raise


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _make_directory(path: str) -> None:
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path)
    _make_directory(parent)
    try:
        os.mkdir(path)
    except FileExistsError:  # another writer came first, or it is no directory, which opening the stream will tell
        pass
    _sync_directory(parent)


def _sync_directory(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


if __name__ == "__main__":
    from .ledger_cli import main

    sys.exit(main())
