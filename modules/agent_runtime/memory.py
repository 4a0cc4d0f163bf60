"""What an agent may remember: the newest entries of a plane tier's ledger, each verified as it is read.

ho3 remembers ``ledger/governance.jsonl``, ho2 ``planes/ho2/ledger/workorder.jsonl``, ho1
``planes/ho1/ledger/worker.jsonl``. Older, flat session lines are readable too (``replay_ledger(path=...)``).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple, Union

from .ledger import LedgerDamaged
from .ledger_lines import utc_now
from .ledger_read import entry_or_problem, newest_lines, source_lines
from .paths import plane_root
from .session import check_tier

STREAMS = {
    "ho3": "ledger/governance.jsonl",
    "ho2": "planes/ho2/ledger/workorder.jsonl",
    "ho1": "planes/ho1/ledger/worker.jsonl",
}
CHECKPOINT_EVENT = "version_checkpoint"


@dataclass(frozen=True)
class Integrity:
    """Whether every line looked at was intact and linked to its neighbour; ``problem`` is the first one met, in the
    order read. ``lines`` is how many were looked at: 0 means nothing was proven."""

    valid: bool
    lines: int
    problem: Optional[str] = None


@dataclass(frozen=True)
class Context:
    """``baseline`` is the newest checkpoint (or None), ``recent_events`` come oldest first."""

    baseline: Optional[Dict[str, Any]]
    recent_events: List[Dict[str, Any]]
    context_as_of: str
    integrity: Integrity


class AgentMemory:
    """Reader of one tier's ledger. ``integrity`` tells about the latest read."""

    def __init__(self, tier: str = "ho1", root: Union[str, "os.PathLike[str]", None] = None) -> None:
        self.tier = check_tier(tier)
        self.root = plane_root(root)
        self.integrity = Integrity(True, 0)

    def reconstruct_context(self, since: Optional[str] = None, limit: int = 100) -> Context:
        """Newest ``limit`` entries later than ``since`` (an ISO 8601 UTC timestamp; default: the baseline's)."""
        baseline = self.find_checkpoint()
        before = self.integrity
        start = since if since is not None else (baseline or {}).get("timestamp")
        events = self._newest(self.tier, limit, None, start)
        problem = self.integrity.problem or before.problem
        self.integrity = Integrity(problem is None, before.lines + self.integrity.lines, problem)
        as_of = events[-1]["timestamp"] if events else utc_now()
        return Context(baseline, events, as_of, self.integrity)

    def get_recent_entries(
        self, tier: Optional[str] = None, limit: int = 100, event_type: Optional[str] = None
    ) -> List[Dict[str, Any]]:
        """Newest ``limit`` intact entries, oldest first, read from the end of the stream."""
        return self._newest(check_tier(tier or self.tier), limit, event_type, None)

    def replay_ledger(
        self,
        since: Optional[str] = None,
        limit: Optional[int] = None,
        path: Union[str, "os.PathLike[str]", None] = None,
        strict: bool = False,
    ) -> List[Dict[str, Any]]:
        """Intact entries later than ``since`` from the whole stream, oldest first; ``limit`` keeps the newest.

        ``strict`` raises LedgerDamaged at the first broken line or link; otherwise ``integrity`` reports it.
        """
        stream = Path(path) if path is not None else self._stream(self.tier)
        found: List[Dict[str, Any]] = []
        problem: Optional[str] = None
        previous: Optional[str] = ""
        lines = 0
        for raw in _complete_lines(stream):
            lines += 1
            entry, fault = entry_or_problem(raw)
            if fault is None and entry is not None and previous is not None and entry["previous_hash"] != previous:
                fault = "CHAIN_BROKEN"
            if fault is not None:
                if strict:
                    raise LedgerDamaged(f"line {lines} of {stream.name}: {fault}", fault)
                problem = problem or fault
            previous = None if entry is None else entry["entry_hash"]
            if entry is not None and _later(entry, since):
                found.append(entry)
        self.integrity = Integrity(problem is None, lines, problem)
        return found if limit is None else found[max(0, len(found) - max(0, limit)) :]

    def find_checkpoint(self, before: Optional[str] = None) -> Optional[Dict[str, Any]]:
        """Newest "version_checkpoint" entry not later than ``before`` (default: newest of all); None without one.

        Looks in this tier's ledger, then in the plane's governance ledger.
        """
        lines, problem, found = 0, None, None
        for tier in dict.fromkeys((self.tier, "ho3")):
            matching = (
                entry
                for entry in self._walk_back(tier)
                if entry["event_type"] == CHECKPOINT_EVENT and (before is None or not _later(entry, before))
            )
            found = next(matching, None)
            lines, problem = lines + self.integrity.lines, problem or self.integrity.problem
            if found is not None:
                break
        self.integrity = Integrity(problem is None, lines, problem)
        return found

    def _newest(
        self, tier: str, limit: int, event_type: Optional[str], since: Optional[str]
    ) -> List[Dict[str, Any]]:
        found: List[Dict[str, Any]] = []
        if limit < 1:
            return found
        for entry in self._walk_back(tier):
            if not _later(entry, since):
                break
            if event_type in (None, entry["event_type"]):
                found.append(entry)
                if len(found) == limit:
                    break
        return found[::-1]

    def _walk_back(self, tier: str) -> Iterator[Dict[str, Any]]:
        # Each line must be the one its successor names as previous.
        expected: Optional[str] = None
        lines, problem = 0, None
        self.integrity = Integrity(True, 0)
        for raw in newest_lines(self._stream(tier)):
            lines += 1
            entry, fault = entry_or_problem(raw)
            if entry is not None and expected is not None and entry["entry_hash"] != expected:
                fault = "CHAIN_BROKEN"
            problem = problem or fault
            self.integrity = Integrity(problem is None, lines, problem)
            expected = None if entry is None else entry["previous_hash"]
            if entry is not None:
                yield entry
        if expected:
            self.integrity = Integrity(False, lines, problem or "CHAIN_BROKEN")

    def _stream(self, tier: str) -> Path:
        return self.root / STREAMS[tier]


def _complete_lines(stream: Path) -> Iterator[bytes]:
    try:
        with open(stream, "rb") as source:
            for raw in source_lines(source):
                if not raw.endswith(b"\n"):
                    return
                yield raw[:-1]
    except FileNotFoundError:
        return


def _later(entry: Dict[str, Any], moment: Optional[str]) -> bool:
    return moment is None or _comparable(entry["timestamp"]) > _comparable(moment)


def _comparable(timestamp: str) -> Tuple[str, str]:
    # UTC timestamps differ only in how the zone is spelled and whether microseconds are written.
    bare = timestamp[:-1] if timestamp.endswith("Z") else timestamp.split("+")[0]
    whole, _, fraction = bare.partition(".")
    return whole, fraction.ljust(6, "0")
