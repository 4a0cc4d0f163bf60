"""One JSON request on stdin, one answer on stdout; as a worker one a line.

The broker is a socket that is open when the program begins: ``HOLDFAST_BROKER_FD`` is its number. A call is one line
``{"id", "tool", "input"}``, its answer one line ``{"id", "result"}`` or ``{"id", "error": {"code", "message"}}``. When tokens
or cost run out no answer comes: the run is over.
Codes: plugin_action_not_found, broker_missing, broker_refused, broker_closed.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Dict, List


class Refusal(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Broker:
    def __init__(self) -> None:
        number = os.environ.get("HOLDFAST_BROKER_FD", "")
        if not number.isdigit():
            raise Refusal("broker_missing", "no broker answers here")
        self._socket = int(number)
        self._pending = b""
        self.calls = 0

    def complete(self, prompt: str) -> str:
        self.calls += 1
        self._send({"id": self.calls, "tool": "complete", "input": {"prompt": prompt}})
        answer = json.loads(self._line())
        if "error" in answer:
            raise Refusal("broker_refused", "%s: %s" % (answer["error"].get("code"), answer["error"].get("message")))
        return str(answer["result"]["text"])

    def _send(self, call: Dict[str, Any]) -> None:
        left = (json.dumps(call) + "\n").encode("utf-8")
        while left:
            left = left[os.write(self._socket, left) :]

    def _line(self) -> bytes:
        while b"\n" not in self._pending:
            more = os.read(self._socket, 1 << 16)
            if not more:
                raise Refusal("broker_closed", "the broker ended the conversation")
            self._pending += more
        line, _, self._pending = self._pending.partition(b"\n")
        return line


def summarise(request: Dict[str, Any], broker: Broker) -> Dict[str, Any]:
    before = broker.calls
    paragraphs: List[str] = [part.strip() for part in request["text"].split("\n\n") if part.strip()]
    parts = [broker.complete("Summarise in one sentence:\n%s" % (part,)) for part in paragraphs]
    summary = parts[0] if len(parts) == 1 else broker.complete("Summarise in one sentence:\n%s" % ("\n".join(parts),))
    return {"summary": summary, "calls": broker.calls - before}


def answer(request: Dict[str, Any], broker: List[Broker]) -> Dict[str, Any]:
    """``broker``: empty until the first call; a worker keeps its one socket."""
    try:
        if request.get("action") != "summarise":
            raise Refusal("plugin_action_not_found", "there is no action %s" % (request.get("action"),))
        if not broker:
            broker.append(Broker())
        done = {"status": "ok", "result": summarise(request["input"], broker[0])}
    except Refusal as refusal:
        done = {"status": "error", "error": {"code": refusal.code, "message": str(refusal)}}
    return {**done, "id": request["id"]} if "id" in request else done


def main() -> int:
    broker: List[Broker] = []
    if os.environ.get("HOLDFAST_WORKER") == "1" or "--worker" in sys.argv[1:]:
        for line in sys.stdin:
            sys.stdout.write(json.dumps(answer(json.loads(line), broker)) + "\n")
            sys.stdout.flush()
        return 0
    done = answer(json.load(sys.stdin), broker)
    sys.stdout.write(json.dumps(done) + "\n")
    return 0 if done["status"] == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())
