"""``python3 -m modules.stdlib_evidence``: one request on stdin, one envelope on stdout; exit 0 ok, 1 error.

``--worker``: one request a line until end of input, one envelope a line, each with the request's ``id``; exit 0.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Dict, List, Optional

from .pipe import answer_bytes

_USAGE = "usage: python3 -m modules.stdlib_evidence [--worker]\n"


def main(argv: Optional[List[str]] = None) -> int:
    """Exit code: 0 ok, 1 error envelope or reader gone, 2 unknown argument."""
    arguments = sys.argv[1:] if argv is None else argv
    try:
        if arguments == ["--worker"]:
            return _worker()
        if arguments:
            sys.stderr.write(_USAGE)
            return 2
        envelope, _ = answer_bytes(sys.stdin.buffer.read())
        _write(envelope)
        return 0 if envelope["status"] == "ok" else 1
    except BrokenPipeError:
        # Nobody reads us any more: give the flush at exit somewhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _worker() -> int:
    for line in sys.stdin.buffer:
        if line.strip():
            envelope, request_id = answer_bytes(line)
            _write({**envelope, "id": request_id})
    return 0


def _write(envelope: Dict[str, Any]) -> None:
    # ASCII escapes, so that no text a caller sent (an id, a path) can fail to be written.
    sys.stdout.write(json.dumps(envelope, sort_keys=True) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
