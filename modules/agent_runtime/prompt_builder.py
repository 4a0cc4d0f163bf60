"""The facts an agent is told about its turn, as data, Markdown or JSON."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

from .ledger_lines import utc_now
from .memory import AgentMemory
from .paths import plane_root
from .session import check_session_id, check_tier


class PromptBuilder:
    """Builder for one tier of one plane."""

    def __init__(self, tier: str = "ho1", root: Union[str, "os.PathLike[str]", None] = None) -> None:
        self.tier = check_tier(tier)
        self.root = plane_root(root)

    def build(
        self,
        session_id: str,
        turn_number: int,
        declared_inputs: Sequence[Mapping[str, Any]],
        declared_outputs: Sequence[Mapping[str, Any]],
        work_order_id: Optional[str] = None,
        agent_id: Optional[str] = None,
        capabilities: Optional[Mapping[str, Sequence[str]]] = None,
    ) -> Dict[str, Any]:
        """Context of one turn. ``context_as_of`` is the time of the newest entry of the tier's ledger (the present
        time without one); capabilities appear as counts, never as patterns. Raises SessionError or ValueError."""
        check_session_id(session_id)
        if isinstance(turn_number, bool) or not isinstance(turn_number, int) or turn_number < 1:
            raise ValueError(f"turn_number must be a whole number from 1, got {turn_number!r}")
        newest = AgentMemory(self.tier, self.root).get_recent_entries(limit=1)
        context: Dict[str, Any] = {
            "role": agent_id or f"{self.tier}_agent",
            "tier": self.tier,
            "session_id": session_id,
            "turn_number": turn_number,
            "context_as_of": newest[0]["timestamp"] if newest else utc_now(),
            "declared_inputs": [dict(item) for item in declared_inputs],
            "declared_outputs": [dict(item) for item in declared_outputs],
        }
        if work_order_id is not None:
            context["work_order_id"] = work_order_id
        if capabilities is not None:
            context["capabilities"] = {key: len(capabilities.get(key, ())) for key in ("read", "write", "execute")}
        return context

    def format_as_markdown(self, context: Mapping[str, Any]) -> str:
        """Page with one line a fact. Text is kept on its line and cannot open a heading, list or code block."""
        lines = ["# Agent Context", ""]
        lines += [f"**{title}:** {_inline(context[key])}" for key, title in _TITLES.items() if key in context]
        if "capabilities" in context:
            counts = ", ".join(f"{key} {count}" for key, count in context["capabilities"].items())
            lines.append(f"**Capabilities:** {counts}")
        for key, title in (("declared_inputs", "Declared Inputs"), ("declared_outputs", "Declared Outputs")):
            lines += ["", f"## {title}", ""] + _items(context.get(key, ()))
        return "\n".join(lines) + "\n"

    def format_as_json(self, context: Mapping[str, Any]) -> str:
        """Two-space JSON with sorted keys and a final newline. Raises ValueError for NaN and infinities."""
        return json.dumps(context, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


_TITLES = {
    "session_id": "Session",
    "turn_number": "Turn",
    "role": "Role",
    "tier": "Tier",
    "context_as_of": "Context as of",
    "work_order_id": "Work order",
}


def _items(entries: Sequence[Mapping[str, Any]]) -> List[str]:
    return [f"- {_inline(entry.get('path', ''))} {_inline(entry.get('role', ''))}".rstrip() for entry in entries] or [
        "- none"
    ]


def _inline(value: Any) -> str:
    return " ".join(str(value).split()).replace("`", "'")
