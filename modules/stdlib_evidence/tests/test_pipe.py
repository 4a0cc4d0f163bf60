"""The pipe: every input gets one envelope, never a traceback."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

from modules.stdlib_evidence import hash_json

REPOSITORY = Path(__file__).resolve().parents[3]
GOOD = {"session_id": "S", "turn_number": 1, "input": {"q": 1}, "output": 2}


def pipe(data: bytes, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-B", "-m", "modules.stdlib_evidence", *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False
    )


def worker(*lines: bytes):  # type: ignore[no-untyped-def]
    done = pipe(b"\n".join(lines) + b"\n", "--worker")
    assert (done.returncode, done.stderr) == (0, b""), done
    return [json.loads(line) for line in done.stdout.splitlines()]


class OneRequest(unittest.TestCase):
    def test_ok(self) -> None:
        done = pipe(json.dumps(GOOD).encode())
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        envelope = json.loads(done.stdout)
        self.assertEqual(envelope["status"], "ok")
        self.assertEqual(envelope["result"]["input_hash"], hash_json({"q": 1}))
        self.assertEqual(envelope["result"]["output_hash"], hash_json({"value": 2}))

    def test_error(self) -> None:
        done = pipe(json.dumps({**GOOD, "turn_number": 0}).encode())
        self.assertEqual((done.returncode, done.stderr), (1, b""))
        envelope = json.loads(done.stdout)
        self.assertEqual((envelope["status"], envelope["error"]["code"]), ("error", "INVALID_FIELD"))
        self.assertEqual(envelope["error"]["details"], {"field": "turn_number"})

    def test_nothing_and_not_utf8(self) -> None:
        for data in (b"", b"\xff\xfe"):
            done = pipe(data)
            self.assertEqual((done.returncode, done.stderr), (1, b""))
            self.assertEqual(json.loads(done.stdout)["error"]["code"], "INVALID_JSON")

    def test_unknown_argument_is_usage(self) -> None:
        self.assertEqual(pipe(b"", "--nope").returncode, 2)

    def test_a_reader_that_left(self) -> None:
        command = [sys.executable, "-B", "-m", "modules.stdlib_evidence"]
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(command, cwd=REPOSITORY, input=b"{}", stdout=write, stderr=subprocess.PIPE, check=False)
        os.close(write)
        self.assertEqual((done.returncode, done.stderr), (1, b""))


class ManyRequests(unittest.TestCase):
    def test_codes(self) -> None:
        cases = [
            (b"not json", "INVALID_JSON"),
            (b"[1]", "INVALID_JSON"),
            (b"null", "INVALID_JSON"),
            (b'{"a": NaN}', "INVALID_JSON"),
            (b'{"op": "hash", "op": "hash", "input": 1}', "INVALID_JSON"),
            (b"[" * 200_000, "INVALID_JSON"),
            (b"\xc3\x28", "INVALID_JSON"),
            (b'{"op": "nope"}', "UNKNOWN_OPERATION"),
            (b'{"op": 3}', "UNKNOWN_OPERATION"),
            (b'{"op": ["hash"]}', "UNKNOWN_OPERATION"),
            (b"{}", "MISSING_FIELD"),
            (b'{"op": "hash"}', "MISSING_FIELD"),
            (b'{"op": "reference", "hash": "h"}', "MISSING_FIELD"),
            (b'{"op": "reference", "artifact_id": 3, "hash": "h"}', "INVALID_FIELD"),
            (b'{"op": "hash", "input": 1e999}', "INVALID_FIELD"),
            (b'{"op": "hash", "input": "\\ud800"}', "INVALID_FIELD"),
        ]
        for field, value in {"turn_number": True, "session_id": 3, "declared_reads": "x", "duration_ms": -1}.items():
            cases.append((json.dumps({**GOOD, field: value}).encode(), "INVALID_FIELD"))
        for field in ("session_id", "turn_number", "input", "output"):
            rest = {key: value for key, value in GOOD.items() if key != field}
            cases.append((json.dumps(rest).encode(), "MISSING_FIELD"))
        answers = worker(*[data for data, _ in cases])
        self.assertEqual(len(answers), len(cases))
        for (data, code), envelope in zip(cases, answers):
            with self.subTest(data=data[:60]):
                self.assertEqual(envelope["status"], "error")
                self.assertEqual(envelope["error"]["code"], code)

    def test_ids_come_back(self) -> None:
        requests = [{"op": "hash", "input": {"n": n}, "id": f"r{n}"} for n in range(3)]
        answers = worker(*[json.dumps(request).encode() for request in requests], b"", b"{", b'{"id": 7}')
        self.assertEqual([answer["id"] for answer in answers], ["r0", "r1", "r2", None, 7])
        self.assertEqual(answers[1]["result"], {"hash": hash_json({"n": 1})})

    def test_digests_may_be_given_instead_of_values(self) -> None:
        request = {"operation": "build_evidence", "session_id": "S", "turn_number": 2}
        request.update(input_hash="a", output_hash="b")
        self.assertEqual(worker(json.dumps(request).encode())[0]["result"]["input_hash"], "a")

    def test_reference(self) -> None:
        request = {"op": "reference", "artifact_id": "A", "hash": "h", "path": "p"}
        self.assertEqual(
            worker(json.dumps(request).encode())[0]["result"], {"artifact_id": "A", "hash": "h", "path": "p"}
        )


if __name__ == "__main__":
    unittest.main()
