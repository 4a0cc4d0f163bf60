"""What a turn wrote against what it declared; scratch, environment and threads."""

import os
import threading
import unittest

from modules.agent_runtime.ledger_read import verify_stream
from modules.agent_runtime.tests.turns import OUTPUT, RunnerCase, write_answer


class Surface(RunnerCase):
    def test_missing_and_undeclared_outputs(self) -> None:
        def other(request, turn):  # type: ignore[no-untyped-def]
            (turn.output_path / "b.txt").write_text("b")

        done = self.turn(other, outputs=[OUTPUT])
        self.assertEqual(done.error["code"], "WRITE_SURFACE_MISMATCH")
        details = done.error["details"]
        self.assertEqual(details["undeclared_writes"], [f"output/{self.sid}/b.txt"])
        self.assertEqual(details["missing_writes"], [f"output/{self.sid}/a.txt"])
        self.assert_recorded("error", "WRITE_SURFACE_MISMATCH")
        self.assertEqual(self.turn(write_answer, number=2, outputs=[OUTPUT]).error, None)

    def test_an_output_of_an_earlier_turn_may_not_vanish(self) -> None:
        self.turn(write_answer, outputs=[OUTPUT])
        done = self.turn(lambda r, turn: (turn.output_path / "a.txt").unlink(), number=2)
        self.assertEqual(done.error["details"]["removed_paths"], [f"output/{self.sid}/a.txt"])

    def test_declared_output_elsewhere_in_the_plane(self) -> None:
        def report(request, turn):  # type: ignore[no-untyped-def]
            draft = turn.tmp_path / "draft"
            draft.write_text("{}")
            os.replace(draft, turn.root / "reports" / "x.json")

        self.assertEqual(self.turn(report, outputs=[{"path": "reports/x.json", "role": "r"}]).error, None)
        self.assertEqual(self.code(report, number=2), "CAPABILITY_VIOLATION")

    def test_forgotten_scratch_does_not_poison_later_turns(self) -> None:
        def messy(request, turn):  # type: ignore[no-untyped-def]
            (turn.tmp_path / "deep").mkdir()
            (turn.tmp_path / "deep" / "x").write_text("x")

        done = self.turn(messy)
        self.assertEqual((done.status, done.evidence["scratch_left"]), ("ok", [f"tmp/{self.sid}/deep/x"]))
        self.assertEqual(os.listdir(self.root / "tmp" / self.sid), [])
        (self.root / "tmp" / self.sid / "of-a-killed-turn").write_text("x")
        done = self.turn(write_answer, number=2, outputs=[OUTPUT])
        self.assertEqual((done.status, done.evidence["leftovers"]), ("ok", [f"tmp/{self.sid}/of-a-killed-turn"]))
        self.assertNotIn("leftovers", self.turn(lambda r: 1, number=3).evidence)

    def test_the_process_environment_is_left_alone(self) -> None:
        os.environ["HOLDFAST_TOKEN"] = "secret"
        self.addCleanup(os.environ.pop, "HOLDFAST_TOKEN")
        before = dict(os.environ)
        seen = {}

        def look(request, turn):  # type: ignore[no-untyped-def]
            seen.update(turn.env)
            return dict(os.environ) == before

        self.assertIs(self.turn(look).result, True)
        self.assertEqual(seen["TMPDIR"], str(self.root / "tmp" / self.sid))
        self.assertEqual(seen["PYTHONDONTWRITEBYTECODE"], "1")
        self.assertNotIn("HOLDFAST_TOKEN", seen)
        self.assertEqual(dict(os.environ), before)

    def test_sessions_in_parallel_threads(self) -> None:
        barrier = threading.Barrier(4)
        results = {}

        def work(index: int) -> None:
            sid = f"SES-{index}"
            report = {"path": f"reports/{index}.json", "role": "r"}

            def handler(request, turn):  # type: ignore[no-untyped-def]
                barrier.wait(10)
                (turn.root / "reports" / f"{index}.json").write_text(turn.env["TMPDIR"])
                write_answer(request, turn)
                barrier.wait(10)
                return turn.env["TMPDIR"]

            for number in (1, 2):
                results[index, number] = self.turn(handler, number=number, outputs=[OUTPUT, report], sid=sid)

        threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), 8)
        for (index, _), done in results.items():
            self.assertEqual((done.error, done.result), (None, str(self.root / "tmp" / f"SES-{index}")))
        for index in range(4):
            for stream in self.ledgers(f"SES-{index}"):
                self.assertEqual(verify_stream(stream), {"valid": True, "entries": 2})

    def test_turns_of_one_session_take_their_turn(self) -> None:
        inside = []

        def handler(request):  # type: ignore[no-untyped-def]
            inside.append(1)
            count = len(inside)
            threading.Event().wait(0.02)
            inside.pop()
            return count

        results = []
        threads = [
            threading.Thread(target=lambda number: results.append(self.turn(handler, number).result), args=(number,))
            for number in range(1, 6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [1] * 5)
        self.assertEqual(verify_stream(self.ledgers()[0])["entries"], 5)


if __name__ == "__main__":
    unittest.main()
