"""The pipe form of this package: one JSON object in, one envelope out.

Request: ``{"op": "build_evidence" | "hash" | "reference", ...}``; ``op`` may also be called ``operation`` and
defaults to build_evidence.

* build_evidence: session_id, turn_number, and for both sides a value (``input``/``output``) or its digest
  (``input_hash``/``output_hash``); the optional fields of ``evidence.build_evidence``.
* hash: ``input`` -> ``{"hash": "sha256:..."}``.
* reference: artifact_id, hash, artifact_type?, path?.

A value that is not an object is hashed as ``{"value": value}``.
Envelope: ``{"status": "ok", "result": ...}`` or ``{"status": "error", "error": {code, message, details?}}`` with code
INVALID_JSON, UNKNOWN_OPERATION, MISSING_FIELD or INVALID_FIELD.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Tuple

from .evidence import FieldError, build_evidence, build_reference
from .hashing import hash_json

_EVIDENCE_OPTIONS = ("work_order_id", "declared_reads", "declared_writes", "external_calls", "duration_ms")


class _Refusal(Exception):
    def __init__(self, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.details = details


def answer_bytes(raw: bytes) -> Tuple[Dict[str, Any], Any]:
    """Envelope for one request, and the request's ``id`` (None when it is not a string or a whole number).

    Never raises for any input.
    """
    try:
        request = _parse(raw)
    except _Refusal as refusal:
        return _error(refusal), None
    request_id = request.get("id")
    return answer(request), request_id if type(request_id) in (str, int) else None


def answer(request: Dict[str, Any]) -> Dict[str, Any]:
    """Envelope for one parsed request. Never raises for any JSON object."""
    try:
        return {"status": "ok", "result": _dispatch(request)}
    except _Refusal as refusal:
        return _error(refusal)
    except FieldError as error:
        code = "MISSING_FIELD" if error.missing else "INVALID_FIELD"
        return _error(_Refusal(code, str(error), field=error.field))


def _parse(raw: bytes) -> Dict[str, Any]:
    try:
        request = json.loads(raw.decode("utf-8"), object_pairs_hook=_no_twins, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise _Refusal("INVALID_JSON", f"the request is not UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise _Refusal("INVALID_JSON", "the request nests too deeply") from None
    except ValueError as error:
        raise _Refusal("INVALID_JSON", f"the request is not valid JSON: {error}") from None
    if not isinstance(request, dict):
        raise _Refusal("INVALID_JSON", f"the request must be a JSON object, got {type(request).__name__}")
    return request


def _no_twins(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same key twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _dispatch(request: Dict[str, Any]) -> Any:
    operation = request.get("op", request.get("operation", "build_evidence"))
    run = _OPERATIONS.get(operation) if isinstance(operation, str) else None
    if run is None:
        raise _Refusal("UNKNOWN_OPERATION", "no such operation", known=sorted(_OPERATIONS))
    return run(request)


def _evidence(request: Dict[str, Any]) -> Dict[str, Any]:
    options = {name: request[name] for name in _EVIDENCE_OPTIONS if name in request}
    record = build_evidence(
        session_id=request.get("session_id"),
        turn_number=request.get("turn_number"),
        input_hash=_side(request, "input"),
        output_hash=_side(request, "output"),
        **options,
    )
    _digest("declared lists", record)  # refuses what has no UTF-8 or JSON form before it is echoed
    return record


def _side(request: Dict[str, Any], side: str) -> Any:
    if side in request:
        return _digest(side, request[side])
    given = request.get(side + "_hash")
    if given is None:
        raise FieldError(side, f"or {side}_hash is required", missing=True)
    return given


def _hash(request: Dict[str, Any]) -> Dict[str, str]:
    if "input" not in request:
        raise FieldError("input", "is required", missing=True)
    return {"hash": _digest("input", request["input"])}


def _reference(request: Dict[str, Any]) -> Dict[str, Any]:
    fields = {name: request.get(name) for name in ("artifact_id", "hash", "artifact_type", "path")}
    return build_reference(**fields)


def _digest(field: str, value: Any) -> str:
    try:
        return hash_json(value if isinstance(value, dict) else {"value": value})
    except ValueError as error:
        raise FieldError(field, str(error)) from None


_OPERATIONS: Dict[str, Callable[[Dict[str, Any]], Any]] = {
    "build_evidence": _evidence,
    "hash": _hash,
    "reference": _reference,
}


def _error(refusal: _Refusal) -> Dict[str, Any]:
    error: Dict[str, Any] = {"code": refusal.code, "message": str(refusal)}
    if refusal.details:
        error["details"] = refusal.details
    return {"status": "error", "error": error}
