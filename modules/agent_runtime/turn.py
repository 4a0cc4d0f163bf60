"""The data of one turn: what was asked, what came of it, and what a handler is given to work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Dict, List, Mapping, Optional


@dataclass
class TurnRequest:
    """``turn_number`` counts from 1. Inputs are ``{"path", "hash"?}``, outputs ``{"path", "role"}``, both with paths
    relative to the plane, in which ``<session_id>`` and ``<sid>`` stand for the session's id."""

    session_id: str
    turn_number: int
    query: Any
    declared_inputs: List[Dict[str, Any]] = field(default_factory=list)
    declared_outputs: List[Dict[str, Any]] = field(default_factory=list)
    work_order_id: Optional[str] = None
    context: Optional[Dict[str, Any]] = None


@dataclass
class TurnResult:
    """``status`` is "ok" or "error"; an error is ``{"code", "message", "details"?}``. Evidence is there for every turn
    that reached its session."""

    status: str
    result: Any = None
    evidence: Dict[str, Any] = field(default_factory=dict)
    error: Optional[Dict[str, Any]] = None


@dataclass(frozen=True)
class TurnContext:
    """What a handler may use: absolute paths, and the environment to start commands with (``env=turn.env``)."""

    session_id: str
    turn_number: int
    root: Path
    tmp_path: Path
    output_path: Path
    env: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
