"""Plane-relative paths, normalised by their text alone, and the search for a plane's root."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import List, Optional, Union

MAX_PATH_CHARACTERS = 4096
PLANE_MARKER = os.path.join("config", "plane.toml")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class UnsafePath(ValueError):
    """The text is not a path inside a plane."""


def normalise(path: Union[str, "os.PathLike[str]"]) -> str:
    """Plane-relative form of ``path``: segments joined by "/", none of them "", "." or "..".

    A leading "/" stands for the plane's root. ".." is resolved by text; a path that climbs above the root, is empty
    or is the root itself, has a control character, a backslash, a lone surrogate or more than 4,096 characters
    raises UnsafePath. Anything but a str or a path object raises TypeError.
    """
    text = os.fspath(path)
    if not isinstance(text, str):
        raise TypeError(f"a path must be text, got {type(text).__name__}")
    if len(text) > MAX_PATH_CHARACTERS:
        raise UnsafePath(f"longer than {MAX_PATH_CHARACTERS} characters")
    check_characters(text)
    segments: List[str] = []
    for segment in text.split("/"):
        if segment == "..":
            if not segments:
                raise UnsafePath(f"{text!r} climbs above the plane")
            segments.pop()
        elif segment not in ("", "."):
            segments.append(segment)
    if not segments:
        raise UnsafePath(f"{text!r} names no path inside the plane")
    return "/".join(segments)


def check_characters(text: str) -> None:
    """Raise UnsafePath for control characters, backslashes and lone surrogates."""
    if _CONTROL.search(text):
        raise UnsafePath(f"{text!r} holds a control character")
    if "\\" in text:
        raise UnsafePath(f"{text!r} holds a backslash")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UnsafePath(f"{text!r} holds a lone surrogate") from None


def enclosing_plane(start: Union[str, "os.PathLike[str]"]) -> Optional[Path]:
    """Nearest of ``start`` and its ancestors that has config/plane.toml; None when there is none."""
    here = Path(os.path.abspath(start))
    for candidate in (here, *here.parents):
        if (candidate / PLANE_MARKER).is_file():
            return candidate
    return None


def plane_root(root: Union[str, "os.PathLike[str]", None] = None) -> Path:
    """Absolute root: ``root`` when given, else the plane around the working directory, else that directory."""
    if root is not None:
        return Path(os.path.abspath(root))
    return enclosing_plane(os.getcwd()) or Path(os.getcwd())
