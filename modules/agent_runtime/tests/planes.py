"""A small plane in a temporary directory, and helpers to run this package in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any, Dict, List, Optional

REPOSITORY = Path(__file__).resolve().parents[3]
PLANE_UID = "0123456789abcdef" * 2
PACKAGE = "PKG-T3-PROBE-001"
CAPABILITIES = {
    "read": ["ledger/*.jsonl", "docs/**"],
    "write": ["output/<session_id>/**", "tmp/<session_id>/**", "reports/*.json"],
    "execute": ["python3 -c *"],
    "forbidden": ["registries/**", "docs/secret/**"],
}


class PlaneCase(unittest.TestCase):
    """Gives each test ``self.root`` (a plane with PACKAGE installed) and ``self.home`` (keys and heads)."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory(prefix="plane-")
        self.addCleanup(directory.cleanup)
        base = Path(directory.name).resolve()
        self.root, self.home = base / "plane", base / "home"
        for name in ("config", "docs/secret", "reports", "registries", "lib"):
            (self.root / name).mkdir(parents=True)
        (self.root / "config" / "plane.toml").write_text(f'format_version = 1\nplane_uid = "{PLANE_UID}"\n')
        (self.root / "docs" / "a.txt").write_text("a")
        (self.root / "docs" / "secret" / "key.txt").write_text("k")
        (self.root / "lib" / "code.txt").write_text("c")
        self.heads = self.home / "planes" / PLANE_UID / "heads"
        self.heads.mkdir(parents=True)
        before = os.environ.get("HOLDFAST_HOME")
        os.environ["HOLDFAST_HOME"] = str(self.home)
        self.addCleanup(_restore, "HOLDFAST_HOME", before)
        self.install(CAPABILITIES)

    def install(self, capabilities: Any, package: str = PACKAGE) -> None:
        """Write an installed manifest with these capabilities."""
        folder = self.root / "installed" / package
        folder.mkdir(parents=True, exist_ok=True)
        manifest = {"schema_version": "2.0", "package_id": package, "capabilities": capabilities}
        (folder / "manifest.json").write_text(json.dumps(manifest))


def _restore(name: str, value: Optional[str]) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def python(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    """Run this interpreter in the repository without writing bytecode."""
    return subprocess.run(
        [sys.executable, "-B", *arguments],
        cwd=REPOSITORY,
        input=b"",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )


def event(kind: str = "probe", **metadata: Any) -> Dict[str, Any]:
    """One ledger event."""
    return {"event_type": kind, "submission_id": "SUB", "decision": "OK", "reason": "test", "metadata": metadata}


def lines_of(path: Path) -> List[Dict[str, Any]]:
    """Parsed lines of a stream."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]
