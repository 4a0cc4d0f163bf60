"""The example agent in a small plane, by call, by command line and by pipe."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from modules.agent_runtime.ledger_read import verify_stream
from modules.example_agent.run import PACKAGE_ID, answer_bytes, run

REPOSITORY = Path(__file__).resolve().parents[3]
AGENT = REPOSITORY / "modules" / "example_agent"
CAPABILITIES = {
    "read": ["ledger/*.jsonl"],
    "write": ["output/<session_id>/**"],
    "execute": [],
    "forbidden": ["registries/**", "packages_store/**", "installed/**", "config/**", ".holdfast/**"],
}


class ExampleAgent(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory(prefix="plane-")
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name).resolve()
        (self.root / "config").mkdir()
        (self.root / "config" / "plane.toml").write_text("format_version = 1\n")
        self.manifest = self.root / "installed" / PACKAGE_ID / "manifest.json"
        self.manifest.parent.mkdir(parents=True)
        self.manifest.write_text(json.dumps({"package_id": PACKAGE_ID, "capabilities": CAPABILITIES}))

    def agent(self, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        command = [sys.executable, "-B", "-m", "modules.example_agent", "--root", str(self.root), *arguments]
        pipe = subprocess.PIPE
        return subprocess.run(command, cwd=REPOSITORY, input=stdin, stdout=pipe, stderr=pipe, timeout=60, check=False)

    def test_a_query_on_the_command_line(self) -> None:
        done = self.agent("--query", "hello", "--session-id", "SES-1")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        envelope = json.loads(done.stdout)
        self.assertEqual(envelope["status"], "ok")
        self.assertEqual(envelope["result"], {"echo": "hello", "characters": 5, "output": "output/SES-1/echo.txt"})
        self.assertEqual((self.root / "output" / "SES-1" / "echo.txt").read_text(), "hello\n")
        self.assertEqual([item["path"] for item in envelope["evidence"]["declared_writes"]], ["output/SES-1/echo.txt"])

    def test_a_second_turn_continues_the_session(self) -> None:
        for turn in (1, 2):
            self.assertEqual(run("hello", self.root, "SES-1", turn)["status"], "ok")
        ledger = self.root / "planes" / "ho1" / "sessions" / "SES-1" / "ledger"
        for name in ("exec.jsonl", "evidence.jsonl"):
            self.assertEqual(verify_stream(ledger / name), {"valid": True, "entries": 2})

    def test_a_request_by_pipe(self) -> None:
        done = self.agent(stdin='{"query": "é", "session_id": "SES-1"}'.encode())
        self.assertEqual((done.returncode, json.loads(done.stdout)["result"]["characters"]), (0, 1))

    def test_a_turn_behind_the_wall(self) -> None:
        (self.root / "modules" / "example_agent").mkdir(parents=True)
        (self.root / "output" / "SES-1").mkdir(parents=True)
        for name in ("walled.py", "echo.py"):
            (self.root / "modules" / "example_agent" / name).write_bytes((AGENT / name).read_bytes())
        told = {"session_id": "SES-1", "turn_number": 1, "outputs": ["output/SES-1/echo.txt"]}
        request = {"operation": "action", "action": "turn", "input": {"query": "é"}, "turn": told}
        for asked, code in ((request, 0), ({**request, "action": "other"}, 1)):
            command = [sys.executable, "-B", str(self.root / "modules" / "example_agent" / "walled.py")]
            done = subprocess.run(command, input=json.dumps(asked).encode(), stdout=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, code)
            if code == 0:
                result = {"echo": "é", "characters": 1, "output": "output/SES-1/echo.txt"}
                self.assertEqual(json.loads(done.stdout), {"status": "ok", "result": result})
        self.assertEqual((self.root / "output" / "SES-1" / "echo.txt").read_text(encoding="utf-8"), "é\n")
        self.assertFalse((self.root / "planes").exists())

    def test_bad_requests_are_coded(self) -> None:
        cases = {
            b"": "INVALID_JSON",
            b"[]": "INVALID_JSON",
            b"\xff": "INVALID_JSON",
            b"{}": "MISSING_FIELD",
            b'{"query": 3}': "INVALID_FIELD",
            b'{"query": "x", "session_id": "../x"}': "INVALID_FIELD",
            b'{"query": "x", "turn_number": 0}': "ValueError",
            b'{"query": "\\ud800"}': "ValueError",
        }
        for data, code in cases.items():
            with self.subTest(data=data):
                self.assertEqual(answer_bytes(data, self.root)["error"]["code"], code)

    @unittest.skipIf(sys.version_info < (3, 11), "tomllib came with Python 3.11")
    def test_the_capabilities_are_those_of_the_metadata(self) -> None:
        import tomllib

        with open(REPOSITORY / "modules" / "example_agent" / "pyproject.toml", "rb") as source:
            self.assertEqual(tomllib.load(source)["tool"]["holdfast"]["capabilities"], CAPABILITIES)

    def test_not_installed(self) -> None:
        self.manifest.unlink()
        done = self.agent("--query", "hello")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["error"]["code"], "PACKAGE_NOT_FOUND")
        self.assertEqual(sorted(os.listdir(self.root)), ["config", "installed"])

    def test_without_the_capability_nothing_is_written(self) -> None:
        self.manifest.write_text(json.dumps({"package_id": PACKAGE_ID, "capabilities": {}}))
        envelope = run("hello", self.root, "SES-1")
        self.assertEqual(envelope["error"]["code"], "CapabilityViolation")
        self.assertEqual(os.listdir(self.root / "output" / "SES-1"), [])


if __name__ == "__main__":
    unittest.main()
