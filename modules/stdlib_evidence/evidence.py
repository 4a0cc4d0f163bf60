"""Evidence records and artifact references: plain dictionaries with checked fields.

A record carries no clock of its own, so the same arguments always give the same record;
a caller that wants a time adds it as an extra field.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional


class FieldError(ValueError):
    """One argument is absent or has the wrong shape.

    ``field`` names it; ``missing`` is True when it is absent, False when it is malformed.
    """

    def __init__(self, field: str, problem: str, missing: bool = False) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.missing = missing


def build_evidence(
    session_id: Optional[str] = None,
    turn_number: Optional[int] = None,
    input_hash: Optional[str] = None,
    output_hash: Optional[str] = None,
    work_order_id: Optional[str] = None,
    declared_reads: Optional[List[Any]] = None,
    declared_writes: Optional[List[Any]] = None,
    external_calls: Optional[List[Any]] = None,
    duration_ms: Optional[int] = None,
    **extra: Any,
) -> Dict[str, Any]:
    """Record of one turn.

    ``turn_number`` counts from 1; ``duration_ms`` is whole milliseconds, 0 or more. Optional fields appear only when
    given, except the three lists, which are always there. Extra keyword arguments are kept as they are.
    Raises FieldError (a ValueError) that names the first bad field.
    """
    record: Dict[str, Any] = {
        "session_id": _text("session_id", session_id),
        "turn_number": _whole("turn_number", turn_number, least=1),
        "input_hash": _text("input_hash", input_hash),
        "output_hash": _text("output_hash", output_hash),
        "declared_reads": _items("declared_reads", declared_reads),
        "declared_writes": _items("declared_writes", declared_writes),
        "external_calls": _items("external_calls", external_calls),
    }
    if work_order_id is not None:
        record["work_order_id"] = _text("work_order_id", work_order_id)
    if duration_ms is not None:
        record["duration_ms"] = _whole("duration_ms", duration_ms, least=0)
    record.update(extra)
    return record


def build_reference(
    artifact_id: Optional[str] = None,
    hash: Optional[str] = None,  # noqa: A002 - the public name of the field
    artifact_type: Optional[str] = None,
    path: Optional[str] = None,
    **extra: Any,
) -> Dict[str, Any]:
    """Pointer to an artifact by id and digest. Raises FieldError (a ValueError) that names the first bad field."""
    reference: Dict[str, Any] = {
        "artifact_id": _text("artifact_id", artifact_id),
        "hash": _text("hash", hash),
    }
    if artifact_type is not None:
        reference["artifact_type"] = _text("artifact_type", artifact_type)
    if path is not None:
        reference["path"] = _text("path", path)
    reference.update(extra)
    return reference


def _text(field: str, value: Any) -> str:
    if value is None:
        raise FieldError(field, "is required", missing=True)
    if not isinstance(value, str) or not value.strip():
        raise FieldError(field, "must be a non-empty string")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise FieldError(field, "holds a lone surrogate") from None
    return value


def _whole(field: str, value: Any, least: int) -> int:
    if value is None:
        raise FieldError(field, "is required", missing=True)
    if isinstance(value, bool) or not isinstance(value, int):
        raise FieldError(field, f"must be a whole number, got {type(value).__name__}")
    if value < least:
        raise FieldError(field, f"must be {least} or more, got {value}")
    return value


def _items(field: str, value: Any) -> List[Any]:
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        raise FieldError(field, f"must be a list, got {type(value).__name__}")
    return list(value)
