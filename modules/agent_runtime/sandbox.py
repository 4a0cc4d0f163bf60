"""One turn's working space: scratch and output directories, an environment, and proof of what was written.

Two means together: the tripwire refuses undeclared operations as they happen, and a comparison of file status before
and after finds what it could not see, anywhere in the plane except ledgers, state, version control and the
directories of other sessions. The process environment is never changed; commands get ``env``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import threading
from contextlib import ExitStack
from types import MappingProxyType, TracebackType
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Type, Union

from . import snapshot
from .capability import CapabilityEnforcer, place
from .guard import Guard
from .paths import normalise, plane_root
from .session import check_session_id
from .tripwire import watching

_SECRET_VARIABLES = (
    "HOLDFAST_TOKEN",
    "CONTROL_PLANE_TOKEN",
    "CONTROL_PLANE_SHARED_SECRET",
    "CONTROL_PLANE_SIGNING_KEY",
)


_running: List["TurnSandbox"] = []
_running_lock = threading.Lock()


class SandboxError(Exception):
    """Written and declared paths differ. ``details`` has undeclared_writes, missing_writes, removed_paths: sorted."""

    code = "WRITE_SURFACE_MISMATCH"

    def __init__(self, message: str, details: Optional[Dict[str, Any]] = None) -> None:
        super().__init__(message)
        self.details = dict(details or {})


class TurnSandbox:
    """Context manager around one turn. Between turns scratch is emptied: ``leftovers`` lists what an earlier turn
    forgot there, ``scratch_left`` what this one did; neither counts as a write."""

    def __init__(
        self,
        session_id: str,
        declared_outputs: Sequence[Mapping[str, Any]],
        root: Union[str, "os.PathLike[str]", None] = None,
        enforcer: Optional[CapabilityEnforcer] = None,
    ) -> None:
        """Raises SessionError for the id, ValueError or TypeError for outputs that are no ``{"path": text}``."""
        self.session_id = check_session_id(session_id)
        self.root = plane_root(root)
        self.declared = frozenset(declared_paths(declared_outputs, session_id))
        self.tmp_path = self.root / "tmp" / session_id
        self.output_path = self.root / "output" / session_id
        self.leftovers: List[str] = []
        self.scratch_left: List[str] = []
        self._scratch = f"tmp/{session_id}"
        self._own = (self._scratch, f"output/{session_id}")
        self.guard = Guard(str(self.root), self.declared, self._own, enforcer)
        self._before: Optional[snapshot.Snapshot] = None
        self._after: Optional[snapshot.Snapshot] = None
        self._watch = ExitStack()
        self._peers: List["TurnSandbox"] = []

    @property
    def env(self) -> Mapping[str, str]:
        """Environment for commands of this turn: scratch as temporary directory, no bytecode, no credentials."""
        env = {key: value for key, value in os.environ.items() if key not in _SECRET_VARIABLES}
        env.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self.tmp_path)), PYTHONDONTWRITEBYTECODE="1")
        return MappingProxyType(env)

    def __enter__(self) -> "TurnSandbox":
        for folder in (self.tmp_path, self.output_path):
            if folder.is_symlink():
                raise SandboxError(f"{folder} is a symbolic link")
            os.makedirs(folder, exist_ok=True)
        self.leftovers = self._empty_scratch()
        with _running_lock:
            self._peers.extend(_running)
            for peer in _running:
                peer._peers.append(self)
            _running.append(self)
        self._before = snapshot.take(str(self.root), self._own)
        self._watch.enter_context(watching(self.guard))
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._watch.close()
        with _running_lock:
            _running.remove(self)
        self._after = snapshot.take(str(self.root), self._own)
        self.scratch_left = self._empty_scratch()

    @property
    def complete(self) -> bool:
        """False when the plane has too many files for the comparison to cover all of them."""
        return all(shot is not None and shot.complete for shot in (self._before, self._after))

    def verify_writes(self) -> Tuple[List[Dict[str, Any]], bool]:
        """``([{path, hash, size}, ...] sorted by path, whether they are exactly the declared ones)``.

        ``hash`` is "sha256:<hex>", or None for what is no regular file; ``size`` in bytes. Inside the block it
        compares with the present moment.
        """
        written = sorted(self._written())
        return [self._describe(path) for path in written], not any(self.mismatch().values())

    def verify_and_raise(self) -> List[Dict[str, Any]]:
        """The writes; raises SandboxError unless they are exactly the declared ones."""
        writes, _ = self.verify_writes()
        mismatch = self.mismatch()
        if any(mismatch.values()):
            raise SandboxError("written and declared paths differ", mismatch)
        return writes

    def mismatch(self) -> Dict[str, List[str]]:
        """Differences as sorted lists: undeclared_writes, missing_writes, removed_paths."""
        written = self._written()
        removed = self._shot().removed_since(self._start()) - self.declared - self._of_peers()
        return {
            "undeclared_writes": sorted(written - self.declared),
            "missing_writes": sorted(self.declared - written),
            "removed_paths": sorted(path for path in removed if not self._is_scratch(path)),
        }

    def _written(self) -> "set[str]":
        now = self._shot()
        changed = now.changed_since(self._start()) - (self._of_peers() - self.declared)
        changed |= self.guard.touched & self.declared & set(now.files)
        return {
            path
            for path in changed
            if path in self.declared and stat.S_ISREG(now.files[path][0])
            or path not in self.declared and not self._is_scratch(path)
        }

    def _start(self) -> snapshot.Snapshot:
        if self._before is None:
            raise SandboxError("the turn has not begun")
        return self._before

    def _shot(self) -> snapshot.Snapshot:
        return self._after if self._after is not None else snapshot.take(str(self.root), self._own)

    def _of_peers(self) -> "set[str]":
        # What turns of other sessions in this process, running at the same time, have declared.
        return {path for peer in list(self._peers) for path in peer.declared}

    def _is_scratch(self, path: str) -> bool:
        return path.startswith(self._scratch + "/")

    def _describe(self, path: str) -> Dict[str, Any]:
        try:
            fd = os.open(self.root / path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return {"path": path, "hash": None, "size": 0}
        with os.fdopen(fd, "rb") as source:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                return {"path": path, "hash": None, "size": 0}
            digest = hashlib.sha256()
            for chunk in iter(lambda: source.read(1 << 20), b""):
                digest.update(chunk)
            return {"path": path, "hash": "sha256:" + digest.hexdigest(), "size": status.st_size}

    def _empty_scratch(self) -> List[str]:
        found = [path for path in snapshot.regular_files(str(self.root), self._scratch) if path not in self.declared]
        for path in found:
            try:
                os.unlink(self.root / path)
            except OSError:
                pass
        for entry in os.scandir(self.tmp_path):
            if entry.is_dir(follow_symlinks=False) and not self._holds_declared(f"{self._scratch}/{entry.name}"):
                shutil.rmtree(entry.path, ignore_errors=True)
        return found

    def _holds_declared(self, folder: str) -> bool:
        return any(path.startswith(folder + "/") for path in self.declared)


def declared_paths(outputs: Sequence[Mapping[str, Any]], session_id: str) -> List[str]:
    """Normalised paths of ``[{"path": text}, ...]`` with the session marks replaced. Raises ValueError (also for a
    path outside the plane or given twice) or TypeError."""
    if isinstance(outputs, (str, bytes)) or not isinstance(outputs, (list, tuple)):
        raise TypeError(f"declared paths must be a list, got {type(outputs).__name__}")
    paths: List[str] = []
    for output in outputs:
        if not isinstance(output, Mapping) or not isinstance(output.get("path"), str):
            raise ValueError('a declared path is an object with a text "path"')
        paths.append(normalise(place(output["path"], session_id)))
    if len(set(paths)) != len(paths):
        raise ValueError("a path is declared twice")
    return paths
