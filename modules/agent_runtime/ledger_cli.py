"""Command line of the ledger: ``python3 -m modules.agent_runtime.ledger append|verify``.

``append`` prints one JSON line per acknowledged entry; ``verify`` prints one report. Exit 0 done and valid, 1 refused,
damaged or invalid (with ``{"error": {code, message}}`` on stdout for append), 2 usage.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any, List, Optional

from .ledger import LedgerDamaged, append
from .ledger_lines import EntryRefused
from .ledger_lock import DEFAULT_TIMEOUT_S
from .ledger_read import verify_stream
from .paths import UnsafePath, normalise, plane_root


def main(argv: Optional[List[str]] = None) -> int:
    """Run one sub-command and return the exit code."""
    options = _parser().parse_args(argv)
    try:
        return _append(options) if options.command == "append" else _verify(options)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _append(options: argparse.Namespace) -> int:
    try:
        metadata = json.loads(options.metadata)
        if not isinstance(metadata, dict):
            raise EntryRefused("--metadata must be a JSON object")
        event = {
            "event_type": options.event_type,
            "submission_id": options.submission_id,
            "decision": options.decision,
            "reason": options.reason,
            "metadata": metadata,
        }
        stream, root = _locate(options)
        for _ in range(options.count):
            done = append(stream, [event], root=root, timeout=options.timeout)
            if done.torn is not None:
                sys.stderr.write(f"torn tail of {done.torn.size_bytes} bytes set aside in {done.torn.path}\n")
            for entry in done.entries:
                _print({key: entry[key] for key in ("id", "entry_hash", "previous_hash")})
    except BrokenPipeError:
        raise
    except (LedgerDamaged, OSError, ValueError, RecursionError) as error:
        _print({"error": {"code": getattr(error, "code", _code_of(error)), "message": str(error)}})
        return 1
    return 0


def _verify(options: argparse.Namespace) -> int:
    try:
        stream, root = _locate(options)
    except UnsafePath as error:
        _print({"valid": False, "entries": 0, "problem": "UNREADABLE", "detail": str(error)})
        return 1
    report = verify_stream(stream, root)
    _print(report)
    return 0 if report["valid"] else 1


def _locate(options: argparse.Namespace) -> Any:
    """Stream and root. A relative stream lies under the root and may not leave it; an absolute one may lie anywhere."""
    if os.path.isabs(options.stream):
        return Path(options.stream), options.root
    root = plane_root(options.root)
    return root / normalise(options.stream), root


def _code_of(error: BaseException) -> str:
    return "LEDGER_IO" if isinstance(error, OSError) else "LEDGER_ENTRY_REFUSED"


def _print(document: Any) -> None:
    sys.stdout.write(json.dumps(document, sort_keys=True) + "\n")
    sys.stdout.flush()


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return count


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m modules.agent_runtime.ledger", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    writer = commands.add_parser("append", help="append entries and print each when it is on disk")
    for name in ("--stream", "--event-type", "--submission-id", "--decision", "--reason"):
        writer.add_argument(name, required=True)
    writer.add_argument("--metadata", default="{}", help="JSON object")
    writer.add_argument("--count", type=_count, default=1, help="how many times, one acknowledgement each")
    writer.add_argument("--timeout", type=float, default=DEFAULT_TIMEOUT_S, help="seconds to wait for the lock")
    reader = commands.add_parser("verify", help="check the whole chain")
    reader.add_argument("--stream", required=True)
    for command in (writer, reader):
        command.add_argument("--root", default=None, help="the plane; default: the one around the working directory")
    return parser
