"""The summary agent as a process, with a broker at the other end of its socket."""

import json
import os
import socket
import subprocess
import sys
import threading
import unittest
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

PROGRAM = Path(__file__).resolve().parents[1] / "main.py"
Reply = Callable[[Dict[str, Any]], Optional[Dict[str, Any]]]


def run(text: str, reply: Optional[Reply], action: str = "summarise") -> Dict[str, Any]:
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=serve, args=(ours, reply)) if reply else None
    if thread:
        thread.start()
    number = theirs.fileno()
    environment = {**os.environ, **({"HOLDFAST_BROKER_FD": str(number)} if reply else {})}
    request = {"operation": "action", "action": action, "input": {"text": text}, "config": {}, "request_id": "r"}
    done = subprocess.run(
        [sys.executable, "-I", "-B", str(PROGRAM)],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        pass_fds=[number],
        check=False,
    )
    theirs.close()
    if thread:
        thread.join()
    ours.close()
    return json.loads(done.stdout)


def serve(ours: socket.socket, reply: Reply) -> None:
    with ours.makefile("rb") as lines:
        for line in lines:
            answer = reply(json.loads(line))
            if answer is None:
                ours.shutdown(socket.SHUT_RDWR)
                return
            ours.sendall((json.dumps(answer) + "\n").encode("utf-8"))


class ExampleSummary(unittest.TestCase):
    def test_asks_for_each_paragraph_and_then_for_all(self) -> None:
        asked: List[Any] = []

        def reply(call: Dict[str, Any]) -> Dict[str, Any]:
            asked.append((call["id"], call["tool"], call["input"]["prompt"].split("\n", 1)[1]))
            return {"id": call["id"], "result": {"text": "s%d" % (call["id"],)}}

        self.assertEqual(run("One.\n\nTwo.", reply), {"status": "ok", "result": {"summary": "s3", "calls": 3}})
        self.assertEqual(asked, [(1, "complete", "One."), (2, "complete", "Two."), (3, "complete", "s1\ns2")])

    def test_a_broker_that_refuses_ends_or_is_not_there(self) -> None:
        denied = {"code": "tool_not_granted", "message": "tool complete is not granted"}
        cases: List[Any] = [
            (lambda call: {"id": call["id"], "error": denied}, "broker_refused"),
            (lambda call: None, "broker_closed"),
            (None, "broker_missing"),
        ]
        for reply, code in cases:
            self.assertEqual(run("One.", reply)["error"]["code"], code)

    def test_unknown_action(self) -> None:
        self.assertEqual(run("One.", None, "other")["error"]["code"], "plugin_action_not_found")


if __name__ == "__main__":
    unittest.main()
