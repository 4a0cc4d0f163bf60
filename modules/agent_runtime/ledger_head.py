"""The head of a plane stream: its length and last hash, kept outside the plane beside the keys.

``<home>/planes/<plane_uid>/heads/<stream with "/" as "__">.json`` holds
``{"bytes": N, "entries": N, "entry_hash": "...", "stream": "ledger/governance.jsonl"}``, padded with spaces to 512 bytes.
It is written only when the heads directory exists, and only for ``ledger/*.jsonl`` and ``planes/<tier>/ledger/*.jsonl``. A ledger whose tail was
cut is shorter than its head says.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, Dict, Optional, Union

from .paths import PLANE_MARKER

_STREAM = re.compile(r"(?:ledger|planes/[^/]+/ledger)/[^/]+\.jsonl")
_UID = re.compile(r'^[ \t]*plane_uid[ \t]*=[ \t]*"([0-9a-f]{32})"', re.MULTILINE)
_HEAD_BYTES = 512  # padded with spaces to one disk sector, newline included
PathText = Union[str, "os.PathLike[str]"]


def head_path(root: PathText, stream: PathText) -> Optional[Path]:
    """Where the stream's head belongs; None when it has none."""
    name = stream_name(root, stream)
    if name is None:
        return None
    try:
        marker = Path(root, PLANE_MARKER).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    uid = _UID.search(marker)
    if uid is None:
        return None
    heads = home() / "planes" / uid.group(1) / "heads"
    return heads / (name.replace("/", "__") + ".json") if heads.is_dir() else None


def stream_name(root: PathText, stream: PathText) -> Optional[str]:
    """Root-relative name of a plane stream; None for any other file."""
    name = os.path.relpath(os.path.realpath(stream), os.path.realpath(root)).replace(os.sep, "/")
    return name if _STREAM.fullmatch(name) else None


def home() -> Path:
    """Directory of keys and heads: HOLDFAST_HOME, else ``~/.holdfast``."""
    return Path(os.environ.get("HOLDFAST_HOME") or os.path.expanduser("~/.holdfast"))


def read_head(path: Optional[Path]) -> Optional[Dict[str, Any]]:
    """Stored head, or None when there is none that can be read."""
    if path is None:
        return None
    try:
        head = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    sound = (
        isinstance(head, dict)
        and all(type(head.get(key)) is int and head[key] >= 0 for key in ("bytes", "entries"))
        and isinstance(head.get("entry_hash"), str)
    )
    return head if sound else None


def write_head(path: Path, stream: str, size: int, entries: int, entry_hash: str) -> None:
    """Bring the head up to date, mode 0600. A head of the usual size is written over in place: one write of one sector
    is whole or absent, and replacing a file by renaming costs a flush of the disk on common file systems. A head that
    cannot be written is left as it is: verifying then reports the newer entries as uncovered."""
    head = {"bytes": size, "entries": entries, "entry_hash": entry_hash, "stream": stream}
    data = (json.dumps(head, sort_keys=True).ljust(_HEAD_BYTES - 1) + "\n").encode("utf-8")
    try:
        if len(data) == _HEAD_BYTES and path.lstat().st_size == _HEAD_BYTES:
            _write(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, data)
            return
    except OSError:
        pass
    draft = path.with_name(f".{path.name}.draft")  # one name, since only the holder of the stream's lock writes it
    try:
        draft.unlink()  # left by a writer that died
    except OSError:
        pass
    try:
        _write(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, data)
        os.replace(draft, path)
    except OSError:
        pass


def _write(path: Path, flags: int, data: bytes) -> None:
    handle = os.open(path, flags, 0o600)
    try:
        os.write(handle, data)
    finally:
        os.close(handle)
