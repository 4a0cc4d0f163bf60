"""Turns end to end: what is allowed, what is refused, and that every turn leaves its record."""

import json
import os
import unittest
from pathlib import Path

from modules.agent_runtime import AgentRunner, CapabilityViolation, LedgerWriter, PackageNotFoundError, Session
from modules.agent_runtime import TurnRequest
from modules.agent_runtime.ledger_read import verify_stream
from modules.agent_runtime.tests.planes import PACKAGE, lines_of
from modules.agent_runtime.tests.turns import OUTPUT, RunnerCase, write_answer
from modules.stdlib_evidence import hash_file, hash_json, hash_string


class Success(RunnerCase):
    def test_a_good_turn(self) -> None:
        done = self.turn(
            write_answer, outputs=[OUTPUT], declared_inputs=[{"path": "docs/a.txt"}], work_order_id="WO-1"
        )
        self.assertEqual((done.status, done.result, done.error), ("ok", {"done": True}, None))
        self.assertEqual(done.evidence["session_id"], self.sid)
        self.assertEqual(done.evidence["turn_number"], 1)
        self.assertEqual(done.evidence["work_order_id"], "WO-1")
        self.assertEqual(done.evidence["query_hash"], hash_string("query"))
        self.assertEqual(done.evidence["result_hash"], hash_json({"done": True}))
        path = f"output/{self.sid}/a.txt"
        self.assertEqual(
            done.evidence["declared_writes"], [{"path": path, "hash": hash_file(self.root / path), "size": 6}]
        )
        reads = [{"path": "docs/a.txt", "hash": hash_file(self.root / "docs/a.txt")}]
        self.assertEqual(done.evidence["declared_reads"], reads)
        self.assert_recorded("ok", "")
        exec_entry, evidence_entry = (lines_of(stream)[-1] for stream in self.ledgers())
        self.assertEqual(exec_entry["submission_id"], self.sid)
        self.assertEqual(exec_entry["metadata"]["work_order_id"], "WO-1")
        self.assertIs(type(exec_entry["metadata"]["duration_ms"]), int)
        self.assertEqual(evidence_entry["metadata"]["exec_entry_id"], exec_entry["id"])
        self.assertEqual(done.evidence["entries"]["exec"], exec_entry["entry_hash"])

    def test_a_handler_of_one_argument(self) -> None:
        self.assertEqual(self.turn(lambda request: request.query.upper()).result, "QUERY")

    def test_the_chain_continues_over_turns_and_writers(self) -> None:
        for number in (1, 2, 3):
            self.assertEqual(self.turn(lambda request: number, number=number).status, "ok")
        session = Session(session_id=self.sid, root=self.root).start()
        LedgerWriter(session).write_query(4, "hello")
        LedgerWriter(session).write_response(4, "h" * 100_000)
        for stream, count in zip(self.ledgers(), (5, 3)):
            self.assertEqual(verify_stream(stream), {"valid": True, "entries": count})
        self.assertEqual(lines_of(self.ledgers()[0])[-1]["metadata"]["content"]["size_bytes"], 100_002)

    def test_rewriting_the_same_bytes_counts_as_a_write(self) -> None:
        for number in (1, 2, 3, 4):
            self.assertEqual(self.turn(write_answer, number=number, outputs=[OUTPUT]).error, None)


class Requests(RunnerCase):
    def test_bad_requests(self) -> None:
        for number in (0, -1, True, "1", 1.0, None, 2**53):
            self.assertEqual(self.code(lambda r: 1, number=number), "ValueError", number)
        for sid in ("../../../../esc", "a/b", "..", "x\n"):
            self.assertEqual(self.code(lambda r: 1, sid=sid), "SessionError", sid)
        self.assertEqual(sorted(path.name for path in self.root.parent.iterdir()), ["home", "plane"])
        for outputs in ([{"role": "x"}], ["a"], [{"path": "../a"}], [OUTPUT, OUTPUT], [{"path": 3}]):
            self.assertEqual(self.code(lambda r: 1, outputs=outputs), "ValueError", outputs)

    def test_undeclarable_output_is_refused_before_the_handler_runs_and_recorded(self) -> None:
        ran = []
        for number, path in enumerate(("lib/evil.py", "output/other/a.txt", "registries/a.csv"), 1):
            done = self.turn(lambda r: ran.append(1), number=number, outputs=[{"path": path, "role": "x"}])
            self.assertEqual(done.error["code"], "CapabilityViolation")
            self.assert_recorded("error", "CapabilityViolation", number)
        self.assertEqual(ran, [])
        kinds = [entry["event_type"] for entry in lines_of(self.ledgers()[0])]
        self.assertEqual(kinds.count("capability_violation"), 3)

    def test_undeclarable_input_is_refused(self) -> None:
        for path in ("lib/code.txt", "docs/secret/key.txt", "docs/../lib/code.txt"):
            done = self.turn(lambda r: 1, declared_inputs=[{"path": path}])
            self.assertEqual(done.error["code"], "CapabilityViolation", path)

    def test_input_with_another_hash_or_outside_the_plane(self) -> None:
        self.assertEqual(
            self.code(lambda r: 1, declared_inputs=[{"path": "docs/a.txt", "hash": "sha256:0"}]), "ValueError"
        )
        (self.root / "docs" / "out").symlink_to("/etc/hostname")
        self.assertEqual(self.code(lambda r: 1, declared_inputs=[{"path": "docs/out"}]), "ValueError")


class Raising(RunnerCase):
    def test_every_way_to_fail_is_recorded_in_both_ledgers(self) -> None:
        def fail(error):  # type: ignore[no-untyped-def]
            def handler(request):  # type: ignore[no-untyped-def]
                raise error

            return handler

        violation = CapabilityViolation("no", "read", "x")
        cases = [
            (ValueError("v"), "UNEXPECTED_ERROR"),
            (RuntimeError("bad \ud800 text"), "UNEXPECTED_ERROR"),
            (SystemExit(3), "UNEXPECTED_ERROR"),
            (violation, "CAPABILITY_VIOLATION"),
        ]
        for number, (error, code) in enumerate(cases, 1):
            done = self.turn(fail(error), number=number)
            self.assertEqual((done.status, done.error["code"]), ("error", code), error)
            self.assert_recorded("error", code, number)
        with self.assertRaises(KeyboardInterrupt):
            self.turn(fail(KeyboardInterrupt()), number=5)
        self.assert_recorded("error", "UNEXPECTED_ERROR", 5)
        self.assertEqual(self.turn(lambda r: "fine", number=6).status, "ok")
        self.assert_recorded("ok", "", 6)

    def test_results_without_a_json_form(self) -> None:
        for number, value in enumerate((float("nan"), {1, 2}, object(), "\ud800"), 1):
            self.assertEqual(self.code(lambda r: value, number=number), "INVALID_RESULT")
            self.assert_recorded("error", "INVALID_RESULT", number)

    def test_a_record_that_cannot_be_written_fails_the_turn(self) -> None:
        self.turn(lambda r: 1)
        with open(self.ledgers()[1], "ab") as stream:
            stream.write(b"garbage\n")
        done = self.turn(lambda r: 2, number=2)
        self.assertEqual(done.error["code"], "LEDGER_UNAVAILABLE")
        self.assertEqual(done.error["details"]["reason"], "LEDGER_DAMAGED")

    def test_a_turn_inside_a_turn(self) -> None:
        runner = AgentRunner(PACKAGE, root=self.root)

        def handler(request):  # type: ignore[no-untyped-def]
            return runner.execute_turn(TurnRequest("SES-2", 1, "q"), lambda r: 1).error["code"]

        self.assertEqual(self.turn(handler).result, "TURN_IN_TURN")
        self.assertFalse((self.root / "output" / "SES-2").exists())


class Loading(RunnerCase):
    def test_package_ids_cannot_escape(self) -> None:
        for package in ("../modules/x", "PKG-../A", "PKG-A\n", "pkg-a", "", ".", "PKG-A/B", None):
            with self.subTest(package=package), self.assertRaises(ValueError):
                AgentRunner(package, root=self.root)  # type: ignore[arg-type]

    def test_a_package_that_is_not_installed(self) -> None:
        with self.assertRaises(PackageNotFoundError) as caught:
            AgentRunner("PKG-NONE-001", root=self.root)
        expected = [str(self.root / "installed" / "PKG-NONE-001" / "manifest.json")]
        self.assertEqual(caught.exception.searched_paths, expected)

    def test_a_linked_or_foreign_manifest(self) -> None:
        (self.root / "installed" / "PKG-T3-LINK-001").symlink_to(self.root / "installed" / PACKAGE)
        with self.assertRaises(PackageNotFoundError):
            AgentRunner("PKG-T3-LINK-001", root=self.root)
        path = self.root / "installed" / PACKAGE / "manifest.json"
        for text in ('{"package_id": "PKG-T3-OTHER-001"}', "[]", "{", "\xff"):
            path.write_text(text, encoding="latin-1")
            with self.subTest(text=text), self.assertRaises(ValueError):
                AgentRunner(PACKAGE, root=self.root)

    def test_bad_capabilities_and_none(self) -> None:
        self.install({"read": "ledger/*"})
        with self.assertRaises(TypeError):
            AgentRunner(PACKAGE, root=self.root)
        self.install(None)
        self.assertEqual(self.code(lambda r: 1, outputs=[OUTPUT]), "CapabilityViolation")

    def test_the_root_is_the_plane_around_the_working_directory(self) -> None:
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        os.chdir(self.root / "docs" / "secret")
        self.assertEqual(Path(AgentRunner(PACKAGE).root), self.root)


class Record(RunnerCase):
    def test_a_handler_may_record_what_is_said(self) -> None:
        with Session(session_id=self.sid, root=self.root) as session:
            done = self.turn(lambda r: LedgerWriter(session).write_query(1, "hello")["event_type"])
        self.assertEqual((done.error, done.result), (None, "user_query"))
        kinds = [entry["event_type"] for entry in lines_of(self.ledgers()[0])]
        self.assertEqual(kinds, ["user_query", "agent_turn"])

    def test_long_evidence_is_recorded_by_digest(self) -> None:
        outputs = [{"path": f"output/<sid>/{n:04}.txt", "role": "x"} for n in range(500)]

        def handler(request, turn):  # type: ignore[no-untyped-def]
            for n in range(500):
                (turn.output_path / f"{n:04}.txt").write_text("x")

        done = self.turn(handler, outputs=outputs)
        self.assertEqual((done.error, len(done.evidence["declared_writes"])), (None, 500))
        stored = lines_of(self.ledgers()[1])[0]["metadata"]["declared_writes"]
        self.assertEqual(stored["by_digest"], hash_json(done.evidence["declared_writes"]))
        self.assertEqual(stored["items"], 500)

    def test_the_result_itself_is_not_in_the_ledger(self) -> None:
        self.turn(lambda r: "the-plain-result")
        for stream in self.ledgers():
            self.assertNotIn("the-plain-result", json.dumps(lines_of(stream)))


if __name__ == "__main__":
    unittest.main()
