"""One turn of the echo agent, from query to envelope."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Optional, Union

from modules.agent_runtime import AgentRunner, PackageNotFoundError, Session, SessionError, TurnRequest

from .echo import OUTPUT_NAME, echo

PACKAGE_ID = "PKG-T3-ECHO-001"


def run(
    query: str,
    root: Union[str, "os.PathLike[str]", None] = None,
    session_id: Optional[str] = None,
    turn_number: int = 1,
) -> Dict[str, Any]:
    """Envelope ``{"status", "result"?, "error"?, "evidence"?}`` of one turn in the plane at ``root``.

    Error codes: PACKAGE_NOT_FOUND, INVALID_FIELD, and those of the runtime. Never raises for a bad query or plane.
    """
    try:
        runner = AgentRunner(PACKAGE_ID, tier="ho1", root=root)
        with Session(tier="ho1", session_id=session_id, root=root) as session:
            request = TurnRequest(
                session_id=session.session_id,
                turn_number=turn_number,
                query=query,
                declared_outputs=[{"path": f"output/<session_id>/{OUTPUT_NAME}", "role": "answer"}],
            )
            done = runner.execute_turn(request, echo)
    except PackageNotFoundError as error:
        return _failed(error.code, error, searched_paths=error.searched_paths)
    except (SessionError, ValueError, TypeError) as error:
        return _failed("INVALID_FIELD", error)
    if done.error is not None:
        return {"status": "error", "error": done.error, "evidence": done.evidence}
    return {"status": "ok", "result": done.result, "evidence": done.evidence}


def answer_bytes(raw: bytes, root: Union[str, "os.PathLike[str]", None] = None) -> Dict[str, Any]:
    """Envelope for a pipe request ``{"query": text, "session_id"?: text, "turn_number"?: whole number}``."""
    try:
        request = json.loads(raw.decode("utf-8"))
        if not isinstance(request, dict):
            raise ValueError("the request must be a JSON object")
    except (ValueError, RecursionError) as error:
        return _failed("INVALID_JSON", error)
    if "query" not in request:
        return _failed("MISSING_FIELD", ValueError("query: is required"), field="query")
    if not isinstance(request["query"], str):
        return _failed("INVALID_FIELD", ValueError("query: must be text"), field="query")
    return run(request["query"], root, request.get("session_id"), request.get("turn_number", 1))


def _failed(code: str, error: BaseException, **details: Any) -> Dict[str, Any]:
    found: Dict[str, Any] = {"code": code, "message": str(error)}
    if details:
        found["details"] = details
    return {"status": "error", "error": found}
