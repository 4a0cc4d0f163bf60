"""``python3 -m modules.example_agent --query TEXT [--root DIR] [--session-id ID] [--turn N]``.

Without ``--query`` one JSON request is read from stdin. One envelope goes to stdout; exit 0 ok, 1 error, 2 usage.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import List, Optional

from .run import answer_bytes, run


def main(argv: Optional[List[str]] = None) -> int:
    """Run one turn and return the exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m modules.example_agent", allow_abbrev=False)
    parser.add_argument("--query", help="text to repeat; default: a JSON request on stdin")
    parser.add_argument("--root", help="the plane; default: the one around the working directory")
    parser.add_argument("--session-id", help="session to continue; default: a new one")
    parser.add_argument("--turn", type=int, default=1, help="turn number, from 1")
    options = parser.parse_args(argv)
    if options.query is None:
        envelope = answer_bytes(sys.stdin.buffer.read(), options.root)
    else:
        envelope = run(options.query, options.root, options.session_id, options.turn)
    sys.stdout.write(json.dumps(envelope, sort_keys=True) + "\n")
    return 0 if envelope["status"] == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())
