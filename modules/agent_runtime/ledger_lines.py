"""The form of one ledger line, and how its hash is computed. No I/O.

A line is a JSON object with the ten KEYS, dumped with keys sorted by code point at every level, separators ", " and
": ", text unescaped, UTF-8, one newline at the end. ``entry_hash`` is the lowercase SHA-256 hex of the same dump
without ``entry_hash``. Two older forms stay readable: the same keys in another order (which may hold floats and
short ids), and a flat session form whose ``entry_hash`` starts with "sha256:".
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime, timezone
from typing import Any, Dict, List, Mapping, Tuple

MAX_LINE_BYTES = 65_535
MAX_INT = 2**53 - 1
KEYS = frozenset(
    "event_type submission_id decision reason prompts_used metadata id timestamp previous_hash entry_hash".split()
)
OLD_PREFIX = "sha256:"
_TEXTS = ("event_type", "submission_id", "decision", "reason", "id", "timestamp", "previous_hash", "entry_hash")


class EntryRefused(ValueError):
    """The entry cannot be written in the line form; nothing was written."""

    code = "LEDGER_ENTRY_REFUSED"


class BadLine(ValueError):
    """A stored line is not an intact entry. ``problem`` is MALFORMED or HASH_MISMATCH."""

    def __init__(self, problem: str, message: str) -> None:
        super().__init__(message)
        self.problem = problem


def new_body(
    event_type: str,
    submission_id: str,
    decision: str,
    reason: str,
    metadata: Mapping[str, Any],
    prompts_used: Any = (),
) -> Dict[str, Any]:
    """Checked entry without timestamp, previous_hash and entry_hash. Raises EntryRefused for what the form excludes:
    floats, integers beyond ±(2**53 - 1), lone surrogates, keys that are not strings, values JSON has no form for."""
    body = {
        "event_type": event_type,
        "submission_id": submission_id,
        "decision": decision,
        "reason": reason,
        "prompts_used": list(prompts_used),
        "metadata": dict(metadata),
        "id": "LED-" + secrets.token_hex(16),
    }
    for key in ("event_type", "submission_id", "decision", "reason"):
        if not isinstance(body[key], str):
            raise EntryRefused(f"{key} must be text, got {type(body[key]).__name__}")
    try:
        _check(body, "entry")
    except RecursionError:
        raise EntryRefused("the entry nests too deeply") from None
    return body


def seal(body: Mapping[str, Any], previous_hash: str) -> Tuple[Dict[str, Any], bytes]:
    """Finished entry and its line, stamped with the present UTC time. Raises EntryRefused beyond 65,535 bytes."""
    entry = dict(body, timestamp=utc_now(), previous_hash=previous_hash)
    entry["entry_hash"] = hash_of(entry)
    line = canonical(entry).encode("utf-8") + b"\n"
    if len(line) > MAX_LINE_BYTES:
        raise EntryRefused(f"the line would have {len(line)} bytes; {MAX_LINE_BYTES} is the most")
    return entry, line


def read_line(raw: bytes) -> Dict[str, Any]:
    """Intact entry from the bytes of one line (without newline). Raises BadLine."""
    try:
        entry = json.loads(raw.decode("utf-8"), object_pairs_hook=_no_twins, parse_constant=_no_constant)
        if not isinstance(entry, dict):
            raise ValueError("a line must hold an object")
        _check_shape(entry)
        expected = hash_of(entry)
    except (ValueError, RecursionError) as error:
        raise BadLine("MALFORMED", str(error)) from None
    stored = entry["entry_hash"]
    if stored != (OLD_PREFIX + expected if stored.startswith(OLD_PREFIX) else expected):
        raise BadLine("HASH_MISMATCH", "the entry does not have the hash it states")
    return entry


def hash_of(entry: Mapping[str, Any]) -> str:
    """SHA-256 hex of an entry, whatever its entry_hash says."""
    rest = {key: value for key, value in entry.items() if key != "entry_hash"}
    return hashlib.sha256(canonical(rest).encode("utf-8")).hexdigest()


def canonical(value: Any) -> str:
    """The one dump that is stored and hashed."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def utc_now() -> str:
    """Present time, ISO 8601 with microseconds and "+00:00"."""
    return datetime.now(timezone.utc).isoformat(timespec="microseconds")


def _check(value: Any, where: str) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _check_text(value, where)
    elif isinstance(value, int):
        if abs(value) > MAX_INT:
            raise EntryRefused(f"{where}: integer beyond ±(2**53 - 1)")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _check(item, f"{where}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise EntryRefused(f"{where}: key {key!r} is not text")
            _check_text(key, where)
            _check(item, f"{where}.{key}")
    else:
        raise EntryRefused(f"{where}: a ledger line cannot hold a {type(value).__name__}")


def _check_text(text: str, where: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise EntryRefused(f"{where}: lone surrogate") from None


def _check_shape(entry: Mapping[str, Any]) -> None:
    if isinstance(entry.get("entry_hash"), str) and entry["entry_hash"].startswith(OLD_PREFIX):
        texts: Tuple[str, ...] = ("event_type", "timestamp", "previous_hash")
    else:
        if set(entry) != KEYS:
            odd = sorted(set(entry) ^ KEYS)
            raise ValueError(f"keys missing or unknown: {', '.join(odd)}")
        if not isinstance(entry["prompts_used"], list) or not isinstance(entry["metadata"], dict):
            raise ValueError("prompts_used must be a list and metadata an object")
        texts = _TEXTS
    for key in texts:
        if not isinstance(entry.get(key), str):
            raise ValueError(f"{key} must be text")


def _no_twins(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same key twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
