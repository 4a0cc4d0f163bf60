"""What a tree of files looked like at one moment, by file status alone: nothing is opened."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from typing import Dict, List, Set, Tuple

# Places other writers own: ledgers, state, version control, dependencies, other sessions, bytecode.
_SKIP = re.compile(
    r"(?:\.git|\.holdfast|node_modules|ledger|planes/[^/]+/ledger|planes/[^/]+/sessions|tmp|output)(?:/.*)?"
    r"|(?:.*/)?__pycache__(?:/.*)?"
)
MAX_FILES = 50_000

Status = Tuple[int, ...]


@dataclass(frozen=True)
class Snapshot:
    """Status of every file seen, by plane-relative path. ``complete`` is False when there were more than 50,000."""

    files: Dict[str, Status]
    complete: bool

    def changed_since(self, earlier: "Snapshot") -> Set[str]:
        """Paths added or altered."""
        return {path for path, status in self.files.items() if earlier.files.get(path) != status}

    def removed_since(self, earlier: "Snapshot") -> Set[str]:
        """Paths that are gone. Empty unless this snapshot is complete."""
        return set(earlier.files) - set(self.files) if self.complete else set()


def take(root: str, own: Tuple[str, ...]) -> Snapshot:
    """Snapshot of the plane at ``root`` without the places other writers own, except the directories ``own``."""
    files: Dict[str, Status] = {}
    complete = all([_walk(root, folder, files, skip=False) for folder in own])
    return Snapshot(files, _walk(root, "", files, skip=True) and complete)


def regular_files(root: str, folder: str) -> List[str]:
    """Sorted plane-relative paths of everything under a directory that is not itself a directory."""
    files: Dict[str, Status] = {}
    _walk(root, folder, files, skip=False)
    return sorted(files)


def _walk(root: str, folder: str, files: Dict[str, Status], skip: bool) -> bool:
    pending = [folder]
    while pending:
        here = pending.pop()
        try:
            with os.scandir(os.path.join(root, here)) as entries:
                found = list(entries)
        except OSError:
            continue  # vanished or unreadable: there is nothing this process could have changed in it
        for entry in found:
            path = f"{here}/{entry.name}" if here else entry.name
            if skip and _SKIP.fullmatch(path):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISDIR(status.st_mode):
                pending.append(path)
            elif len(files) >= MAX_FILES:
                return False
            else:
                files[path] = (
                    status.st_mode,
                    status.st_size,
                    status.st_ino,
                    status.st_mtime_ns,
                    status.st_ctime_ns,
                )
    return True
