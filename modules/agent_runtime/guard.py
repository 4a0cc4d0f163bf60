"""The rules of one turn: which paths it may write and read, which commands it may start."""

from __future__ import annotations

import os
import re
import sys
from typing import Any, Collection, List, NoReturn, Optional, Sequence, Set

from .capability import CapabilityEnforcer, CapabilityViolation
from .ledger_head import home

_BYTECODE = re.compile(r"(?:.*/)?__pycache__(?:/[^/]+\.pyc(?:\.[0-9]+)?)?")
_CODE = re.compile(r"modules/.+\.(?:py|pyc|so)")
_LOCK = re.compile(r".*\.jsonl\.lock(?:-[a-z]+)?")


class Guard:
    """Judges operations and keeps every refusal in ``violations``, also those a handler swallows.

    Writes: the declared paths, anything below the ``own`` directories, the null device. Reads of paths in the plane:
    the read capability, own directories, and code below modules/; outside the plane only the directory of keys is
    refused. Commands: the execute capability. Without an enforcer every read in the plane is allowed, no command.
    """

    def __init__(
        self,
        root: str,
        declared: Collection[str],
        own: Sequence[str],
        enforcer: Optional[CapabilityEnforcer] = None,
    ) -> None:
        """``root`` absolute; ``declared`` and ``own`` normalised plane-relative paths."""
        self.root = os.path.realpath(root)
        self.declared = frozenset(declared)
        self.own = tuple(own)
        self.enforcer = enforcer
        self.violations: List[CapabilityViolation] = []
        self.touched: Set[str] = set()
        self.closed = False
        self._keys = os.path.realpath(home())
        prefix = sys.pycache_prefix
        self._bytecode = os.path.realpath(prefix) if prefix else None
        self._installation = tuple({os.path.realpath(sys.prefix), os.path.realpath(sys.base_prefix)})

    def write(self, path: Any, follow: bool = True) -> None:
        """Allow or raise CapabilityViolation; bytecode is refused with a PermissionError imports can live with."""
        real = self._real(path, follow)
        inside = self._inside(real)
        if real == os.devnull:
            return
        if _BYTECODE.fullmatch(real) or self._is_bytecode_prefix(real):
            raise PermissionError(f"a turn writes no bytecode: {real}")
        if self.closed or inside is None or not (inside in self.declared or self._is_own(inside)):
            self.refuse("write", inside or real, "undeclared_write", "writes outside the declared outputs")
        self.touched.add(inside)

    def make_directory(self, path: Any) -> None:
        """As ``write``; also the parents of declared outputs, and directories that are there already."""
        real = self._real(path, follow=False)
        inside = self._inside(real)
        parent = inside is not None and any(name.startswith(inside + "/") for name in self.declared)
        if os.path.isdir(real) or (parent and not self.closed):
            return
        self.write(path, follow=False)

    def read(self, path: Any) -> None:
        """Allow or raise CapabilityViolation."""
        real = self._real(path, follow=True)
        inside = self._inside(real)
        if inside is None:
            if real == self._keys or real.startswith(self._keys + os.sep):
                self.refuse("read", real, "not_permitted", "reading the directory of keys")
            return
        if os.path.isdir(real):
            return  # listing is not judged
        if self._is_own(inside) or _CODE.fullmatch(inside) or self._is_installation(real):
            return
        if _LOCK.fullmatch(inside):
            self.refuse("read", inside, "not_permitted", "opening a ledger's lock")
        if self.enforcer is not None:
            self._ask("read", inside)

    def execute(self, words: Sequence[Any]) -> None:
        """Allow or raise CapabilityViolation. The running interpreter is known as ``python3``."""
        texts = [os.fsdecode(word) for word in words]
        if texts[0] == sys.executable:
            texts[0] = "python3"
        if self.enforcer is None or self.closed:
            self.refuse("execute", " ".join(texts), "no_matching_capability", "starting commands")
        self._ask("execute", texts)

    def refuse(self, operation: str, path: str, reason: str, what: str) -> NoReturn:
        """Record and raise a CapabilityViolation."""
        self._record(
            CapabilityViolation(f"{what} is not allowed in a turn: {path!r}", operation, path, {"reason": reason})
        )

    def _ask(self, operation: str, subject: Any) -> None:
        assert self.enforcer is not None
        try:
            self.enforcer.enforce(operation, subject)
        except CapabilityViolation as violation:
            self._record(violation)

    def _record(self, violation: CapabilityViolation) -> NoReturn:
        self.violations.append(violation)
        raise violation

    def _real(self, path: Any, follow: bool) -> str:
        text = os.path.abspath(os.fsdecode(path))
        if text == os.devnull or follow:
            return text if text == os.devnull else os.path.realpath(text)
        return os.path.join(os.path.realpath(os.path.dirname(text)), os.path.basename(text))

    def _inside(self, real: str) -> Optional[str]:
        prefix = self.root.rstrip("/") + "/"
        return real[len(prefix) :] if real.startswith(prefix) else None

    def _is_own(self, inside: str) -> bool:
        return any(inside == folder or inside.startswith(folder + "/") for folder in self.own)

    def _is_bytecode_prefix(self, real: str) -> bool:
        """Where PYTHONPYCACHEPREFIX sends all bytecode, folders included."""
        return self._bytecode is not None and (real == self._bytecode or real.startswith(self._bytecode + os.sep))

    def _is_installation(self, real: str) -> bool:
        return any(real.startswith(prefix + os.sep) for prefix in self._installation if prefix != self.root)
