"""A stand-in for a model, for trying the plugin out: answers on this machine alone, with the first words of what it is asked.

``python3 stand_in.py --config FILE [--seconds N]`` writes the part of a plane's ``config/broker.toml`` that names it, prints
its process id, and answers in the background until ``N`` seconds are over (default 300). It counts each word as a token.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, List, Optional

DECLARATION = """[tools.complete]
kind = "http"
url = "http://127.0.0.1:%d/v1/complete"
tokens_at = "/usage/total_tokens"
cost_units_per_call = 1
cost_units_per_1000_tokens = 2
timeout_ms = 10000

[tools.complete.secret]
env = "STAND_IN_KEY"
"""


class Model(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        prompt = str(json.loads(self.rfile.read(length)).get("prompt", ""))
        if not (self.headers.get("authorization") or "").startswith("Bearer "):
            return self._say(401, {"error": "a key is missing"})
        words = prompt.split("\n", 1)[-1].split()
        text = " ".join(words[:6])
        self._say(200, {"text": text, "usage": {"total_tokens": len(prompt.split()) + len(text.split())}})

    def _say(self, status: int, body: Any) -> None:
        raw = json.dumps(body).encode("utf-8")
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: nobody reads it."""


def main(argv: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="stand_in.py", allow_abbrev=False)
    parser.add_argument("--config", required=True, help="where to write what config/broker.toml has to say")
    parser.add_argument("--seconds", type=float, default=300.0, help="how long to answer")
    options = parser.parse_args(argv)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    with open(options.config, "w", encoding="utf-8") as file:
        file.write(DECLARATION % (server.server_address[1],))
    child = os.fork()
    if child:
        print(child)
        return 0
    os.setsid()
    # Whoever waits for the end of our output does not wait for us.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    threading.Timer(options.seconds, os._exit, (0,)).start()
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
