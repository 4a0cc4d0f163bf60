"""The weather plugin as a process against an API on the loopback interface, and against answers that are none."""

import json
import subprocess
import sys
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Dict, List
from urllib.parse import parse_qs, urlsplit

PROGRAM = Path(__file__).resolve().parents[1] / "main.py"
BERLIN = {"latitude": 52.52, "longitude": 13.4}
CURRENT = b'{"current": {"temperature_2m": 4.5, "wind_speed_10m": 11}}'
DAILY = b'{"daily": {"time": ["2026-11-21"], "temperature_2m_min": [-1], "temperature_2m_max": [5.5]}}'


class Api(BaseHTTPRequestHandler):
    body = CURRENT
    asked: List[str] = []

    def do_GET(self) -> None:
        Api.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(Api.body)

    def log_message(self, *_: Any) -> None:
        pass


def run(*requests: Dict[str, Any], worker: bool = False) -> List[Dict[str, Any]]:
    lines = "".join(json.dumps({"operation": "action", "request_id": "r", **one}) + "\n" for one in requests)
    argv = [sys.executable, "-I", "-B", str(PROGRAM)] + (["--worker"] if worker else [])
    done = subprocess.run(argv, input=lines, capture_output=True, text=True, timeout=60, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if not worker:
        assert done.returncode == (0 if answers[0]["status"] == "ok" else 1), done.stderr
    return answers


class ExampleWeather(unittest.TestCase):
    def setUp(self) -> None:
        server = HTTPServer(("127.0.0.1", 0), Api)
        self.config = {"api_base": "http://127.0.0.1:%d" % server.server_port, "units": "imperial"}
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        Api.body, Api.asked = CURRENT, []

    def ask(self, action: str, more: Dict[str, Any] = {}) -> Dict[str, Any]:
        return run({"action": action, "input": {**BERLIN, **more}, "config": self.config})[0]

    def test_current(self) -> None:
        result = {"temperature": 4.5, "wind_speed": 11, "units": "imperial"}
        self.assertEqual(self.ask("current"), {"status": "ok", "result": result})
        asked = parse_qs(urlsplit(Api.asked[0]).query)
        self.assertEqual(asked["latitude"] + asked["temperature_unit"], ["52.52", "fahrenheit"])

    def test_forecast(self) -> None:
        Api.body = DAILY
        result = {"days": [{"date": "2026-11-21", "low": -1, "high": 5.5}], "units": "imperial"}
        self.assertEqual(self.ask("forecast", {"days": 1}), {"status": "ok", "result": result})

    def test_worker_answers_line_by_line_with_the_id(self) -> None:
        one = {"action": "current", "input": BERLIN, "config": self.config}
        answers = run({**one, "id": "a"}, {**one, "id": "b", "action": "other"}, worker=True)
        self.assertEqual([(done["id"], done["status"]) for done in answers], [("a", "ok"), ("b", "error")])

    def test_answers_that_are_none(self) -> None:
        for body in (b"", b"[]", b"{}", b'{"current": {"temperature_2m": "warm"}}', b"x" * ((1 << 20) + 2)):
            Api.body = body
            self.assertEqual(self.ask("current")["error"]["code"], "weather_answer_unusable")
        Api.body = b'{"daily": {"time": ["2026-11-21"], "temperature_2m_min": [], "temperature_2m_max": []}}'
        self.assertEqual(self.ask("forecast")["error"]["code"], "weather_answer_unusable")

    def test_unreachable_says_the_host_and_not_the_place(self) -> None:
        self.config["api_base"] = "http://127.0.0.1:1"
        error = self.ask("current")["error"]
        self.assertEqual(error["code"], "weather_unreachable")
        self.assertIn("127.0.0.1:1", error["message"])
        self.assertNotIn("52.52", error["message"])


if __name__ == "__main__":
    unittest.main()
