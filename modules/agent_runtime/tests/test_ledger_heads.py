"""What verifying finds: tampering by the chain, cut tails by the head."""

import os
import unittest

from modules.agent_runtime.ledger import LedgerDamaged, append
from modules.agent_runtime.ledger_read import verify_stream
from modules.agent_runtime.tests.planes import PLANE_UID, event
from modules.agent_runtime.tests.streams import LedgerCase


class Heads(LedgerCase):
    def test_head_follows_the_stream(self) -> None:
        last = self.add(event(), event()).entries[-1]
        size = self.stream.stat().st_size
        self.assertEqual(
            self.head(),
            {"bytes": size, "entries": 2, "entry_hash": last["entry_hash"], "stream": "ledger/governance.jsonl"},
        )
        path = self.heads / "ledger__governance.jsonl.json"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(self.heads), [path.name])

    def test_a_lost_head_is_counted_again(self) -> None:
        self.add(event(), event())
        (self.heads / "ledger__governance.jsonl.json").write_text("{")
        self.add()
        self.assertEqual(self.head()["entries"], 3)

    def test_entries_beyond_the_head_are_uncovered_until_the_next_append(self) -> None:
        self.add()
        stale = (self.heads / "ledger__governance.jsonl.json").read_bytes()
        self.add()
        (self.heads / "ledger__governance.jsonl.json").write_bytes(stale)
        report = verify_stream(self.stream, self.root)
        self.assertEqual((report["valid"], report["covered"], report["uncovered"]), (True, 1, 1))
        self.add()
        self.assertEqual(self.head()["entries"], 3)

    def test_a_cut_tail_is_found_and_not_continued(self) -> None:
        self.add(event(), event())
        first = self.stream.read_bytes().splitlines(keepends=True)[0]
        for left in (first, b""):
            self.stream.write_bytes(left)
            report = verify_stream(self.stream, self.root)
            self.assertEqual((report["valid"], report["problem"]), (False, "TAIL_CUT"))
            with self.assertRaises(LedgerDamaged) as caught:
                self.add()
            self.assertEqual(caught.exception.problem, "TAIL_CUT")

    def test_a_rewritten_stream_of_the_same_length_is_found(self) -> None:
        self.add(event(n=1))
        other = self.root / "other.jsonl"
        append(other, [event(n=2)])
        self.stream.write_bytes(other.read_bytes())
        self.assertEqual(verify_stream(self.stream, self.root)["problem"], "HEAD_MISMATCH")
        append(other, [event(n=3)])
        self.stream.write_bytes(other.read_bytes())
        with self.assertRaises(LedgerDamaged) as caught:
            self.add()
        self.assertEqual(caught.exception.problem, "HEAD_MISMATCH")

    def test_a_refused_append_leaves_a_torn_tail_where_it_is(self) -> None:
        self.add(event(), event())
        first = self.stream.read_bytes().splitlines(keepends=True)[0]
        self.stream.write_bytes(first + b'{"torn')
        with self.assertRaises(LedgerDamaged):
            self.add()
        self.assertEqual(self.stream.read_bytes(), first + b'{"torn')
        self.assertEqual(len(list(self.stream.parent.iterdir())), 2)  # the stream and its lock

    def test_only_plane_streams_have_heads(self) -> None:
        append(self.root / "planes/ho1/ledger/worker.jsonl", [event()])
        append(self.root / "planes/ho1/sessions/S/ledger/exec.jsonl", [event()])
        append(self.root / "reports/x.jsonl", [event()])
        self.assertEqual(os.listdir(self.heads), ["planes__ho1__ledger__worker.jsonl.json"])

    def test_no_uid_or_no_directory_means_no_head(self) -> None:
        (self.root / "config" / "plane.toml").write_text(f'# plane_uid = "{PLANE_UID}"\n')
        self.add()
        self.assertEqual(os.listdir(self.heads), [])


class Verifying(LedgerCase):
    def test_each_kind_of_tampering_is_located(self) -> None:
        os.rename(self.heads, self.heads.with_name("gone"))
        self.add(*[event(n=n) for n in range(5)])
        lines = self.stream.read_bytes().splitlines(keepends=True)
        cases = {
            "edit": (lines[:2] + [lines[2].replace(b'"n": 2', b'"n": 9')] + lines[3:], 3, "HASH_MISMATCH"),
            "delete": (lines[:1] + lines[2:], 2, "CHAIN_BROKEN"),
            "swap": ([lines[1], lines[0]] + lines[2:], 1, "CHAIN_BROKEN"),
            "insert": (lines[:3] + [lines[1]] + lines[3:], 4, "CHAIN_BROKEN"),
            "blank": (lines[:3] + [b"\n"] + lines[3:], 4, "MALFORMED"),
            "garbage": (lines[:4] + [b"{}\n"] + lines[4:], 5, "MALFORMED"),
        }
        for name, (changed, line, problem) in cases.items():
            with self.subTest(name):
                self.stream.write_bytes(b"".join(changed))
                report = verify_stream(self.stream)
                self.assertEqual(
                    report, {"valid": False, "entries": line - 1, "first_bad_line": line, "problem": problem}
                )

    def test_missing_stream_is_not_valid(self) -> None:
        self.assertEqual(verify_stream(self.stream), {"valid": False, "entries": 0, "problem": "MISSING"})


if __name__ == "__main__":
    unittest.main()
