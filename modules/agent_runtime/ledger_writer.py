"""Writes a session's two ledgers: what was done (exec) and what it touched (evidence).

Each entry continues the chain from the stream's last line, whoever wrote it. Fields beyond the common ten are in
``metadata``; durations are whole milliseconds. Lists and texts too long for a line are recorded by digest.
"""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Mapping, Optional, Tuple

from .capability import CapabilityViolation
from .ledger import append
from .session import Session
from .tripwire import trusted

MAX_FIELD_BYTES = 8_192


class LedgerWriter:
    """Writer for one session. Safe to use from several threads; several writers may serve one session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def write_turn(
        self,
        turn_number: int,
        exec_entry: Mapping[str, Any],
        evidence_entry: Mapping[str, Any],
        work_order_id: Optional[str] = None,
    ) -> Tuple[Dict[str, Any], Dict[str, Any]]:
        """Append one "agent_turn" and one "turn_evidence" entry and return both.

        ``exec_entry`` has status, query_hash, result_hash and what else is worth keeping; its ``reason`` becomes the
        entry's. The evidence entry names the exec entry's id. Raises what ``ledger.append`` raises.
        """
        fields = {**exec_entry, "turn_number": turn_number}
        if work_order_id is not None:
            fields["work_order_id"] = work_order_id
        reason = str(fields.pop("reason", ""))
        done = self._write("exec", "agent_turn", str(fields.get("status", "")), reason, fields)
        proof = {**evidence_entry, "turn_number": turn_number, "exec_entry_id": done["id"]}
        return done, self._write("evidence", "turn_evidence", str(fields.get("status", "")), reason, proof)

    def write_violation(self, turn_number: int, violation: CapabilityViolation) -> Dict[str, Any]:
        """Append a "capability_violation" entry to the exec ledger and return it."""
        fields = {"turn_number": turn_number, "violation": violation.to_dict()}
        return self._write("exec", "capability_violation", "refused", violation.message, fields)

    def write_query(self, turn_number: int, content: str) -> Dict[str, Any]:
        """Append a "user_query" entry to the exec ledger and return it."""
        return self._write("exec", "user_query", "received", "", _content(turn_number, content))

    def write_response(self, turn_number: int, content: str, status: str = "ok") -> Dict[str, Any]:
        """Append an "agent_response" entry to the exec ledger and return it."""
        fields = {**_content(turn_number, content), "status": status}
        return self._write("exec", "agent_response", status, "", fields)

    def _write(
        self, name: str, event_type: str, decision: str, reason: str, fields: Mapping[str, Any]
    ) -> Dict[str, Any]:
        stream = self.session.exec_ledger_path if name == "exec" else self.session.evidence_ledger_path
        event = {
            "event_type": event_type,
            "submission_id": self.session.session_id,
            "decision": decision,
            "reason": _printable(reason)[:500],
            "metadata": {key: _bounded(value) for key, value in fields.items()},
        }
        with trusted():
            return append(os.fspath(stream), [event], root=self.session.root).entries[0]


def _content(turn_number: int, content: str) -> Dict[str, Any]:
    from modules.stdlib_evidence import hash_string

    text = _printable(content)
    return {"turn_number": turn_number, "content": text, "content_hash": hash_string(text)}


def _bounded(value: Any) -> Any:
    from modules.stdlib_evidence import hash_json

    if not isinstance(value, (str, list, tuple, dict)):
        return value
    try:
        size = len(json.dumps(value, ensure_ascii=False).encode("utf-8"))
    except (TypeError, ValueError, RecursionError):
        return value  # the line form names what is wrong with it
    if size <= MAX_FIELD_BYTES:
        return value
    return {"by_digest": hash_json(value), "items": len(value), "size_bytes": size}


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
