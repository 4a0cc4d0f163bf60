"""What an agent may read, write and execute, and what it may never touch.

A capability set is ``{"read": [...], "write": [...], "execute": [...], "forbidden": [...]}``; an absent key means
an empty list, and nothing that is not listed is allowed. Forbidden wins over everything, for every operation, and
also matches names that differ only in case or Unicode composition. Path rules are in ``patterns``, command rules
in ``commands``.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from .commands import Command, UnsafeCommand, command_matches, command_pattern, command_touches, command_words
from .paths import UnsafePath, normalise
from .patterns import BadPattern, matches, matches_loosely, path_pattern

KEYS = ("read", "write", "execute", "forbidden")
SESSION_MARKS = ("<session_id>", "<sid>")


class CapabilityViolation(Exception):
    """An operation outside the declared capabilities.

    ``operation`` is read, write or execute; ``path`` the path or command as given; ``details["reason"]`` one of
    matches_forbidden_pattern, no_matching_capability, unsafe_path, unknown_operation, undeclared_write or
    not_permitted.
    """

    def __init__(self, message: str, operation: str, path: str, details: Optional[Dict[str, Any]] = None) -> None:
        super().__init__(message)
        self.message = message
        self.operation = operation
        self.path = path
        self.details: Dict[str, Any] = dict(details or {})

    def to_dict(self) -> Dict[str, Any]:
        """``{error_type, message, operation, path, details}`` for a ledger: text with no UTF-8 form is replaced."""
        return {
            "error_type": "CapabilityViolation",
            "message": _printable(self.message),
            "operation": self.operation,
            "path": _printable(self.path),
            "details": self.details,
        }


class CapabilityEnforcer:
    """Answers whether one operation is allowed. Immutable and safe to share between threads."""

    def __init__(self, capabilities: Mapping[str, Sequence[str]]) -> None:
        """Raises TypeError for a wrong shape (a string where a list belongs, None, items that are not strings),
        ValueError for an unknown key or an unusable pattern."""
        if not isinstance(capabilities, Mapping):
            raise TypeError(f"capabilities must be a mapping, got {type(capabilities).__name__}")
        unknown = sorted(str(key) for key in capabilities if key not in KEYS)
        if unknown:
            raise ValueError(f"unknown capability {', '.join(unknown)}; known are {', '.join(KEYS)}")
        lists = {key: _strings(key, capabilities.get(key, [])) for key in KEYS}
        self.read_patterns = [_checked("read", text) for text in lists["read"]]
        self.write_patterns = [_checked("write", text) for text in lists["write"]]
        self.execute_patterns = lists["execute"]
        self.forbidden_patterns = lists["forbidden"]
        self._commands = [command_pattern(text) for text in lists["execute"]]
        self._forbidden_paths, self._forbidden_commands = _forbidden(lists["forbidden"])

    def bind(self, session_id: str) -> "CapabilityEnforcer":
        """The same set with ``<session_id>`` and ``<sid>`` in path patterns replaced by a session's id."""
        return CapabilityEnforcer(
            {
                "read": [place(text, session_id) for text in self.read_patterns],
                "write": [place(text, session_id) for text in self.write_patterns],
                "execute": self.execute_patterns,
                "forbidden": [place(text, session_id) for text in self.forbidden_patterns],
            }
        )

    def check(self, operation: str, path: Command) -> bool:
        """True when allowed. Unknown operations, unsafe paths and unsafe commands are not. Never raises."""
        return self._refusal(operation, path) is None

    def enforce(self, operation: str, path: Command) -> None:
        """Raise CapabilityViolation unless allowed."""
        reason = self._refusal(operation, path)
        if reason is not None:
            shown = path if isinstance(path, str) else _shown(path)
            details = {"reason": reason, "available_patterns": list(self._patterns(operation))}
            raise CapabilityViolation(f"{operation} of {shown!r} is not allowed: {reason}", operation, shown, details)

    def is_forbidden(self, path: str) -> bool:
        """True when a forbidden pattern matches, and for every text that is not a path inside the plane."""
        try:
            plain = normalise(path)
        except (UnsafePath, TypeError):
            return True
        return self._forbids(plain)

    def check_declared_outputs(self, outputs: Sequence[Mapping[str, Any]]) -> None:
        """Raise CapabilityViolation for the first of ``[{"path", "role"}, ...]`` that may not be written."""
        for output in outputs:
            self.enforce("write", output["path"])

    def _refusal(self, operation: str, path: Command) -> Optional[str]:
        if operation == "execute":
            return self._command_refusal(path)
        if operation not in ("read", "write"):
            return "unknown_operation"
        try:
            plain = normalise(path)  # type: ignore[arg-type]
        except (UnsafePath, TypeError):
            return "unsafe_path"
        if self._forbids(plain):
            return "matches_forbidden_pattern"
        allowed = any(matches(pattern, plain) for pattern in self._patterns(operation))
        return None if allowed else "no_matching_capability"

    def _command_refusal(self, command: Command) -> Optional[str]:
        try:
            words = command_words(command)
        except (UnsafeCommand, TypeError):
            return "unsafe_path"
        if any(command_touches(pattern, words) for pattern in self._forbidden_commands):
            return "matches_forbidden_pattern"
        allowed = any(command_matches(pattern, words) for pattern in self._commands)
        return None if allowed else "no_matching_capability"

    def _forbids(self, plain: str) -> bool:
        return any(matches(text, plain) or matches_loosely(text, plain) for text in self._forbidden_paths)

    def _patterns(self, operation: str) -> List[str]:
        lists = {"read": self.read_patterns, "write": self.write_patterns, "execute": self.execute_patterns}
        return lists.get(operation, [])


def place(text: str, session_id: str) -> str:
    """``text`` with the session marks replaced."""
    for mark in SESSION_MARKS:
        text = text.replace(mark, session_id)
    return text


def _strings(key: str, value: Any) -> List[str]:
    if isinstance(value, (str, bytes)) or not isinstance(value, (list, tuple)):
        raise TypeError(f"capability {key!r} must be a list of strings, got {type(value).__name__}")
    for item in value:
        if not isinstance(item, str):
            raise TypeError(f"capability {key!r} must hold strings, got {type(item).__name__}")
    return list(value)


def _checked(key: str, text: str) -> str:
    try:
        return path_pattern(text)
    except BadPattern as error:
        raise BadPattern(f"capability {key!r}: {error}") from None


def _forbidden(texts: Sequence[str]) -> Tuple[List[str], List[Tuple[str, ...]]]:
    # One list forbids both paths and commands; a text with several words can only mean a command.
    paths: List[str] = []
    commands: List[Tuple[str, ...]] = []
    for text in texts:
        words = text.split()
        if len(words) > 1:
            commands.append(command_pattern(text))
        paths.append(_checked("forbidden", text))
        if len(words) == 1:
            commands.append((paths[-1],))
    return paths, commands


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _shown(command: Any) -> str:
    try:
        return " ".join(map(str, command))
    except TypeError:
        return repr(command)
