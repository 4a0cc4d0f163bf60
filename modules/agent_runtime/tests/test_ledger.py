"""The ledger protocol: line form, chain, torn tails, damage, locks, command line."""

import hashlib
import json
import sqlite3
import threading
import unittest

from modules.agent_runtime.ledger import EntryRefused, LedgerBusy, LedgerDamaged, append
from modules.agent_runtime.ledger_lock import LockUnusable, stream_lock
from modules.agent_runtime.ledger_read import verify_stream
from modules.agent_runtime.tests.planes import event, lines_of, python
from modules.agent_runtime.tests.streams import LedgerCase


class Lines(LedgerCase):
    def test_form_of_a_line(self) -> None:
        entry = self.add(event("probe", b=[1, {"z": None, "a": True}], **{"é": "\u2028"})).entries[0]
        raw = self.stream.read_bytes()
        rest = {key: value for key, value in entry.items() if key != "entry_hash"}
        dumped = json.dumps(rest, sort_keys=True, ensure_ascii=False).encode("utf-8")
        self.assertEqual(entry["entry_hash"], hashlib.sha256(dumped).hexdigest())
        self.assertEqual(raw, json.dumps(entry, sort_keys=True, ensure_ascii=False).encode("utf-8") + b"\n")
        self.assertRegex(entry["id"], r"\ALED-[0-9a-f]{32}\Z")
        self.assertRegex(entry["timestamp"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00\Z")
        self.assertEqual(entry["previous_hash"], "")
        self.assertEqual(len(entry), 10)
        self.assertEqual(self.stream.stat().st_mode & 0o777 & ~0o644, 0)

    def test_what_a_line_cannot_hold_is_refused_and_nothing_written(self) -> None:
        for value in (1.0, float("nan"), 2**53, -(2**53), "\ud800", {1: 2}, {"\udfff": 1}, b"x", {"a": {1, 2}}):
            with self.subTest(value=value), self.assertRaises(EntryRefused):
                self.add(event(x=value))
        with self.assertRaises(EntryRefused):
            self.add({**event(), "surplus": 1})
        with self.assertRaises(EntryRefused):
            append(self.stream, [])
        self.assertFalse(self.stream.exists())

    def test_the_longest_line(self) -> None:
        length = len(json.dumps(self.add().entries[0], sort_keys=True)) + 1
        empty = length + len('"x": ""') + 64  # the first line has no previous hash
        self.add(event(x="y" * (65_535 - empty)))
        self.assertEqual(len(self.stream.read_bytes().splitlines()[1]) + 1, 65_535)
        before = self.stream.read_bytes()
        with self.assertRaises(EntryRefused):
            self.add(event(), event(x="y" * (65_535 - empty + 1)))
        self.assertEqual(self.stream.read_bytes(), before)

    def test_a_group_is_chained_in_order(self) -> None:
        self.add()
        group = self.add(event(n=1), event(n=2), event(n=3)).entries
        self.assertEqual([entry["metadata"]["n"] for entry in group], [1, 2, 3])
        self.assertEqual(verify_stream(self.stream)["entries"], 4)


class Continuation(LedgerCase):
    def test_older_lines_are_continued(self) -> None:
        old = {
            "event_type": "GENESIS", "submission_id": "s", "decision": "d", "reason": "é", "prompts_used": [],
            "metadata": {"f": 1.0, "e": 1e16, "s": 1e-07, "n": -0.0, "big": 2**80}, "id": "LED-0123abcd",
            "timestamp": "2026-02-03T06:11:46+00:00", "previous_hash": "",
        }  # fmt: skip
        dumped = json.dumps(old, sort_keys=True, ensure_ascii=False).encode("utf-8")
        old["entry_hash"] = hashlib.sha256(dumped).hexdigest()
        self.stream.parent.mkdir(parents=True)
        self.stream.write_text(json.dumps(old, ensure_ascii=False) + "\n", encoding="utf-8")
        self.assertEqual(self.add().entries[0]["previous_hash"], old["entry_hash"])
        self.assertTrue(verify_stream(self.stream)["valid"])

    def test_older_session_lines_are_continued(self) -> None:
        old = {"event_type": "agent_turn", "session_id": "S", "turn_number": 1, "timestamp": "t", "previous_hash": ""}
        dumped = json.dumps(old, sort_keys=True, ensure_ascii=False).encode("utf-8")
        old["entry_hash"] = "sha256:" + hashlib.sha256(dumped).hexdigest()
        self.stream.parent.mkdir(parents=True)
        self.stream.write_text(json.dumps(old) + "\n")
        self.assertEqual(self.add().entries[0]["previous_hash"], old["entry_hash"])
        self.assertTrue(verify_stream(self.stream)["valid"])

    def test_torn_tail_is_set_aside_and_reported(self) -> None:
        self.add()
        size = self.stream.stat().st_size
        torn = b'{"event_type": "pro\xc3'
        with open(self.stream, "ab") as target:
            target.write(torn)
        self.assertEqual(verify_stream(self.stream)["torn_bytes"], len(torn))
        done = self.add()
        name = f"{self.stream}.torn-{size}-{hashlib.sha256(torn).hexdigest()[:12]}"
        assert done.torn is not None
        self.assertEqual((done.torn.path, done.torn.offset, done.torn.size_bytes), (name, size, len(torn)))
        with open(name, "rb") as aside:
            self.assertEqual(aside.read(), torn)
        self.assertEqual(verify_stream(self.stream, self.root)["entries"], 2)
        self.assertNotIn("torn_bytes", verify_stream(self.stream))

    def test_a_stream_of_nothing_but_a_torn_tail(self) -> None:
        self.stream.parent.mkdir(parents=True)
        self.stream.write_bytes(b"x" * 200_000)
        done = self.add()
        assert done.torn is not None
        self.assertEqual((done.torn.offset, done.torn.size_bytes), (0, 200_000))
        self.assertEqual(done.entries[0]["previous_hash"], "")

    def test_a_damaged_last_line_is_not_continued(self) -> None:
        self.add(event(n=1))
        good = self.stream.read_bytes()
        missing = json.loads(good)
        del missing["entry_hash"]
        # These two state the hash a careless reader would compute.
        twice = good.replace(b'"decision": "OK"', b'"decision": "NO", "decision": "OK"')
        surplus = {**missing, "more": 1}
        dumped = json.dumps(surplus, sort_keys=True, ensure_ascii=False).encode()
        extra = json.dumps({**surplus, "entry_hash": hashlib.sha256(dumped).hexdigest()}).encode()
        bad_lines = [good.replace(b'"n": 1', b'"n": 2'), json.dumps(missing).encode() + b"\n", twice, extra + b"\n"]
        bad_lines += [b"not json\n", b"\n", b"[]\n", b"[" * 100_000 + b"\n", b"\xff\n", b"9" * 5000 + b"\n"]
        for bad in bad_lines:
            with self.subTest(bad=bad[:40]):
                self.stream.write_bytes(bad)
                with self.assertRaises(LedgerDamaged):
                    append(self.stream, [event()], root=self.home)  # no head there: the line alone decides
                self.assertEqual(self.stream.read_bytes(), bad)


class Locking(LedgerCase):
    def test_a_held_lock_is_reported_as_busy(self) -> None:
        self.add()
        other = sqlite3.connect(f"{self.stream}.lock", isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        before = self.stream.read_bytes()
        with self.assertRaises(LedgerBusy):
            self.add(timeout=0.2)
        self.assertEqual(self.stream.read_bytes(), before)
        other.execute("ROLLBACK")
        self.add(timeout=0.2)

    def test_a_thread_waits_for_a_thread(self) -> None:
        self.stream.parent.mkdir()
        with stream_lock(str(self.stream)), self.assertRaises(LedgerBusy):
            self.add(timeout=0.1)

    def test_an_unusable_lock_file(self) -> None:
        self.add()
        lock = self.stream.with_name(self.stream.name + ".lock")
        self.assertEqual(lock.stat().st_size, 0)
        lock.write_bytes(b"x" * 4096)
        with self.assertRaises(LockUnusable):
            self.add()
        lock.unlink()
        lock.symlink_to(self.root / "docs" / "a.txt")
        with self.assertRaises(LockUnusable):
            self.add()

    def test_threads_share_a_stream(self) -> None:
        def work() -> None:
            for _ in range(25):
                self.add()

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        report = verify_stream(self.stream, self.root)
        self.assertEqual((report["valid"], report["entries"], report["uncovered"]), (True, 150, 0))

    def test_a_linked_stream_is_refused(self) -> None:
        self.stream.parent.mkdir()
        self.stream.symlink_to(self.root / "docs" / "a.txt")
        with self.assertRaises(OSError):
            self.add()
        self.assertEqual((self.root / "docs" / "a.txt").read_text(), "a")


class CommandLine(LedgerCase):
    ARGUMENTS = ("--event-type", "X", "--submission-id", "Y", "--decision", "Z", "--reason", "R")

    def run_cli(self, *arguments):  # type: ignore[no-untyped-def]
        return python("-m", "modules.agent_runtime.ledger", *arguments, "--root", str(self.root))

    def test_append_then_verify(self) -> None:
        done = self.run_cli(
            "append", "--stream", "ledger/governance.jsonl", *self.ARGUMENTS, "--metadata", '{"a": 1}', "--count", "3"
        )
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        acknowledged = [json.loads(line) for line in done.stdout.splitlines()]
        stored = [{key: entry[key] for key in ("id", "entry_hash", "previous_hash")} for entry in lines_of(self.stream)]
        self.assertEqual(acknowledged, stored)
        report = self.run_cli("verify", "--stream", "ledger/governance.jsonl")
        self.assertEqual(report.returncode, 0)
        self.assertEqual(json.loads(report.stdout), {"valid": True, "entries": 3, "covered": 3, "uncovered": 0})

    def test_refusals_are_coded(self) -> None:
        for metadata in ("{", "[]", '{"a": 1.5}'):
            done = self.run_cli("append", "--stream", "ledger/a.jsonl", *self.ARGUMENTS, "--metadata", metadata)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(json.loads(done.stdout)["error"]["code"], "LEDGER_ENTRY_REFUSED")
            self.assertNotIn(b"Traceback", done.stderr)
        done = self.run_cli("append", "--stream", "../outside.jsonl", *self.ARGUMENTS)
        self.assertEqual(done.returncode, 1)
        self.assertFalse((self.root.parent / "outside.jsonl").exists())
        self.assertEqual(self.run_cli("verify", "--stream", "ledger/none.jsonl").returncode, 1)


if __name__ == "__main__":
    unittest.main()
