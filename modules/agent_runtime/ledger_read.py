"""Reading and verifying ledger streams. Readers take no lock: a line counts from the newline that ends it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO, Dict, Iterator, Optional, Tuple, Union

from .ledger_head import head_path, read_head
from .ledger_lines import BadLine, read_line
from .paths import enclosing_plane

MAX_STORED_LINE_BYTES = 16 << 20  # lines by older writers had no cap; beyond this a line is malformed
_CHUNK_BYTES = 1 << 16
PathText = Union[str, "os.PathLike[str]"]


def verify_stream(path: PathText, root: Optional[PathText] = None) -> Dict[str, Any]:
    """Report on the whole chain of a stream.

    ``{"valid", "entries"}``, then as they apply ``first_bad_line`` (counted from 1), ``problem`` (MISSING, UNREADABLE,
    MALFORMED, HASH_MISMATCH, CHAIN_BROKEN, TAIL_CUT, HEAD_MISMATCH), ``torn_bytes`` (an unacknowledged tail, not a
    problem) and, when the stream has a head, ``covered`` and ``uncovered`` entries. ``entries`` counts the intact lines
    before the first bad one. A stream that does not exist is not valid. Never raises for any content.
    """
    plane = root if root is not None else enclosing_plane(os.path.dirname(os.path.abspath(path)))
    head = read_head(head_path(plane, path)) if plane is not None else None
    try:
        with open(path, "rb") as source:
            return _verify(source, head)
    except FileNotFoundError:
        return {"valid": False, "entries": 0, "problem": "MISSING"}
    except OSError as error:
        return {"valid": False, "entries": 0, "problem": "UNREADABLE", "detail": error.strerror or str(error)}


def _verify(source: BinaryIO, head: Optional[Dict[str, Any]]) -> Dict[str, Any]:
    previous, count, at = "", 0, 0
    hash_at_head = "" if head is not None and head["bytes"] == 0 else None
    for raw in source_lines(source):
        if not raw.endswith(b"\n"):
            break
        problem = None
        try:
            entry = read_line(raw[:-1])
            if entry["previous_hash"] != previous:
                problem = "CHAIN_BROKEN"
        except BadLine as error:
            problem = error.problem
        if problem is not None:
            return {"valid": False, "entries": count, "first_bad_line": count + 1, "problem": problem}
        previous, count, at = entry["entry_hash"], count + 1, at + len(raw)
        if head is not None and at == head["bytes"] and count == head["entries"]:
            hash_at_head = previous
    report: Dict[str, Any] = {"valid": True, "entries": count}
    torn = source.seek(0, os.SEEK_END) - at
    if torn > 0:
        report["torn_bytes"] = torn
    if head is not None:
        report.update(_against_head(head, at, count, hash_at_head))
    return report


def _against_head(head: Dict[str, Any], at: int, count: int, hash_at_head: Optional[str]) -> Dict[str, Any]:
    if head["bytes"] > at or head["entries"] > count:
        return {"valid": False, "problem": "TAIL_CUT", "covered": head["entries"]}
    if head["bytes"] and hash_at_head != head["entry_hash"]:
        return {"valid": False, "problem": "HEAD_MISMATCH", "covered": head["entries"]}
    return {"covered": head["entries"], "uncovered": count - head["entries"]}


def source_lines(source: BinaryIO) -> Iterator[bytes]:
    """Lines of an open file with their newline; a line beyond 16 MiB comes in pieces, which are malformed."""
    return iter(lambda: source.readline(MAX_STORED_LINE_BYTES), b"")


def newest_lines(path: PathText) -> Iterator[bytes]:
    """Complete lines of a stream from the last to the first, without newline. Reads the file once, backwards.

    Raises OSError when it cannot be read; a missing stream has no lines.
    """
    try:
        fd = os.open(Path(path), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        end = last_newline(fd, os.fstat(fd).st_size)
        while end > 0:
            start = last_newline(fd, end - 1)
            yield os.pread(fd, end - 1 - start, start)
            end = start
    finally:
        os.close(fd)


def last_newline(fd: int, end: int) -> int:
    """Offset just after the last newline before ``end``; 0 when there is none."""
    while end > 0:
        start = max(0, end - _CHUNK_BYTES)
        found = os.pread(fd, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def line_before(fd: int, end: int) -> bytes:
    """Bytes of the line whose newline is the byte before ``end``, without it. Raises BadLine when none ends there."""
    if os.pread(fd, 1, end - 1) != b"\n":
        raise BadLine("MALFORMED", f"no line ends at byte {end}")
    start = last_newline(fd, end - 1)
    if end - start > MAX_STORED_LINE_BYTES:
        raise BadLine("MALFORMED", f"the line ending at byte {end} has more than {MAX_STORED_LINE_BYTES} bytes")
    return os.pread(fd, end - 1 - start, start)


def count_lines(fd: int, start: int, end: int) -> int:
    """Number of newlines from byte ``start`` up to, not including, byte ``end``."""
    count, at = 0, start
    while at < end:
        chunk = os.pread(fd, min(_CHUNK_BYTES, end - at), at)
        if not chunk:
            break
        count, at = count + chunk.count(b"\n"), at + len(chunk)
    return count


def entry_or_problem(raw: bytes) -> Tuple[Optional[Dict[str, Any]], Optional[str]]:
    """``(entry, None)`` for an intact line, ``(None, problem)`` for any other."""
    try:
        return read_line(raw), None
    except BadLine as error:
        return None, error.problem
