"""The installed manifest of a package: where an agent's capabilities come from."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, Dict, List, Union

MAX_MANIFEST_BYTES = 16 << 20
_PACKAGE_ID = re.compile(r"PKG-[A-Z0-9-]{1,120}")


class PackageNotFoundError(LookupError):
    """No usable installed manifest. ``searched_paths`` lists where it was looked for."""

    code = "PACKAGE_NOT_FOUND"

    def __init__(self, message: str, searched_paths: List[str]) -> None:
        super().__init__(message)
        self.searched_paths = searched_paths


def check_package_id(package_id: str) -> str:
    """``package_id`` when it has the form PKG-<upper case letters, digits, hyphens>; ValueError otherwise."""
    if not isinstance(package_id, str) or _PACKAGE_ID.fullmatch(package_id) is None:
        raise ValueError(f"{package_id!r} is not a package id (PKG- and A-Z, 0-9, hyphens)")
    return package_id


def load_manifest(root: Union[str, Path], package_id: str) -> Dict[str, Any]:
    """Manifest in ``installed/<id>/manifest.json`` under the root.

    Raises ValueError for a malformed id or manifest (not an object, another package's), PackageNotFoundError when
    there is none or it is reached through a symbolic link.
    """
    folder = Path(root) / "installed" / check_package_id(package_id)
    path = folder / "manifest.json"
    if folder.is_symlink() or path.is_symlink():
        raise PackageNotFoundError(f"{package_id}: its manifest is reached through a symbolic link", [str(path)])
    try:
        with open(path, "rb") as source:
            raw = source.read(MAX_MANIFEST_BYTES + 1)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise PackageNotFoundError(f"{package_id} is not installed here ({reason})", [str(path)]) from None
    if len(raw) > MAX_MANIFEST_BYTES:
        raise ValueError(f"{package_id}: manifest beyond {MAX_MANIFEST_BYTES} bytes")
    try:
        manifest = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{package_id}: manifest is not JSON: {error}") from None
    if not isinstance(manifest, dict):
        raise ValueError(f"{package_id}: manifest is not an object")
    if manifest.get("package_id") != package_id:
        raise ValueError(f"{package_id}: manifest belongs to {manifest.get('package_id')!r}")
    return manifest
