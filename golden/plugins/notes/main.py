"""Asks its host for notes: one JSON request on stdin, one answer on stdout, calls over the socket the host opened."""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Any, Dict

TOOL: str = "notes.list"
INPUT: Dict[str, Any] = {}


def ask_host(tool: str, given: Dict[str, Any]) -> Dict[str, Any]:
    with socket.socket(fileno=int(os.environ["HOLDFAST_BROKER_FD"])) as host:
        host.sendall((json.dumps({"id": 1, "tool": tool, "input": given}) + "\n").encode())
        return json.loads(host.makefile().readline())


def main() -> int:
    json.load(sys.stdin)
    reply = ask_host(TOOL, INPUT)
    if "error" in reply:
        print(json.dumps({"status": "error", "error": reply["error"]}))
        return 1
    print(json.dumps({"status": "ok", "result": {"said": reply["result"]}}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
