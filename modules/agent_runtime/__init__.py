"""Runs agents in turns: what an agent may touch is declared, what it touched is recorded.

Names load on first use, so importing this package (or one of its modules) imports nothing outside it and the
standard library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, List

if TYPE_CHECKING:
    from .capability import CapabilityEnforcer, CapabilityViolation
    from .ledger_writer import LedgerWriter
    from .memory import AgentMemory
    from .package_manifest import PackageNotFoundError
    from .prompt_builder import PromptBuilder
    from .runner import AgentRunner
    from .sandbox import SandboxError, TurnSandbox
    from .session import Session, SessionError
    from .turn import TurnRequest, TurnResult

__version__ = "1.0.0"

_HOMES = {
    "AgentMemory": "memory",
    "AgentRunner": "runner",
    "CapabilityEnforcer": "capability",
    "CapabilityViolation": "capability",
    "LedgerWriter": "ledger_writer",
    "PackageNotFoundError": "package_manifest",
    "PromptBuilder": "prompt_builder",
    "SandboxError": "sandbox",
    "Session": "session",
    "SessionError": "session",
    "TurnRequest": "turn",
    "TurnResult": "turn",
    "TurnSandbox": "sandbox",
}

__all__ = [
    "AgentMemory",
    "AgentRunner",
    "CapabilityEnforcer",
    "CapabilityViolation",
    "LedgerWriter",
    "PackageNotFoundError",
    "PromptBuilder",
    "SandboxError",
    "Session",
    "SessionError",
    "TurnRequest",
    "TurnResult",
    "TurnSandbox",
    "__version__",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module("." + home, __name__), name)
    globals()[name] = value
    return value


def __dir__() -> List[str]:
    return sorted(set(globals()) | set(__all__))
