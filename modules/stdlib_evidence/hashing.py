"""SHA-256 digests in one spelling: "sha256:" followed by 64 lowercase hex digits."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any, Union

PREFIX = "sha256:"
_CHUNK_BYTES = 1 << 20


def hash_string(text: str) -> str:
    """Digest of the UTF-8 bytes of ``text``.

    Raises TypeError for anything but a str, ValueError when the text holds a lone surrogate (it has no UTF-8 form).
    """
    if not isinstance(text, str):
        raise TypeError(f"hash_string needs a str, got {type(text).__name__}")
    return PREFIX + hashlib.sha256(_utf8(text)).hexdigest()


def hash_json(value: Any) -> str:
    """Digest of ``value`` as JSON: keys sorted by code point, separators ", " and ": ", text unescaped.

    Raises ValueError for NaN, infinities, lone surrogates and values that contain themselves or nest too deeply;
    TypeError for values JSON has no form for.
    """
    try:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
    except RecursionError:
        raise ValueError("value nests too deeply to be hashed") from None
    return PREFIX + hashlib.sha256(_utf8(text)).hexdigest()


def hash_file(path: Union[str, "os.PathLike[str]"]) -> str:
    """Digest of the bytes of a file, read in 1 MiB pieces. Raises OSError when it cannot be read."""
    digest = hashlib.sha256()
    with open(path, "rb") as source:
        for chunk in iter(lambda: source.read(_CHUNK_BYTES), b""):
            digest.update(chunk)
    return PREFIX + digest.hexdigest()


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"lone surrogate at character {error.start}: the text has no UTF-8 form") from None
