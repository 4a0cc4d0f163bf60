"""A session: an id, and the directories under a plane in which its turns work and leave their record."""

from __future__ import annotations

import os
import re
import secrets
import stat
import threading
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Optional, Type, Union

from .paths import plane_root

_SESSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_TIER = re.compile(r"ho[1-3]")


class SessionError(Exception):
    """A session cannot be made or used: bad id or tier, a link where a directory belongs, wrong order of calls."""

    code = "SESSION_ERROR"


def check_session_id(session_id: str) -> str:
    """``session_id`` when it is 1 to 128 of A-Z a-z 0-9 . _ - , starts with a letter or digit and has no ".."; else
    SessionError."""
    if not isinstance(session_id, str) or _SESSION_ID.fullmatch(session_id) is None or ".." in session_id:
        raise SessionError(f"{session_id!r} is not a session id")
    return session_id


def check_tier(tier: str) -> str:
    """Lower-case plane tier, ho1 to ho3; SessionError otherwise."""
    lowered = tier.lower() if isinstance(tier, str) else ""
    if _TIER.fullmatch(lowered) is None:
        raise SessionError(f"{tier!r} is not a plane tier (ho1, ho2, ho3)")
    return lowered


def new_session_id(user: Optional[str] = None) -> str:
    """SES-<UTC date>-<8 hex>, or SES-<UTC date>-<user>-<8 hex> with at most 16 letters and digits of ``user``."""
    parts = ["SES", datetime.now(timezone.utc).strftime("%Y%m%d")]
    name = re.sub(r"[^a-z0-9]", "", (user or "").lower())[:16]
    return "-".join(parts + ([name] if name else []) + [secrets.token_hex(4)])


class Session:
    """One session of a plane tier. Continues an earlier one when given its id.

    Everything lies in ``planes/<tier>/sessions/<id>/``, ``tmp/<id>/`` (scratch, emptied between turns) and
    ``output/<id>/`` under the root. Usable as a context manager.
    """

    def __init__(
        self,
        tier: str = "ho1",
        session_id: Optional[str] = None,
        work_order_id: Optional[str] = None,
        root: Union[str, "os.PathLike[str]", None] = None,
    ) -> None:
        """Raises SessionError for a bad tier or id. Touches no file."""
        self.tier = check_tier(tier)
        self.session_id = check_session_id(new_session_id() if session_id is None else session_id)
        self.work_order_id = work_order_id
        self.root = plane_root(root)
        self.turn_number = 0
        self._started = False
        self._counting = threading.Lock()

    @property
    def session_path(self) -> Path:
        return self.root / "planes" / self.tier / "sessions" / self.session_id

    @property
    def ledger_path(self) -> Path:
        return self.session_path / "ledger"

    @property
    def exec_ledger_path(self) -> Path:
        return self.ledger_path / "exec.jsonl"

    @property
    def evidence_ledger_path(self) -> Path:
        return self.ledger_path / "evidence.jsonl"

    @property
    def tmp_path(self) -> Path:
        return self.root / "tmp" / self.session_id

    @property
    def output_path(self) -> Path:
        return self.root / "output" / self.session_id

    @property
    def started(self) -> bool:
        return self._started

    def start(self) -> "Session":
        """Make the directories and the two empty ledgers where they are absent.

        Raises SessionError when already started or when any part of a path under the root is a symbolic link or no
        directory.
        """
        if self._started:
            raise SessionError(f"session {self.session_id} has already started")
        for directory in (self.ledger_path, self.tmp_path, self.output_path):
            self._make(directory)
        for stream in (self.exec_ledger_path, self.evidence_ledger_path):
            flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
            try:
                os.close(os.open(stream, flags, 0o644))
            except OSError as error:
                raise SessionError(f"{stream}: {os.strerror(error.errno or 0)}") from None
        self._started = True
        return self

    def end(self) -> None:
        """Close the session; a later Session with the same id may continue it. Raises SessionError if not started."""
        if not self._started:
            raise SessionError(f"session {self.session_id} has not started")
        self._started = False

    def increment_turn(self) -> int:
        """Next turn number, counted from 1 by this object."""
        with self._counting:
            self.turn_number += 1
            return self.turn_number

    def __enter__(self) -> "Session":
        return self.start()

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._started:
            self.end()

    def _make(self, directory: Path) -> None:
        here = self.root
        os.makedirs(here, exist_ok=True)
        for part in directory.relative_to(self.root).parts:
            here = here / part
            try:
                os.mkdir(here)
            except FileExistsError:
                pass
            except OSError as error:
                raise SessionError(f"{here}: {error.strerror}") from None
            if not stat.S_ISDIR(os.lstat(here).st_mode):
                raise SessionError(f"{here} is a link or no directory")
