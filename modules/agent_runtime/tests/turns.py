"""Runs turns of the installed test package and looks at the record they leave."""

from modules.agent_runtime import AgentRunner, Session, TurnRequest
from modules.agent_runtime.ledger_read import verify_stream
from modules.agent_runtime.tests.planes import PACKAGE, PlaneCase, lines_of

OUTPUT = {"path": "output/<session_id>/a.txt", "role": "answer"}


class RunnerCase(PlaneCase):
    sid = "SES-20261121-00000001"

    def turn(self, handler, number=1, outputs=(), sid=None, **fields):  # type: ignore[no-untyped-def]
        request = TurnRequest(sid or self.sid, number, "query", declared_outputs=list(outputs), **fields)
        return AgentRunner(PACKAGE, root=self.root).execute_turn(request, handler)

    def ledgers(self, sid=None):  # type: ignore[no-untyped-def]
        session = Session(session_id=sid or self.sid, root=self.root)
        return session.exec_ledger_path, session.evidence_ledger_path

    def code(self, handler, **options):  # type: ignore[no-untyped-def]
        return (self.turn(handler, **options).error or {}).get("code")

    def assert_recorded(self, status: str, reason: str, turns: int = 1) -> None:
        for stream, kind in zip(self.ledgers(), ("agent_turn", "turn_evidence")):
            entries = [entry for entry in lines_of(stream) if entry["event_type"] == kind]
            self.assertEqual(len(entries), turns)
            self.assertEqual((entries[-1]["decision"], entries[-1]["reason"]), (status, reason))
            self.assertTrue(verify_stream(stream)["valid"])


def write_answer(request, turn):  # type: ignore[no-untyped-def]
    (turn.output_path / "a.txt").write_text("answer")
    return {"done": True}
