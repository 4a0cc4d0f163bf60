"""A turn behind the wall: one JSON request on stdin, one answer on stdout, as ``pkg run`` asks.

Session, number and declared outputs come with the request; those outputs are the only files that can be written here. Whoever
runs this keeps the ledgers of the session. Imports nothing of the plane but the agent itself.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict

from echo import echo

PLANE = Path(__file__).resolve().parents[2]


def answer(request: Dict[str, Any]) -> Dict[str, Any]:
    if request.get("action") != "turn" or "turn" not in request:
        return {"status": "error", "error": {"code": "plugin_action_not_found", "message": "there is only turn"}}
    session = request["turn"]
    asked = SimpleNamespace(query=request["input"]["query"], turn_number=session["turn_number"])
    turn = SimpleNamespace(
        session_id=session["session_id"],
        turn_number=session["turn_number"],
        root=PLANE,
        output_path=PLANE / "output" / session["session_id"],
    )
    return {"status": "ok", "result": echo(asked, turn)}


def main() -> int:
    done = answer(json.load(sys.stdin))
    sys.stdout.write(json.dumps(done) + "\n")
    return 0 if done["status"] == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())
