"""Runs an agent's turns: checks what is declared, watches what is done, records both."""

from __future__ import annotations

import inspect
import os
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Union

from .capability import CapabilityEnforcer, CapabilityViolation
from .ledger import EntryRefused, LedgerBusy, LedgerDamaged
from .ledger_writer import LedgerWriter
from .package_manifest import PackageNotFoundError, load_manifest
from .paths import plane_root
from .sandbox import TurnSandbox, declared_paths
from .session import Session, SessionError, check_tier
from .tripwire import inside_turn
from .turn import TurnContext, TurnRequest, TurnResult

__all__ = ["AgentRunner", "PackageNotFoundError"]

Handler = Callable[..., Any]

_turns: Dict[str, threading.Lock] = {}
_turns_guard = threading.Lock()


class AgentRunner:
    """Runs the turns of one installed package. Turns of different sessions may run in parallel threads; those of one
    session run one after the other."""

    def __init__(self, package_id: str, tier: str = "ho1", root: Union[str, "os.PathLike[str]", None] = None) -> None:
        """Load the package's capabilities. Raises PackageNotFoundError, SessionError (bad tier), or ValueError or
        TypeError for a malformed id, manifest or capability set."""
        self.package_id = package_id
        self.tier = check_tier(tier)
        self.root = plane_root(root)
        self.manifest = load_manifest(self.root, package_id)
        self.capabilities = self.manifest.get("capabilities") or {}
        self.enforcer = CapabilityEnforcer(self.capabilities)

    def execute_turn(self, request: TurnRequest, handler: Handler) -> TurnResult:
        """Run ``handler(request)`` or ``handler(request, turn)`` (``turn`` is a TurnContext) and record the turn.

        Never raises for what a handler does, except KeyboardInterrupt, which is recorded first. ``error["code"]``:
        ValueError or SessionError (the request), CapabilityViolation (a declaration), CAPABILITY_VIOLATION (an act,
        even when the handler hid the refusal), WRITE_SURFACE_MISMATCH, INVALID_RESULT (no JSON form),
        UNEXPECTED_ERROR (any exception), TURN_IN_TURN (asked for by a handler: it would run with another package's
        capabilities), LEDGER_UNAVAILABLE (the record could not be written, so the turn does not count).
        """
        if inside_turn():
            return TurnResult("error", error={"code": "TURN_IN_TURN", "message": "a handler cannot run another turn"})
        try:
            _check_request(request)
            session = Session(self.tier, request.session_id, request.work_order_id, self.root).start()
        except (SessionError, ValueError, TypeError) as error:
            code = "SessionError" if isinstance(error, SessionError) else "ValueError"
            return TurnResult("error", error=_error(code, error))
        with _turn_lock(str(session.session_path)):
            return _Turn(self, request, session).run(handler)


def _turn_lock(key: str) -> threading.Lock:
    with _turns_guard:
        return _turns.setdefault(key, threading.Lock())


class _Turn:
    """One turn on its way from request to record."""

    def __init__(self, runner: AgentRunner, request: TurnRequest, session: Session) -> None:
        self.request = request
        self.session = session
        self.package_id = runner.package_id
        self.root = runner.root
        self.enforcer = runner.enforcer.bind(session.session_id)
        self.result: Any = None
        self.error: Optional[Dict[str, Any]] = None
        self.violations: List[CapabilityViolation] = []
        self.interrupt: Optional[KeyboardInterrupt] = None
        self.proof: Dict[str, Any] = {"declared_reads": [], "declared_writes": [], "external_calls": []}

    def run(self, handler: Handler) -> TurnResult:
        begun = time.monotonic()
        sandbox = self._checked_sandbox()
        if sandbox is not None:
            self._run_inside(sandbox, handler)
        evidence = self._evidence(int((time.monotonic() - begun) * 1000))
        self._record(evidence)
        if self.interrupt is not None:
            raise self.interrupt
        if self.error is not None:
            return TurnResult("error", None, evidence, self.error)
        return TurnResult("ok", self.result, evidence)

    def _checked_sandbox(self) -> Optional[TurnSandbox]:
        sid = self.session.session_id
        try:
            inputs = declared_paths(self.request.declared_inputs, sid)
            sandbox = TurnSandbox(sid, self.request.declared_outputs, self.root, self.enforcer)
            for path in inputs:
                self.enforcer.enforce("read", path)
            for path in sorted(sandbox.declared):
                self.enforcer.enforce("write", path)
            self.proof["declared_reads"] = self._inputs(inputs)
            return sandbox
        except CapabilityViolation as violation:
            self.violations.append(violation)
            self.error = _error("CapabilityViolation", violation, violation.details)
        except (ValueError, TypeError, OSError) as error:
            self.error = _error("ValueError", error)
        return None

    def _inputs(self, paths: List[str]) -> List[Dict[str, Any]]:
        from modules.stdlib_evidence import hash_file

        reads = []
        for path, given in zip(paths, self.request.declared_inputs):
            place = self.root / path
            if not str(place.resolve()).startswith(str(self.root.resolve()).rstrip("/") + "/"):
                raise ValueError(f"{path}: leads out of the plane")
            found = hash_file(place) if place.is_file() else None
            if given.get("hash") not in (None, found):
                raise ValueError(f"{path}: declared with another hash than it has")
            reads.append({"path": path, "hash": found})
        return reads

    def _run_inside(self, sandbox: TurnSandbox, handler: Handler) -> None:
        turn = TurnContext(
            self.session.session_id,
            self.request.turn_number,
            self.root,
            sandbox.tmp_path,
            sandbox.output_path,
            sandbox.env,
        )
        arguments = (self.request, turn) if _takes_turn(handler) else (self.request,)
        try:
            with sandbox:
                self.result = handler(*arguments)
        except CapabilityViolation as violation:
            self.error = _error("CAPABILITY_VIOLATION", violation, violation.to_dict())
            if violation not in sandbox.guard.violations:
                self.violations.append(violation)
        except KeyboardInterrupt as interrupt:
            self.error = _error("UNEXPECTED_ERROR", interrupt, {"type": "KeyboardInterrupt"})
            self.interrupt = interrupt
        except BaseException as error:  # noqa: BLE001 - whatever a handler raises ends as a recorded turn
            self.error = _error("UNEXPECTED_ERROR", error, {"type": type(error).__name__})
        self._judge(sandbox)

    def _judge(self, sandbox: TurnSandbox) -> None:
        refused = sandbox.guard.violations
        self.violations.extend(refused)
        if self.error is None and refused:
            self.error = _error("CAPABILITY_VIOLATION", refused[0], refused[0].to_dict())
        try:
            writes, exact = sandbox.verify_writes()
            mismatch = {} if exact else sandbox.mismatch()
        except Exception as error:  # the sandbox never began
            writes, mismatch = [], {}
            self.error = self.error or _error("UNEXPECTED_ERROR", error, {"type": type(error).__name__})
        if self.error is None and mismatch:
            message = "written and declared paths differ"
            self.error = {"code": "WRITE_SURFACE_MISMATCH", "message": message, "details": mismatch}
        self.proof["declared_writes"] = [write for write in writes if write["path"] in sandbox.declared]
        notes = {
            **mismatch,
            "leftovers": sandbox.leftovers,
            "scratch_left": sandbox.scratch_left,
            "refused_operations": len(refused),
        }
        self.proof.update({key: value for key, value in notes.items() if value})
        self.proof["whole_plane_compared"] = sandbox.complete

    def _evidence(self, duration_ms: int) -> Dict[str, Any]:
        from modules.stdlib_evidence import build_evidence, hash_json, hash_string

        query = self.request.query
        query_hash = hash_string(query) if isinstance(query, str) else hash_json(query)
        try:
            result_hash = hash_json(self.result if self.error is None else self.error)
        except (ValueError, TypeError) as error:
            self.error = _error("INVALID_RESULT", error)
            result_hash = hash_json(self.error)
        evidence = build_evidence(
            session_id=self.session.session_id,
            turn_number=self.request.turn_number,
            input_hash=query_hash,
            output_hash=result_hash,
            work_order_id=self.request.work_order_id,
            duration_ms=duration_ms,
            **self.proof,
        )
        evidence.update(query_hash=query_hash, result_hash=result_hash, package_id=self.package_id)
        return evidence

    def _record(self, evidence: Dict[str, Any]) -> None:
        writer = LedgerWriter(self.session)
        number = self.request.turn_number
        done = {
            "status": "ok" if self.error is None else "error",
            "reason": "" if self.error is None else self.error["code"],
            "query_hash": evidence["query_hash"],
            "result_hash": evidence["result_hash"],
            "duration_ms": evidence["duration_ms"],
            "package_id": self.package_id,
        }
        if self.error is not None:
            done["error_message"] = self.error["message"][:500]
        shown = {key: value for key, value in evidence.items() if key not in ("turn_number", "session_id")}
        try:
            for violation in self.violations[:20]:
                writer.write_violation(number, violation)
            pair = writer.write_turn(number, done, shown, self.request.work_order_id)
            evidence["entries"] = {"exec": pair[0]["entry_hash"], "evidence": pair[1]["entry_hash"]}
        except (EntryRefused, LedgerBusy, LedgerDamaged, OSError) as error:
            details = {"reason": getattr(error, "code", type(error).__name__), "turn": self.error or {"status": "ok"}}
            self.error = _error("LEDGER_UNAVAILABLE", error, details)


def _check_request(request: TurnRequest) -> None:
    number = request.turn_number
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number < 2**53:
        raise ValueError(f"turn_number must be a whole number from 1, got {number!r}")
    if request.work_order_id is not None and (not isinstance(request.work_order_id, str) or not request.work_order_id):
        raise ValueError("work_order_id must be text")
    from modules.stdlib_evidence import hash_json

    hash_json([request.query, request.work_order_id])


def _takes_turn(handler: Handler) -> bool:
    try:
        inspect.signature(handler).bind(None, None)
    except (TypeError, ValueError):
        return False
    return True


def _error(code: str, error: BaseException, details: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
    # A message may quote text with no UTF-8 form; a record must not fail on it.
    message = (str(error) or type(error).__name__).encode("utf-8", "replace").decode("utf-8")
    found: Dict[str, Any] = {"code": code, "message": message}
    if details:
        found["details"] = details
    return found
