"""What the agent does in a turn."""

from __future__ import annotations

from typing import Any, Dict

OUTPUT_NAME = "echo.txt"


def echo(request: Any, turn: Any) -> Dict[str, Any]:
    """Write the query and a newline to the declared output; result ``{"echo", "characters", "output"}``."""
    (turn.output_path / OUTPUT_NAME).write_text(request.query + "\n", encoding="utf-8")
    output = f"output/{turn.session_id}/{OUTPUT_NAME}"
    return {"echo": request.query, "characters": len(request.query), "output": output}
